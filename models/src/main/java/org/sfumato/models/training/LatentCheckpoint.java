package org.sfumato.models.training;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.sfumato.models.gaussian.DenoisingObjective;
import org.sfumato.models.gaussian.LatentModel;
import org.sfumato.models.gaussian.LatentNetwork;
import org.sfumato.models.gaussian.LatentNetworkConfig;
import org.sfumato.models.latent.LatentStatistics;
import org.sfumato.nn.Parameters;
import org.sfumato.nn.checkpoint.RecordJson;
import org.sfumato.nn.checkpoint.Snapshot;
import org.sfumato.nn.checkpoint.Stored;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// Trainings of denoisers of latents in checkpoints: the recipe, the network's settings and the objective in
/// `config.json`; parameters, buffers and the statistics of the latents among the weights.
public final class LatentCheckpoint {
    private static final String KIND = "latent";
    private static final String MEAN = "statistics.mean";
    private static final String DEVIATION = "statistics.deviation";
    private static final String RMS = "rms";
    private static final String BUFFER = "buffer.";

    private LatentCheckpoint() { }

    /// Everything that `trainer` needs to go on later, and a user to make latents.
    ///
    /// @param progress what else belongs to the run
    /// @throws IllegalArgumentException if a part is not one of this library's, which alone can be read again
    public static Snapshot of(LatentTrainer trainer, ObjectNode progress) {
        var config = JsonNodeFactory.instance.objectNode();
        config.put("kind", KIND);
        config.set("training", RecordJson.write(trainer.config()));
        config.set("network", GaussianJson.write(trainer.network().config()));
        config.set("objective", GaussianJson.write(trainer.objective()));
        config.put(RMS, trainer.statistics().rms());
        progress.put("total", trainer.total());
        return new Snapshot(trainer.steps(), config, weights(trainer.network(), trainer.statistics()),
                trainer.optimizerState(), trainer.averages(), progress);
    }

    private static Map<String, Tensor> weights(LatentNetwork network, LatentStatistics statistics) {
        var weights = new LinkedHashMap<>(network.parameters());
        network.buffers().forEach((name, buffer) -> weights.put(BUFFER + name, buffer));
        weights.put(MEAN, statistics.mean());
        weights.put(DEVIATION, statistics.deviation());
        return weights;
    }

    /// True if a stored run is of this kind.
    public static boolean isLatent(Stored stored) {
        return KIND.equals(stored.config().path("kind").asString(""));
    }

    /// The recipe of a stored run.
    ///
    /// @throws IllegalArgumentException if the checkpoint is of another kind
    public static LatentTrainingConfig config(Stored stored) {
        return RecordJson.read(LatentTrainingConfig.class, TrainingCheckpoint.recipe(part(stored, "training")));
    }

    /// The network of a stored run.
    ///
    /// @throws IllegalArgumentException if the checkpoint is of another kind
    public static LatentNetworkConfig network(Stored stored) {
        return GaussianJson.network(part(stored, "network"));
    }

    /// What a stored run minimises.
    ///
    /// @throws IllegalArgumentException if the checkpoint is of another kind
    public static DenoisingObjective objective(Stored stored) {
        return GaussianJson.objective(part(stored, "objective"));
    }

    /// The statistics of the latents that a stored run standardises, in the current scope.
    ///
    /// @throws IOException if they cannot be read
    /// @throws IllegalArgumentException if the checkpoint is of another kind
    public static LatentStatistics statistics(Stored stored) throws IOException {
        part(stored, "network");
        return statistics(stored, stored.weights());
    }

    private static LatentStatistics statistics(Stored stored, Map<String, Tensor> weights) {
        return new LatentStatistics(weights.get(MEAN), weights.get(DEVIATION), stored.config().path(RMS).asDouble());
    }

    /// The model, for use, in the current scope: the averaged weights where there are some.
    ///
    /// @throws IOException if the weights cannot be read
    /// @throws IllegalArgumentException if they do not fit the configuration
    public static LatentModel load(Stored stored) throws IOException {
        return load(stored, true);
    }

    /// The same with the averaged weights or, if `averaged` is false, with those of the last step.
    ///
    /// @throws IOException if the weights cannot be read
    /// @throws IllegalArgumentException if they do not fit the configuration
    public static LatentModel load(Stored stored, boolean averaged) throws IOException {
        var network = network(stored).init(Rng.of(0));
        var weights = stored.weights();
        var average = averaged ? stored.average() : Map.<String, Tensor>of();
        var own = new LinkedHashMap<String, Tensor>();
        var buffers = new LinkedHashMap<String, Tensor>();
        weights.forEach((name, tensor) -> {
            if (name.startsWith(BUFFER)) {
                buffers.put(name.substring(BUFFER.length()), tensor);
            } else if (!name.equals(MEAN) && !name.equals(DEVIATION)) {
                own.put(name, tensor);
            }
        });
        Parameters.load(network.parameters(), average.isEmpty() ? own : average);
        Parameters.load(network.buffers(), buffers);
        return new LatentModel(network, objective(stored).process(), statistics(stored, weights),
                config(stored).context());
    }

    /// Puts `trainer`, made by the same recipe, where the stored run stood.
    ///
    /// @throws IOException if a file cannot be read or does not fit
    public static void restore(LatentTrainer trainer, Stored stored) throws IOException {
        stored.restore(weights(trainer.network(), trainer.statistics()), trainer.optimizerState(), trainer.averages());
        trainer.resume(stored.step(), stored.progress().path("total").asLong());
    }

    private static ObjectNode part(Stored stored, String name) {
        if (!isLatent(stored) || !(stored.config().get(name) instanceof ObjectNode part)) {
            throw new IllegalArgumentException("checkpoint: " + stored.path() + " is of kind '"
                    + stored.config().path("kind").asString("unknown") + "', not " + KIND
                    + "\nhint: name a folder that sfumato train latent has written");
        }
        return part;
    }
}
