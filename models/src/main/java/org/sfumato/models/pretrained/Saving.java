package org.sfumato.models.pretrained;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.Map;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.io.FormatException;
import org.sfumato.tensor.io.Safetensors;
import org.sfumato.tensor.io.TensorFile;

/// Networks written as folders of the hub, the way back from [Pretrained]: what this library holds in one matrix is
/// taken apart under the names of the family.
public final class Saving {
    private Saving() { }

    /// Writes `network` to `folder` with the configuration and under the names of `like`, the folder that it was loaded
    /// from: `config.json` and `model.safetensors` in f32, and its tokenizer's files beside them.
    ///
    /// @throws IllegalArgumentException if the network is not of that configuration, or its matrices are not dense
    /// @throws FormatException if `like` is no folder of a known family
    /// @throws IOException if a file cannot be read or written
    public static void save(Transformer network, Path like, Path folder) throws IOException {
        if (!Files.isDirectory(like)) {
            throw new IllegalArgumentException("saving: " + like + " is no folder of a network of the hub");
        }
        var described = Described.at(like);
        if (!described.config().equals(network.config())) {
            throw new IllegalArgumentException("saving: the network is not one of " + like + "\n" + network.config()
                    + "\n" + described.config());
        }
        Files.createDirectories(folder);
        try (var file = TensorFile.open(like); var scope = Scope.open("saving")) {
            var tensors = new LinkedHashMap<String, Tensor>();
            var sources = Pretrained.sources(described.family(), described.config(), file.names());
            for (var e : network.parameters().entrySet()) {
                var source = sources.get(e.getKey());
                if (source == null) {
                    throw new IllegalArgumentException("saving: " + e.getKey() + " has no name in a " + described
                            .family().modelTypes().getFirst());
                }
                scope.run(() -> apart(source, e.getValue(), file, tensors));
            }
            Safetensors.write(folder.resolve("model.safetensors"), tensors, Map.of("format", "pt"));
        }
        for (var name : new String[] {"config.json", "generation_config.json", "tokenizer.json",
            "tokenizer_config.json", "tokenizer.model", "vocab.json", "merges.txt", "special_tokens_map.json"}) {
            if (Files.exists(like.resolve(name))) {
                Files.copy(like.resolve(name), folder.resolve(name), StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }

    /// The tensors of a file that a parameter is made of.
    private static void apart(Source source, Tensor parameter, TensorFile file, Map<String, Tensor> to) {
        if (source.turned()) {
            to.put(source.names().getFirst(),
                    parameter.shape().rank() == 2 ? parameter.t().contiguous() : parameter);
            return;
        }
        long row = 0;
        for (var name : source.names()) {
            long rows = source.names().size() == 1 ? parameter.size(0) : file.shape(name).size(0);
            to.put(name, source.names().size() == 1 ? parameter : parameter.slice(0, row, row + rows).contiguous());
            row += rows;
        }
    }
}
