package org.sfumato.tensor.io;

import java.io.IOException;
import java.nio.file.Path;

/// PyTorch's archive, a zip file with a pickle and the bytes of tensors: recognised only.
final class TorchArchive {
    private TorchArchive() { }

    static TensorFile open(Path path) throws IOException {
        throw new FormatException("pytorch", path, "archives of PyTorch are not read");
    }
}
