package org.sfumato.models.pretrained;

import java.util.List;
import java.util.Map;
import org.sfumato.models.transformer.TransformerConfig;
import org.sfumato.tensor.io.FormatException;

/// A family of networks on the hub: what its configuration means here, and one table of names.
sealed interface Family permits Bert, Gpt2, Llada, Llama, ModernBert {
    List<Family> ALL = List.of(new Bert(), new Gpt2(), new Llada(), new Llama(), new ModernBert());

    /// The values of `model_type`.
    List<String> modelTypes();

    /// What the configuration describes.
    TransformerConfig config(ConfigJson json) throws FormatException;

    /// Where each parameter comes from.
    Map<String, Source> sources(TransformerConfig config);

    /// What the names of the trunk begin with in a file that has a head too.
    String prefix();

    /// True for tensors that files of this family may hold and the network does not read.
    boolean isKnownUnused(String name);

    /// The family of a configuration.
    static Family of(ConfigJson json) throws FormatException {
        var type = json.text("model_type", "");
        for (var family : ALL) {
            if (family.modelTypes().contains(type)) {
                return family;
            }
        }
        throw new FormatException("pretrained", json.file(), "model_type is \"" + type + "\"\nhint: known are "
                + String.join(", ", ALL.stream().flatMap(family -> family.modelTypes().stream()).toList()));
    }
}
