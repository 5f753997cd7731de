package org.sfumato.models.training;

import java.io.IOException;
import java.util.Map;
import org.sfumato.models.gist.GistAutoencoder;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.transformer.TransformerConfig;
import org.sfumato.nn.Parameters;
import org.sfumato.nn.checkpoint.RecordJson;
import org.sfumato.nn.checkpoint.Snapshot;
import org.sfumato.nn.checkpoint.Stored;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tokenizers.Tokenizer;
import org.sfumato.tokenizers.Tokenizers;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// Trainings of gist autoencoders in checkpoints: the recipe, the network's settings and the tokenizer in
/// `config.json`, the weights of encoder and decoder beside it, so that nothing else is needed.
public final class GistCheckpoint {
    private static final String KIND = "gist";

    private GistCheckpoint() { }

    /// Everything that `trainer` needs to go on later, and a user to encode and write text.
    ///
    /// @param progress what else belongs to the run
    public static Snapshot of(GistTrainer trainer, Tokenizer tokenizer, ObjectNode progress) {
        var config = JsonNodeFactory.instance.objectNode();
        config.put("kind", KIND);
        config.set("training", RecordJson.write(trainer.config()));
        config.set("network", RecordJson.write(trainer.autoencoder().decoder().config()));
        config.set("tokenizer", JsonMapper.shared().readTree(tokenizer.toJson()));
        progress.put("total", trainer.total());
        return new Snapshot(trainer.steps(), config, trainer.autoencoder().parameters(), trainer.optimizerState(),
                Map.of(), progress);
    }

    /// True if a stored run is of this kind.
    public static boolean isGist(Stored stored) {
        return KIND.equals(stored.config().path("kind").asString(""));
    }

    /// The recipe of a stored run.
    ///
    /// @throws IllegalArgumentException if the checkpoint is of another kind
    public static GistTrainingConfig config(Stored stored) {
        return RecordJson.read(GistTrainingConfig.class, TrainingCheckpoint.recipe(part(stored, "training")));
    }

    /// The tokenizer of a stored run.
    ///
    /// @throws IllegalArgumentException if the checkpoint is of another kind
    public static Tokenizer tokenizer(Stored stored) {
        return Tokenizers.fromJson(part(stored, "tokenizer").toString());
    }

    /// The autoencoder, for use, in the current scope.
    ///
    /// @throws IOException if the weights cannot be read
    /// @throws IllegalArgumentException if they do not fit the configuration
    public static GistAutoencoder load(Stored stored) throws IOException {
        var network = RecordJson.read(TransformerConfig.class, part(stored, "network"));
        var loaded = GistTrainer.init(config(stored), Transformer.zero(network), Transformer.zero(network), Rng.of(0));
        try (var scope = Scope.open("load")) {
            var weights = stored.weights();
            scope.run(() -> Parameters.load(loaded.parameters(), weights));
            weights.values().forEach(org.sfumato.tensor.Tensor::close);
        }
        return loaded;
    }

    /// Puts `trainer`, made by the same recipe, where the stored run stood.
    ///
    /// @throws IOException if a file cannot be read or does not fit
    public static void restore(GistTrainer trainer, Stored stored) throws IOException {
        stored.restore(trainer.autoencoder().parameters(), trainer.optimizerState(), Map.of());
        trainer.resume(stored.step(), stored.progress().path("total").asLong());
    }

    private static ObjectNode part(Stored stored, String name) {
        if (!isGist(stored) || !(stored.config().get(name) instanceof ObjectNode part)) {
            throw new IllegalArgumentException("checkpoint: " + stored.path() + " is of kind '"
                    + stored.config().path("kind").asString("unknown") + "', not " + KIND
                    + "\nhint: name a folder that sfumato train gist has written");
        }
        return part;
    }
}
