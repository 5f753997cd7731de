package org.sfumato.models.pretrained;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.transformer.TransformerConfig;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.io.FormatException;
import org.sfumato.tensor.io.TensorFile;

/// Networks from folders as downloaded from the Hugging Face hub: `config.json` beside weights in any format that
/// [TensorFile] knows. A single file will do where it carries its configuration: llama2.c's `.bin`.
///
/// ```java
/// var bert = Pretrained.load(Path.of("bert-base-uncased"));
/// var logits = bert.forward(Tensor.of(ids, 1, ids.length), Pass.INFERENCE);
/// ```
///
/// The families are `bert`, `gpt2`, `llama`, `mistral`, `qwen2`, `Dream`, `llada` and `modernbert`, by the `model_type`
/// of the configuration. Weights are computed with as f32, whatever they are stored as.
public final class Pretrained {
    private Pretrained() { }

    /// The network that `config.json` in the folder describes, or the metadata of the file.
    ///
    /// @throws FormatException if the file is damaged, the family is unknown, or a setting of it is not supported
    /// @throws IOException if it cannot be read
    public static TransformerConfig config(Path folderOrFile) throws IOException {
        return Described.at(folderOrFile).config();
    }

    /// The network in the folder or file, in the current scope.
    ///
    /// @throws FormatException as [#config], or if a tensor is missing, unexpected or of another shape; all are named,
    ///     and nothing is kept
    /// @throws IOException if a file cannot be read
    public static Transformer load(Path folderOrFile) throws IOException {
        var described = Described.at(folderOrFile);                     // whatever is wrong with it comes first
        var family = described.family();
        try (var file = TensorFile.open(folderOrFile)) {
            var sources = sources(family, described.config(), file.names());
            var network = Transformer.zero(described.config());
            try {
                fill(network, sources, file, folderOrFile, family);
                return network;
            } catch (IOException | RuntimeException | Error e) {
                network.parameters().values().forEach(Tensor::close);
                throw e;
            }
        }
    }

    /// The table of the family, with the prefix that this file uses: the names of a network saved without its head
    /// lack it.
    private static Map<String, Source> sources(Family family, TransformerConfig config, List<String> names) {
        boolean bare = names.stream().noneMatch(name -> name.startsWith(family.prefix()));
        var sources = new LinkedHashMap<String, Source>();
        family.sources(config).forEach((name, source) -> sources.put(name, source.rename(
                from -> bare && from.startsWith(family.prefix()) ? from.substring(family.prefix().length()) : from)));
        return sources;
    }

    private static void fill(Transformer network, Map<String, Source> sources, TensorFile file, Path folder,
            Family family) throws IOException {
        var problems = new Problems();
        var left = new HashSet<>(file.names());
        for (var e : network.parameters().entrySet()) {
            var source = sources.get(e.getKey());
            if (source == null) {
                throw new IllegalStateException("pretrained: no source of " + e.getKey() + " in " + family);
            }
            for (var name : source.names()) {
                if (!left.remove(name)) {
                    problems.add("missing: " + name);
                }
            }
            if (file.names().containsAll(source.names())) {
                var shape = source.shape(file);
                if (!shape.equals(e.getValue().shape())) {
                    problems.add("differs: " + String.join(" + ", source.names()) + " makes " + shape + ", needed "
                            + e.getValue().shape());
                }
            }
        }
        left.stream().filter(name -> !family.isKnownUnused(name)).sorted()
                .forEach(name -> problems.add("unexpected: " + name + " " + file.shape(name)));
        problems.raise("pretrained", folder, "the weights do not fit the configuration of a "
                + family.modelTypes().getFirst());
        for (var e : network.parameters().entrySet()) {
            try (var scope = Scope.open("weight")) {
                var value = sources.get(e.getKey()).read(file);
                scope.run(() -> e.getValue().assign(value));
                value.close();
            }
        }
    }
}
