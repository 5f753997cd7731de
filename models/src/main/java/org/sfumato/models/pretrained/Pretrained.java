package org.sfumato.models.pretrained;

import java.io.IOException;
import java.io.UncheckedIOException;
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
import org.sfumato.tensor.quantised.WeightFormat;

/// Networks from folders as downloaded from the Hugging Face hub: `config.json` beside weights in any format that
/// [TensorFile] knows. A single file will do where it carries its configuration: llama2.c's `.bin`.
///
/// ```java
/// var bert = Pretrained.load(Path.of("bert-base-uncased"));
/// var logits = bert.forward(Tensor.of(ids, 1, ids.length), Pass.INFERENCE);
/// ```
///
/// The families are `bert`, `gpt2`, `llama`, `mistral`, `qwen2`, `Dream`, `llada` and `modernbert`, by the `model_type`
/// of the configuration. Weights are computed with as f32, whatever they are stored as; [#load(Path, WeightFormat)]
/// keeps the matrices in fewer bits.
public final class Pretrained {
    private Pretrained() { }

    /// The network that `config.json` in the folder describes, or the metadata of the file.
    ///
    /// @throws FormatException if the file is damaged, the family is unknown, or a setting of it is not supported
    /// @throws IOException if it cannot be read
    public static TransformerConfig config(Path folderOrFile) throws IOException {
        return Described.at(folderOrFile).config();
    }

    /// The network in the folder or file, in the current scope. Matrices that are stored as f32, as they are needed and
    /// side by side, stay where they lie in the file: [TensorFile#mapped] says what that means for the file.
    ///
    /// @throws FormatException as [#config], or if a tensor is missing, unexpected or of another shape; all are named,
    ///     and nothing is kept
    /// @throws IOException if a file cannot be read
    public static Transformer load(Path folderOrFile) throws IOException {
        return load(folderOrFile, Weights.F32);
    }

    /// The network in the folder or file, in the current scope, its linear layers frozen in `format`. Each matrix is
    /// converted as it is read. The token table stays f32; in [WeightFormat#BF16] it is bf16, and a head tied to it
    /// shares it.
    ///
    /// @throws FormatException as [#load(Path)]
    /// @throws IOException if a file cannot be read
    public static Transformer load(Path folderOrFile, WeightFormat format) throws IOException {
        return load(folderOrFile, Weights.in(format));
    }

    private static Transformer load(Path folderOrFile, Weights weights) throws IOException {
        var described = Described.at(folderOrFile);                     // whatever is wrong with it comes first
        var family = described.family();
        try (var file = TensorFile.open(folderOrFile); var scope = Scope.open("pretrained")) {
            var sources = sources(family, described.config(), file.names());
            return scope.call(() -> {
                var outline = Transformer.outline(described.config());
                check(outline, sources, file, folderOrFile, family);
                var network = new Filling(file, sources, weights).of(outline);
                network.parameters().values().forEach(Tensor::keep);
                return network;
            });
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    /// The table of the family, with the prefix that this file uses: the names of a network saved without its head
    /// lack it.
    static Map<String, Source> sources(Family family, TransformerConfig config, List<String> names) {
        boolean bare = names.stream().noneMatch(name -> name.startsWith(family.prefix()));
        var sources = new LinkedHashMap<String, Source>();
        family.sources(config).forEach((name, source) -> sources.put(name, source.rename(
                from -> bare && from.startsWith(family.prefix()) ? from.substring(family.prefix().length()) : from)));
        return sources;
    }

    private static void check(Transformer network, Map<String, Source> sources, TensorFile file, Path folder,
            Family family) {
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
        try {
            problems.raise("pretrained", folder, "the weights do not fit the configuration of a "
                    + family.modelTypes().getFirst());
        } catch (FormatException e) {
            throw new UncheckedIOException(e);
        }
    }
}
