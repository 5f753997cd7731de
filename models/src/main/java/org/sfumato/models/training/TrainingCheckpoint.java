package org.sfumato.models.training;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.sfumato.models.diffusion.Objective;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.nn.Parameters;
import org.sfumato.nn.checkpoint.RecordJson;
import org.sfumato.nn.checkpoint.Snapshot;
import org.sfumato.nn.checkpoint.Stored;
import org.sfumato.tensor.Precision;
import org.sfumato.tensor.Scope;
import org.sfumato.tokenizers.Tokenizer;
import org.sfumato.tokenizers.Tokenizers;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// Trainings in checkpoints: what is written beside the weights, and back.
///
/// `config.json` holds the recipe with the network's configuration, the objective by its name and settings, and the
/// tokenizer with its vocabulary, so that a checkpoint is all that is needed to write text.
public final class TrainingCheckpoint {
    private static final String KIND = "training";

    private TrainingCheckpoint() { }

    /// Everything that `trainer` needs to go on later, and a user to write text.
    ///
    /// @param progress what else belongs to the run
    /// @throws IllegalArgumentException if the objective is not one of this library's, which alone can be read again
    public static Snapshot of(Trainer trainer, Tokenizer tokenizer, ObjectNode progress) {
        return of(trainer, trainer.objective(), tokenizer, progress);
    }

    /// The same as a model of `objective`, for a training whose own one is not to be read again.
    static Snapshot of(Trainer trainer, Objective<? super Transformer> objective, Tokenizer tokenizer,
            ObjectNode progress) {
        var config = JsonNodeFactory.instance.objectNode();
        config.put("kind", KIND);
        config.set("training", RecordJson.write(trainer.config()));
        config.set("objective", ObjectiveJson.write(objective));
        config.set("tokenizer", JsonMapper.shared().readTree(tokenizer.toJson()));
        progress.put("total", trainer.total());
        return new Snapshot(trainer.steps(), config, trainer.parameters(), trainer.optimizerState(), trainer.averages(),
                progress);
    }

    /// The recipe of a stored run.
    ///
    /// @throws IllegalArgumentException if the checkpoint is of no training
    public static TrainingConfig config(Stored stored) {
        return RecordJson.read(TrainingConfig.class, recipe(part(stored, "training")));
    }

    /// What a stored run minimises.
    ///
    /// @throws IllegalArgumentException if the checkpoint is of no training, or of an unknown objective
    public static Objective<? super Transformer> objective(Stored stored) {
        return ObjectiveJson.read(part(stored, "objective"));
    }

    /// The tokenizer of a stored run.
    ///
    /// @throws IllegalArgumentException if the checkpoint is of no training
    public static Tokenizer tokenizer(Stored stored) {
        return Tokenizers.fromJson(part(stored, "tokenizer").toString());
    }

    /// The model, for use, in the current scope: the averaged weights where there are some.
    ///
    /// @throws IOException if the weights cannot be read
    /// @throws IllegalArgumentException if they do not fit the configuration
    public static Trained load(Stored stored) throws IOException {
        var config = config(stored);
        var objective = objective(stored);
        var network = Transformer.zero(config.model());
        try (var scope = Scope.open("load")) {
            var average = io(scope, stored::average);
            Parameters.load(network.parameters(), average.isEmpty() ? io(scope, stored::weights) : average);
        }
        return new Trained(config, objective, network, tokenizer(stored));
    }

    /// Puts `trainer`, made by the same recipe, where the stored run stood.
    ///
    /// @throws IOException if a file cannot be read or does not fit
    public static void restore(Trainer trainer, Stored stored) throws IOException {
        stored.restore(trainer.parameters(), trainer.optimizerState(), trainer.averages());
        trainer.resume(stored.step(), stored.progress().path("total").asLong());
    }

    /// A stored recipe; those from before there was a choice of precision are of f32.
    static JsonNode recipe(JsonNode recipe) {
        return recipe instanceof ObjectNode fields && !fields.has("precision")
                ? fields.deepCopy().put("precision", Precision.F32.name()) : recipe;
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
                    throw new UncheckedIOException(e);
                }
            });
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }
}
