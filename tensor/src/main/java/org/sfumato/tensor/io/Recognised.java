package org.sfumato.tensor.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/// What a file of tensors is, by its content, and a folder, by the names that the Hugging Face hub gives.
final class Recognised {
    static final String SAFETENSORS = "model.safetensors";
    static final String SAFETENSORS_INDEX = "model.safetensors.index.json";

    /// In this order `transformers` looks for weights.
    private static final List<String> NAMES = List.of(SAFETENSORS, SAFETENSORS_INDEX, "pytorch_model.bin",
            "pytorch_model.bin.index.json");
    private static final List<String> SUFFIXES = List.of(".safetensors", ".gguf", ".pt", ".pth", ".bin");
    private static final String FORMAT = "file of tensors";
    private static final int HEAD = 64;

    private Recognised() { }

    static TensorFile open(Path path) throws IOException {
        if (!Files.exists(path)) {
            throw new NoSuchFileException(path.toString());
        }
        var file = Files.isDirectory(path) ? inside(path) : path;
        var head = head(file);
        boolean text = head.stripLeading().startsWith("{") && head.indexOf('\0') < 0;     // a length holds zeros
        return text ? Shards.open(file) : openFile(file);
    }

    /// The one file of `folder` that holds its tensors, or their index.
    private static Path inside(Path folder) throws IOException {
        for (var name : NAMES) {
            if (Files.exists(folder.resolve(name))) {
                return folder.resolve(name);
            }
        }
        for (var suffix : SUFFIXES) {
            var found = new ArrayList<Path>();
            try (var files = Files.newDirectoryStream(folder, file -> file.toString().endsWith(suffix))) {
                files.forEach(found::add);
            }
            if (found.size() > 1) {
                throw new FormatException(FORMAT, folder, "it has " + found.size() + " " + suffix
                        + " files and no index\nhint: name the file to open");
            }
            if (found.size() == 1) {
                return found.getFirst();
            }
        }
        throw new FormatException(FORMAT, folder, "the folder has no tensors\nhint: it should have one of " + NAMES
                + ", or one file that ends in one of " + SUFFIXES);
    }

    /// Opens a file that is no index.
    static TensorFile openFile(Path file) throws IOException {
        var head = head(file);
        long size = Files.size(file);
        if (head.startsWith("GGUF") || head.startsWith("FUGG")) {
            return Gguf.open(file);
        }
        if (head.startsWith("PK\3\4") || head.startsWith("PK\5\6")) {
            return TorchArchive.open(file);
        }
        if (isSafetensors(head, size)) {
            return Safetensors.open(file);
        }
        if (Llama2Bin.recognises(bytes(head), size)) {
            return Llama2Bin.open(file);
        }
        throw new FormatException(FORMAT, file, looks(head, size)
                + "\nhint: safetensors, an index of shards, PyTorch's zip, GGUF and llama2.c's .bin are read");
    }

    /// A length of at most what the format allows, and a JSON object.
    private static boolean isSafetensors(String head, long size) {
        if (head.length() <= Long.BYTES) {
            return false;
        }
        long length = bytes(head).getLong();
        return length >= 0 && length <= Math.max(SafetensorsHeader.LONGEST, size)
                && head.substring(Long.BYTES).stripLeading().startsWith("{");
    }

    private static ByteBuffer bytes(String head) {
        return ByteBuffer.wrap(head.getBytes(StandardCharsets.ISO_8859_1)).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static String looks(String head, long size) {
        if (size == 0) {
            return "it is empty";
        }
        if (head.startsWith("version https://git-lfs")) {
            return "it is a pointer of Git LFS, not the file itself\nhint: git lfs pull, or download the file";
        }
        if (head.startsWith("\u0080") && head.length() > 1 && head.charAt(1) <= 5) {
            return "it is a pickle: an old PyTorch file, from before 1.6, or no PyTorch file at all\nhint: in PyTorch, "
                    + "torch.save(torch.load(path, weights_only=True), path) makes it one that can be read";
        }
        if (head.startsWith("\u0093NUMPY")) {
            return "it is one array of NumPy\nhint: Npy.read";
        }
        if (head.startsWith("\u0089HDF")) {
            return "it is HDF5, of TensorFlow or Keras";
        }
        if (head.stripLeading().startsWith("<")) {
            return "it is a web page or XML: the download has failed";
        }
        var first = head.substring(0, Math.min(8, head.length())).getBytes(StandardCharsets.ISO_8859_1);
        return "it is no file of tensors: it begins with " + HexFormat.ofDelimiter(" ").formatHex(first);
    }

    /// The first bytes, as characters of the same number.
    private static String head(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new FormatException(FORMAT, file, "it is no regular file");
        }
        var bytes = ByteBuffer.allocate(HEAD);
        try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
            while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
                // goes on until the buffer is full or the file ends
            }
        }
        return new String(bytes.array(), 0, bytes.position(), StandardCharsets.ISO_8859_1);
    }
}
