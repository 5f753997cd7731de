package org.sfumato.models.training;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.sfumato.models.gaussian.ConditionalDenoiser;
import org.sfumato.models.gaussian.ControlNet;
import org.sfumato.models.gaussian.DenoisingObjective;
import org.sfumato.models.gaussian.LatentModel;
import org.sfumato.models.gaussian.LatentNetwork;
import org.sfumato.models.gaussian.LatentNetworkConfig;
import org.sfumato.models.gaussian.LatentTable;
import org.sfumato.models.latent.LatentStatistics;
import org.sfumato.nn.Parameters;
import org.sfumato.nn.Pass;
import org.sfumato.nn.optim.AdamW;
import org.sfumato.nn.optim.Ema;
import org.sfumato.nn.optim.Groups;
import org.sfumato.nn.optim.Optimizer;
import org.sfumato.nn.optim.Schedule;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Replay;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// Trains a denoiser of latents step by step. As in [Trainer], everything in step `s` is a function of the seed and `s`
/// alone: rows, levels, noise, dropout.
public final class LatentTrainer implements Steps {
    private static final int ROWS = 0;
    private static final int NOISE = 1;
    private static final int DROPOUT = 2;

    private final Scope scope = Scope.open("latent training");
    private final LatentTrainingConfig config;
    private final DenoisingObjective objective;
    private final LatentStatistics statistics;
    private final LatentTable data;
    private final LatentNetwork network;
    private final Map<String, Tensor> parameters;
    private final Descent descent;
    private final Ema average;
    private final Replay averaging;
    private Schedule schedule;
    private long step;

    /// A fresh network and optimiser.
    ///
    /// @param networkConfig the network
    /// @param objective what is minimised
    /// @param statistics by which latents are standardised
    /// @param data latents as they are
    /// @param steps the length of the whole run, which the learning rate follows
    /// @throws IllegalArgumentException if the network takes latents of another width, or reads no condition and is to
    public LatentTrainer(LatentTrainingConfig config, LatentNetworkConfig networkConfig, DenoisingObjective objective,
            LatentStatistics statistics, LatentTable data, long steps) {
        if (networkConfig.width() != data.width()) {
            throw new IllegalArgumentException("training: the network takes latents of width " + networkConfig.width()
                    + ", these have " + data.width());
        }
        if (networkConfig instanceof ControlNet.Config control && (data.condition() == null
                || data.condition().size(2) != control.condition())) {
            throw new IllegalArgumentException("training: the network obeys a condition of width "
                    + control.condition() + ", " + (data.condition() == null ? "the latents have none"
                            : "that of the latents is " + data.condition().shape())
                    + "\nhint: LatentTable.given");
        }
        this.config = config;
        this.objective = objective;
        this.statistics = statistics;
        this.data = scope.call(() -> data.with(statistics.standardise(data.latents())));
        this.network = scope.call(() -> networkConfig.init(Rng.of(config.seed())));
        if ((config.context() > 0 || data.condition() != null) && !(network instanceof ConditionalDenoiser)) {
            scope.close();
            throw new IllegalArgumentException("training: a network of " + networkConfig.getClass().getSimpleName()
                    + (config.context() > 0 ? " reads no latents before, " + config.context() + " are asked for"
                            : " reads no condition, the latents have one\nhint: a ControlNet.Config around it"));
        }
        this.parameters = network.parameters();
        var optimizer = scope.call(() -> optimizer(config, network));
        this.descent = scope.call(() -> new Descent(parameters, optimizer, config.clip(), config.precision()));
        this.averaging = Replay.on(Optimizer.device(parameters), "average of the parameters");
        this.average = config.average() > 0
                ? scope.call(() -> new Ema(parameters, new Ema.Config(config.average(), 1, config.power()))) : null;
        plan(steps);
    }

    /// One optimiser for each pair of rate and decay.
    private static Optimizer optimizer(LatentTrainingConfig config, LatentNetwork network) {
        record Kind(double rate, boolean decays) { }

        var kinds = new LinkedHashMap<Kind, Map<String, Tensor>>();
        network.parameters().forEach((name, p) -> kinds.computeIfAbsent(
                new Kind(network.rate(name), p.shape().rank() > 1 && network.decays(name)),
                _ -> new LinkedHashMap<>()).put(name, p));
        var groups = new ArrayList<Groups.Group>();
        kinds.forEach((kind, own) -> groups.add(new Groups.Group("adamW" + groups.size(), new AdamW(own,
                new AdamW.Config(config.learningRate() * kind.rate, config.beta1(), config.beta2(), 1e-8,
                        kind.decays ? config.weightDecay() : 0, true)), List.copyOf(own.keySet()))));
        return new Groups(groups);
    }

    @Override
    public void plan(long steps) {
        schedule = switch (config.course()) {
            case CONSTANT -> new Schedule.Constant(config.warmup(), steps);
            case COSINE -> new Schedule.Cosine(config.warmup(), steps, 0);
        };
    }

    @Override
    public double step() {
        var rng = Rng.of(config.seed()).fold(step);
        double loss = descent.step(parameters, () -> objective.loss(network,
                data.draw(config.batch(), config.context(), rng.fold(ROWS)), rng.fold(NOISE),
                Pass.training(rng.fold(DROPOUT))), schedule.at(step), step);
        if (average != null) {
            averaging.run(() -> {
                average.update(step);
                return new Tensor[0];
            });
        }
        step++;
        return loss;
    }

    /// The mean loss on other latents, all of them `times` times at levels spread evenly, by the averaged weights if
    /// there are some; always with the same random numbers.
    public double loss(LatentTable held, int times) {
        try (var own = Scope.open("validation")) {
            return own.call(() -> Dispatch.unrecorded(() -> {
                var standard = held.with(statistics.standardise(held.latents()));
                var measured = usable();
                double sum = 0;
                int count = 0;
                for (int from = 0; from < held.rows(); from += config.batch()) {
                    int to = Math.min(held.rows(), from + config.batch());
                    var batch = standard.batch(IntStream.range(from, to).toArray(), config.context());
                    for (int i = 0; i < times; i++) {
                        var rng = Rng.of(0).fold(from).fold(i);
                        sum += (to - from) * Scope.result(() -> objective.loss(measured, batch, rng, Pass.INFERENCE))
                                .item();
                        count += to - from;
                    }
                }
                return sum / count;
            }));
        }
    }

    /// A network with the averaged weights, in the current scope, or the network itself if there is no average.
    private LatentNetwork usable() {
        if (average == null) {
            return network;
        }
        var copy = network.config().init(Rng.of(config.seed()));
        Parameters.load(copy.parameters(), average.averages());
        Parameters.load(copy.buffers(), network.buffers());
        return copy;
    }

    /// The model as it stands, with averaged weights if there are some, in the current scope.
    public LatentModel model() {
        return new LatentModel(usable(), objective.process(), statistics, config.context());
    }

    /// The model with the weights of the last step; they change with every other one.
    public LatentModel last() {
        return new LatentModel(network, objective.process(), statistics, config.context());
    }

    @Override
    public long steps() {
        return step;
    }

    @Override
    public double rate() {
        return schedule.at(step);
    }

    @Override
    public long total() {
        return schedule.total();
    }

    /// The recipe.
    public LatentTrainingConfig config() {
        return config;
    }

    /// The network, whose parameters change with every step.
    public LatentNetwork network() {
        return network;
    }

    /// What is minimised.
    public DenoisingObjective objective() {
        return objective;
    }

    /// By which latents are standardised.
    public LatentStatistics statistics() {
        return statistics;
    }

    /// The parameters by name, live.
    public Map<String, Tensor> parameters() {
        return parameters;
    }

    /// The state of the optimiser and of the scale of the loss by name, live.
    public Map<String, Tensor> optimizerState() {
        return descent.state();
    }

    /// The averaged parameters by name, live; empty if there is no average.
    public Map<String, Tensor> averages() {
        return average == null ? Map.of() : average.averages();
    }

    /// Goes on after `steps` of `total` steps; parameters, the optimiser's state and averages are put in place by the
    /// caller.
    public void resume(long steps, long total) {
        step = steps;
        plan(total);
    }

    /// Frees the network and the state of the optimiser.
    @Override
    public void close() {
        descent.close();
        averaging.close();
        scope.close();
    }
}
