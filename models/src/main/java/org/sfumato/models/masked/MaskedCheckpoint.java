package org.sfumato.models.masked;

import java.io.IOException;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.nn.Parameters;
import org.sfumato.nn.checkpoint.RecordJson;
import org.sfumato.nn.checkpoint.Snapshot;
import org.sfumato.nn.checkpoint.Stored;
import org.sfumato.tensor.Scope;
import org.sfumato.tokenizers.Tokenizer;
import org.sfumato.tokenizers.Tokenizers;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// Masked predictors in checkpoints: what is written beside the weights, and back.
///
/// `config.json` holds `kind`, the recipe with the network's configuration, the process and the tokenizer with its
/// vocabulary, so that a checkpoint is all that is needed to write text.
public final class MaskedCheckpoint {
    private static final String KIND = "masked-diffusion";

    private MaskedCheckpoint() { }

    /// Everything that `trainer` needs to go on later, and a user to write text.
    ///
    /// @param progress what else belongs to the run
    public static Snapshot of(MaskedTrainer trainer, Tokenizer tokenizer, ObjectNode progress) {
        var config = JsonNodeFactory.instance.objectNode();
        config.put("kind", KIND);
        config.set("training", RecordJson.write(trainer.config()));
        config.set("process", RecordJson.write(trainer.process()));
        config.set("tokenizer", JsonMapper.shared().readTree(tokenizer.toJson()));
        progress.put("total", trainer.total());
        return new Snapshot(trainer.steps(), config, trainer.parameters(), trainer.optimizerState(), trainer.averages(),
                progress);
    }

    /// The recipe of a stored run.
    ///
    /// @throws IllegalArgumentException if the checkpoint is of another kind
    public static TrainingConfig config(Stored stored) {
        return RecordJson.read(TrainingConfig.class, part(stored, "training"));
    }

    /// The tokenizer of a stored run.
    ///
    /// @throws IllegalArgumentException if the checkpoint is of another kind
    public static Tokenizer tokenizer(Stored stored) {
        return Tokenizers.fromJson(part(stored, "tokenizer").toString());
    }

    /// The model, for use, in the current scope: the averaged weights where there are some.
    ///
    /// @throws IOException if the weights cannot be read
    /// @throws IllegalArgumentException if they do not fit the configuration
    public static MaskedDiffusion load(Stored stored) throws IOException {
        var config = config(stored);
        var network = Transformer.zero(config.model());
        try (var scope = Scope.open("load")) {
            var average = io(scope, stored::average);
            Parameters.load(network.parameters(), average.isEmpty() ? io(scope, stored::weights) : average);
        }
        var process = RecordJson.read(MaskedProcess.class, part(stored, "process"));
        return new MaskedDiffusion(network, process, tokenizer(stored), config.model().length());
    }

    /// Puts `trainer`, made by the same recipe, where the stored run stood.
    ///
    /// @throws IOException if a file cannot be read or does not fit
    public static void restore(MaskedTrainer trainer, Stored stored) throws IOException {
        stored.restore(trainer.parameters(), trainer.optimizerState(), trainer.averages());
        trainer.resume(stored.step(), stored.progress().path("total").asLong());
    }

    private static ObjectNode part(Stored stored, String name) {
        var config = stored.config();
        if (!KIND.equals(config.path("kind").asString("")) || !(config.get(name) instanceof ObjectNode part)) {
            throw new IllegalArgumentException("checkpoint: " + stored.path() + " is of kind '"
                    + config.path("kind").asString("unknown") + "', not " + KIND);
        }
        return part;
    }

    /// Something that reads files.
    private interface Reading<T> {
        T get() throws IOException;
    }

    private static <T> T io(Scope scope, Reading<T> reading) throws IOException {
        try {
            return scope.call(() -> {
                try {
                    return reading.get();
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
        } catch (java.io.UncheckedIOException e) {
            throw e.getCause();
        }
    }
}
