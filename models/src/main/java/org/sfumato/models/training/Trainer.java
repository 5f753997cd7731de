package org.sfumato.models.training;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.sfumato.models.data.Tokens;
import org.sfumato.models.diffusion.Objective;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.nn.Parameters;
import org.sfumato.nn.Pass;
import org.sfumato.nn.optim.AdamW;
import org.sfumato.nn.optim.Ema;
import org.sfumato.nn.optim.Groups;
import org.sfumato.nn.optim.Muon;
import org.sfumato.nn.optim.Optimizer;
import org.sfumato.nn.optim.Schedule;
import org.sfumato.tensor.Replay;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// Trains a network step by step.
///
/// Everything in step `s` is a function of the seed and `s` alone: the windows, the times, the masks, dropout. So a run
/// that was stopped and restored goes on as if nothing had happened, bit for bit, and the number of threads does not
/// matter.
public final class Trainer implements Steps {
    private static final int WINDOWS = 0;
    private static final int NOISE = 1;
    private static final int DROPOUT = 2;
    private static final int LENGTH = 3;

    private final Scope scope = Scope.open("training");
    private final TrainingConfig config;
    private final Tokens tokens;
    private final Objective<? super Transformer> objective;
    private final Transformer network;
    private final Map<String, Tensor> parameters;
    private final Descent descent;
    private final Ema average;
    private final Replay averaging;
    private Schedule schedule;
    private long step;

    /// A fresh network and optimiser.
    ///
    /// @param objective what is minimised
    /// @param tokens the training text
    /// @param steps the length of the whole run, which the learning rate follows
    public Trainer(TrainingConfig config, Objective<? super Transformer> objective, Tokens tokens, long steps) {
        if (tokens.size() < config.length()) {
            throw new IllegalArgumentException("training: the text has " + tokens.size()
                    + " tokens, fewer than one window of "
                    + config.length() + "\nhint: more text or a smaller --length");
        }
        this.config = config;
        this.tokens = tokens;
        this.objective = objective;
        this.network = scope.call(() -> Transformer.init(config.model(), Rng.of(config.seed())));
        this.parameters = network.parameters();
        var optimizer = scope.call(() -> optimizer(config, parameters));
        this.descent = scope.call(() -> new Descent(parameters, optimizer, config.clip(), config.precision()));
        this.averaging = Replay.on(Optimizer.device(parameters), "average of the parameters");
        this.average = config.average() > 0
                ? scope.call(() -> new Ema(parameters, new Ema.Config(config.average(), 1, 2.0 / 3))) : null;
        plan(steps);
    }

    private static Optimizer optimizer(TrainingConfig config, Map<String, Tensor> parameters) {
        var inner = new LinkedHashMap<String, Tensor>();
        var outer = new LinkedHashMap<String, Tensor>();
        parameters.forEach((name, p) ->
                (config.muonRate() > 0 && isInner(name) && p.shape().rank() == 2 ? inner : outer).put(name, p));
        var groups = new ArrayList<Groups.Group>();
        groups.add(new Groups.Group("adamW",
                new AdamW(outer, new AdamW.Config(config.learningRate(), config.beta1(), config.beta2(), 1e-8,
                config.weightDecay(), config.decayVectors())), List.copyOf(outer.keySet())));
        if (!inner.isEmpty()) {
            groups.add(new Groups.Group("muon",
                    new Muon(inner, new Muon.Config(config.muonRate(), .95, config.weightDecay())),
                    List.copyOf(inner.keySet())));
        }
        return new Groups(groups);
    }

    /// True for what lies inside a block and works on the stream; modulations work on what is told of the noise.
    private static boolean isInner(String name) {
        return name.startsWith("blocks.") && !name.contains(".modulation.");
    }

    /// Sets the length of the whole run, as when it was only known in minutes.
    @Override
    public void plan(long steps) {
        schedule = config.decay() > 0 ? new Schedule.Wsd(config.warmup(), steps, config.decay(), 0)
                : new Schedule.Constant(config.warmup(), steps);
    }

    /// One step; its loss in nats per token.
    @Override
    public double step() {
        var rng = Rng.of(config.seed()).fold(step);
        int length = length(rng.fold(LENGTH));
        var windows = tokens.windows(rng.fold(WINDOWS), config.batch(), length);
        var minimised = objective.at((double) step / schedule.total());
        double loss = descent.step(parameters, () -> minimised.loss(network,
                Tensor.of(windows, config.batch(), length), rng.fold(NOISE), Pass.training(rng.fold(DROPOUT))),
                schedule.at(step), step);
        if (average != null) {
            averaging.run(() -> {
                average.update(step);
                return new Tensor[0];
            });
        }
        step++;
        return loss;
    }

    private int length(Rng rng) {
        return rng.uniformDouble(0) < config.shortShare() ? 1 + (int) rng.below(1, config.length()) : config.length();
    }

    @Override
    public long steps() {
        return step;
    }

    /// Steps that the device has repeated as a whole, see [Descent].
    public long repeated() {
        return descent.repeated();
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
    public TrainingConfig config() {
        return config;
    }

    /// The network, whose parameters change with every step.
    public Transformer network() {
        return network;
    }

    /// What is minimised.
    public Objective<? super Transformer> objective() {
        return objective;
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

    /// What `use` makes of the network with the weights that are to be used: the averaged ones where there are some.
    public <T> T averaged(Function<? super Transformer, T> use) {
        if (average == null) {
            return use.apply(network);
        }
        try (var own = Scope.open("averaged")) {
            return own.call(() -> {
                var other = Transformer.zero(config.model());
                Parameters.load(other.parameters(), averages());
                return use.apply(other);
            });
        }
    }

    /// Goes on after `steps` of `total` steps; the parameters, the state of the optimiser and the averages are put in
    /// place by the caller.
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
