package org.sfumato.models.training;

import java.util.LinkedHashMap;
import java.util.Map;
import org.sfumato.models.data.Batches;
import org.sfumato.models.data.PackedWindows;
import org.sfumato.models.data.Tokens;
import org.sfumato.models.latent.Spans;
import org.sfumato.models.vae.TextVae;
import org.sfumato.nn.Pass;
import org.sfumato.nn.optim.AdamW;
import org.sfumato.nn.optim.Schedule;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// Trains a variational autoencoder of text: of pieces of two spans the second is read and written, the first stands
/// before it. Each piece is seen once an epoch.
///
/// Everything in step `s` is a function of the seed and `s` alone, as in [Trainer].
public final class VaeTrainer implements Steps {
    private static final int NOISE = 0;
    private static final int DROPOUT = 1;

    private final Scope scope = Scope.open("vae training");
    private final VaeTrainingConfig config;
    private final TextVae vae;
    private final Batches batches;
    private final Map<String, Tensor> parameters;
    private final Descent descent;
    private Schedule schedule;
    private long step;

    /// With a fresh optimiser.
    ///
    /// @param vae which is changed in place
    /// @param tokens the training text
    /// @param steps the length of the whole run
    /// @throws IllegalArgumentException if the text is shorter than a piece
    public VaeTrainer(VaeTrainingConfig config, TextVae vae, Tokens tokens, long steps) {
        if (!config.model().equals(vae.config())) {
            throw new IllegalArgumentException("training: the recipe is of another autoencoder, " + config.model());
        }
        this.config = config;
        this.vae = vae;
        int spans = config.objective().prefixShare() > 0 ? 2 : 1;
        this.batches = new Batches(new PackedWindows(tokens, spans * vae.length()), config.batch(), config.seed());
        this.parameters = vae.trained();
        var optimizer = scope.call(() -> new AdamW(parameters, new AdamW.Config(config.learningRate(), config.beta1(),
                config.beta2(), 1e-8, config.weightDecay(), false)));
        this.descent = scope.call(() -> new Descent(parameters, optimizer, config.clip(), config.precision()));
        plan(steps);
    }

    @Override
    public void plan(long steps) {
        long rise = Math.round(config.warmup() * steps);
        schedule = switch (config.course()) {
            case CONSTANT -> new Schedule.Constant(rise, steps);
            case LINEAR -> new Schedule.Linear(rise, steps, 0);
            case COSINE -> new Schedule.Cosine(rise, steps, 0);
        };
    }

    /// One step; its loss in nats per token.
    @Override
    public double step() {
        var rng = Rng.of(config.seed()).fold(step);
        var batch = batches.at(step);
        long now = step;
        double loss = descent.step(learning(), () -> {
            var pieces = Spans.of(Tensor.of(batch.ids(), batch.rows(), batch.length()));
            int before = batch.length() - vae.length();
            return config.objective().loss(vae, pieces.slice(0, before), pieces.slice(before, batch.length()), now,
                    schedule.total(), rng.fold(NOISE), Pass.training(rng.fold(DROPOUT)));
        }, schedule.at(step), step);
        step++;
        return loss;
    }

    /// The parameters that this step changes.
    private Map<String, Tensor> learning() {
        if (step >= config.decoderFrom() * schedule.total()) {
            return parameters;
        }
        var some = new LinkedHashMap<>(parameters);
        some.keySet().removeIf(name -> name.startsWith("decoder."));
        return some;
    }

    @Override
    public long steps() {
        return step;
    }

    @Override
    public double rate() {
        return schedule.at(step);
    }

    /// The weight of the divergence in the next step.
    public double klWeight() {
        return config.objective().weight().at(step, schedule.total());
    }

    @Override
    public long total() {
        return schedule.total();
    }

    /// The recipe.
    public VaeTrainingConfig config() {
        return config;
    }

    /// What is trained.
    public TextVae vae() {
        return vae;
    }

    /// The trained parameters by name, live.
    public Map<String, Tensor> parameters() {
        return parameters;
    }

    /// The state of the optimiser and of the scale of the loss by name, live.
    public Map<String, Tensor> optimizerState() {
        return descent.state();
    }

    /// Goes on after `steps` of `total` steps; parameters and the state of the optimiser are put in place by the
    /// caller.
    public void resume(long steps, long total) {
        step = steps;
        plan(total);
    }

    /// Frees the state of the optimiser; the autoencoder stays.
    @Override
    public void close() {
        descent.close();
        scope.close();
    }
}
