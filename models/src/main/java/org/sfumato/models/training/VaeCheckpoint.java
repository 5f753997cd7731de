package org.sfumato.models.training;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.vae.AdaVae;
import org.sfumato.models.vae.LoraVae;
import org.sfumato.models.vae.PooledVae;
import org.sfumato.models.vae.ScratchVae;
import org.sfumato.models.vae.TextVae;
import org.sfumato.models.vae.VaeConfig;
import org.sfumato.nn.Parameters;
import org.sfumato.nn.checkpoint.Snapshot;
import org.sfumato.nn.checkpoint.Stored;
import org.sfumato.nn.lora.Place;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tokenizers.Tokenizer;
import org.sfumato.tokenizers.Tokenizers;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// Trainings of autoencoders in checkpoints. `config.json` holds the recipe, the tokenizer, and where the frozen
/// language model lies, if there is one: its weights are not copied.
public final class VaeCheckpoint {
    private static final String KIND = "vae";
    private static final String BASE = "base";

    /// The frozen language model that an autoencoder stands on.
    ///
    /// @param network causal
    /// @param places where low-rank updates can stand, by the names of its files
    public record Base(Transformer network, List<Place> places) { }

    private VaeCheckpoint() { }

    /// A fresh autoencoder in the current scope.
    ///
    /// @param base empty for one from scratch
    /// @throws IllegalArgumentException if there is no base and one is needed, or it does not do
    public static TextVae init(VaeConfig config, Optional<Base> base, Rng rng) {
        return switch (config) {
            case VaeConfig.Scratch scratch -> ScratchVae.init(scratch, rng);
            case VaeConfig.Lora lora -> LoraVae.init(lora, required(base).network, required(base).places, rng);
            case VaeConfig.Pooled pooled ->
                PooledVae.init(pooled, required(base).network, required(base).places, rng);
            case VaeConfig.Ada ada -> AdaVae.init(ada, required(base).network, rng);
        };
    }

    private static Base required(Optional<Base> base) {
        return base.orElseThrow(() -> new IllegalArgumentException("vae: this kind stands on a language model"
                + "\nhint: --model DIR"));
    }

    /// Everything that `trainer` needs to go on later, and a user to encode and write text, but for the language model.
    ///
    /// @param base what [#base] is to say, or empty
    /// @param progress what else belongs to the run
    public static Snapshot of(VaeTrainer trainer, Tokenizer tokenizer, Optional<ObjectNode> base,
            ObjectNode progress) {
        var config = JsonNodeFactory.instance.objectNode();
        config.put("kind", KIND);
        config.set("training", VaeJson.write(trainer.config()));
        config.set("tokenizer", JsonMapper.shared().readTree(tokenizer.toJson()));
        base.ifPresent(node -> config.set(BASE, node));
        progress.put("total", trainer.total());
        return new Snapshot(trainer.steps(), config, trainer.parameters(), trainer.optimizerState(),
                Map.of(), progress);
    }

    /// The recipe of a stored run.
    ///
    /// @throws IllegalArgumentException if the checkpoint is of no autoencoder
    public static VaeTrainingConfig config(Stored stored) {
        return VaeJson.read(part(stored, "training"));
    }

    /// What was said of the language model that a stored run stands on; empty if on none.
    ///
    /// @throws IllegalArgumentException if the checkpoint is of no autoencoder
    public static Optional<ObjectNode> base(Stored stored) {
        part(stored, "training");
        return Optional.ofNullable((ObjectNode) stored.config().get(BASE));
    }

    /// The tokenizer of a stored run.
    ///
    /// @throws IllegalArgumentException if the checkpoint is of no autoencoder
    public static Tokenizer tokenizer(Stored stored) {
        return Tokenizers.fromJson(part(stored, "tokenizer").toString());
    }

    /// The autoencoder, for use, in the current scope.
    ///
    /// @throws IOException if the weights cannot be read
    /// @throws IllegalArgumentException if they do not fit the configuration or the base
    public static TextVae load(Stored stored, Optional<Base> base) throws IOException {
        var vae = init(config(stored).model(), base, Rng.of(0));
        try (var scope = Scope.open("load")) {
            scope.run(() -> {
                try {
                    Parameters.load(vae.trained(), stored.weights());
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        return vae;
    }

    /// Puts `trainer`, made by the same recipe, where the stored run stood.
    ///
    /// @throws IOException if a file cannot be read or does not fit
    public static void restore(VaeTrainer trainer, Stored stored) throws IOException {
        stored.restore(trainer.parameters(), trainer.optimizerState(), Map.of());
        trainer.resume(stored.step(), stored.progress().path("total").asLong());
    }

    private static ObjectNode part(Stored stored, String name) {
        var config = stored.config();
        if (!KIND.equals(config.path("kind").asString("")) || !(config.get(name) instanceof ObjectNode part)) {
            throw new IllegalArgumentException("checkpoint: " + stored.path() + " is of kind '"
                    + config.path("kind").asString("unknown") + "', not " + KIND
                    + "\nhint: name a folder that sfumato train vae has written");
        }
        return part;
    }
}
