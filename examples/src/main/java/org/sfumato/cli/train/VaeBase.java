package org.sfumato.cli.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.LanguageModelOption;
import org.sfumato.models.pretrained.LanguageModel;
import org.sfumato.models.pretrained.Peft;
import org.sfumato.models.training.VaeCheckpoint;
import org.sfumato.nn.lora.Place;
import org.sfumato.tensor.quantised.WeightFormat;
import org.sfumato.tokenizers.Tokenizer;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// The language model that an autoencoder stands on: where it lies, so that a checkpoint can tell.
///
/// @param folder as of [LanguageModelOption]
/// @param tokenizer or `null`
/// @param weights or `null`
public record VaeBase(Path folder, Path tokenizer, WeightFormat weights) {
    /// The model, in memory.
    ///
    /// @param peft of a model of the hub
    public record Loaded(VaeCheckpoint.Base base, LanguageModel model, Optional<Peft> peft) {
        Tokenizer tokenizer() {
            return model.tokenizer().tokenizer();
        }

        /// The id that begins a text.
        int start() {
            var special = model.tokenizer().special();
            return special.bos().orElseGet(() -> special.eos().orElseGet(() ->
                    model.ends().stream().mapToInt(Integer::intValue).min().orElse(0)));
        }
    }

    /// What a checkpoint says.
    public static VaeBase of(ObjectNode node) {
        var weights = node.path("weights").asString("");
        var tokenizer = node.path("tokenizer").asString("");
        return new VaeBase(Path.of(node.path("path").asString("")), tokenizer.isEmpty() ? null : Path.of(tokenizer),
                weights.isEmpty() ? null : WeightFormat.valueOf(weights));
    }

    ObjectNode toJson() {
        var node = JsonNodeFactory.instance.objectNode().put("path", folder.toAbsolutePath().toString());
        if (tokenizer != null) {
            node.put("tokenizer", tokenizer.toAbsolutePath().toString());
        }
        return weights == null ? node : node.put("weights", weights.name());
    }

    /// The model, in the current scope.
    public Loaded load(Common common) throws IOException {
        var model = LanguageModelOption.of(folder, tokenizer, weights).load(common);
        boolean ofHub = !Files.isDirectory(folder.resolve("checkpoints"))
                && !Files.exists(folder.resolve("manifest.json"));
        var peft = ofHub ? Optional.of(Peft.of(folder, model.network())) : Optional.<Peft>empty();
        var places = peft.map(Peft::places).orElseGet(() -> Place.of(model.network()).stream()
                .filter(place -> !place.path().equals("head")).toList());
        return new Loaded(new VaeCheckpoint.Base(model.network(), places), model, peft);
    }
}
