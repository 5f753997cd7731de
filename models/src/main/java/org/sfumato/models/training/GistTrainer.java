package org.sfumato.models.training;

import java.util.ArrayList;
import java.util.Map;
import org.sfumato.models.data.Batches;
import org.sfumato.models.data.PackedWindows;
import org.sfumato.models.data.Tokens;
import org.sfumato.models.gist.GistAutoencoder;
import org.sfumato.models.gist.GistEncoder;
import org.sfumato.models.latent.Spans;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.transformer.TransformerConfig;
import org.sfumato.nn.Pass;
import org.sfumato.nn.lora.Lora;
import org.sfumato.nn.lora.LoraConfig;
import org.sfumato.nn.lora.Place;
import org.sfumato.nn.lora.Targets;
import org.sfumato.nn.optim.AdamW;
import org.sfumato.nn.optim.Schedule;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// Trains a gist autoencoder step by step. As in [Trainer], everything in step `s` is a function of the seed and `s`
/// alone.
public final class GistTrainer implements Steps {
    private static final double ALPHA = 2;
    private static final double DROPOUT = .05;

    private final Scope scope = Scope.open("gist training");
    private final GistTrainingConfig config;
    private final GistAutoencoder autoencoder;
    private final Batches batches;
    private final Map<String, Tensor> parameters;
    private final Descent descent;
    private Schedule schedule;
    private long step;

    /// With a fresh optimiser.
    ///
    /// @param autoencoder which is changed in place
    /// @param tokens the training text
    /// @param steps the length of the whole run
    /// @throws IllegalArgumentException if the text is shorter than a block, or the recipe is of other sizes
    public GistTrainer(GistTrainingConfig config, GistAutoencoder autoencoder, Tokens tokens, long steps) {
        if (autoencoder.length() != config.block() || autoencoder.vectors() != config.gists() + config.constants()) {
            throw new IllegalArgumentException("gist training: the recipe is of " + config.gists() + " gists for "
                    + config.block() + " tokens, the autoencoder has " + autoencoder.vectors() + " for "
                    + autoencoder.length());
        }
        this.config = config;
        this.autoencoder = autoencoder;
        this.batches = new Batches(new PackedWindows(tokens, config.block()), config.batch(), config.seed());
        this.parameters = autoencoder.trained(config.decoder());
        var optimizer = scope.call(() -> new AdamW(parameters, new AdamW.Config(config.learningRate(), .9, .999, 1e-8,
                config.weightDecay(), true)));
        this.descent = scope.call(() -> new Descent(parameters, optimizer, config.clip(), config.precision()));
        plan(steps);
    }

    /// A fresh autoencoder in the current scope between two copies of one language model.
    ///
    /// @param base a causal network, for the encoder
    /// @param decoder one of the same width with memory of its own
    public static GistAutoencoder init(GistTrainingConfig config, Transformer base, Transformer decoder, Rng rng) {
        var parts = rng.split(2);
        var lora = config.rank() == 0 ? null : Lora.init(LoraConfig.of(config.rank(), ALPHA * config.rank(),
                Targets.named("q", "v")).withDropout(DROPOUT), places(base.config()), parts[1]);
        return new GistAutoencoder(GistEncoder.init(base, lora, config.gists(), config.constants(), config.block(),
                parts[0]), decoder);
    }

    /// The queries and the values of every block.
    private static ArrayList<Place> places(TransformerConfig base) {
        var places = new ArrayList<Place>();
        long size = base.heads().size();
        long q = base.heads().query() * size;
        long k = base.heads().key() * size;
        for (int i = 0; i < base.layers(); i++) {
            var path = "blocks." + i + ".attention.qkv";
            places.add(new Place("blocks." + i + ".attention.q", path, 0, q, base.width(), false));
            places.add(new Place("blocks." + i + ".attention.v", path, q + k, q + 2 * k, base.width(), false));
        }
        return places;
    }

    @Override
    public void plan(long steps) {
        schedule = config.warmup() < 0 ? new Schedule.Constant(0, steps)
                : new Schedule.Cosine(config.warmup(), steps, 0);
    }

    /// One step; its loss in nats per token.
    @Override
    public double step() {
        var rng = Rng.of(config.seed()).fold(step);
        var batch = batches.at(step);
        double loss = descent.step(parameters, () -> autoencoder.loss(
                Spans.of(Tensor.of(batch.ids(), batch.rows(), batch.length())), Pass.training(rng)),
                schedule.at(step), step);
        step++;
        return loss;
    }

    /// How well texts come back.
    ///
    /// @param loss nats per token by their own latents
    /// @param accuracy share of tokens that are the likeliest, the true ones before them given
    /// @param wrong nats per token by the latents of another text
    public record Score(double loss, double accuracy, double wrong) { }

    /// The score on up to `rows` texts of other tokens.
    public Score score(Tokens held, int rows) {
        int count = (int) Math.min(rows, held.size() / config.block());
        if (count < 2) {
            throw new IllegalArgumentException("gist training: " + held.size() + " tokens are not two texts of "
                    + config.block() + "\nhint: a longer text");
        }
        try (var own = Scope.open("score")) {
            return own.call(() -> Dispatch.unrecorded(() -> {
                var all = Spans.of(Tensor.of(held.consecutive(0, count, config.block()), count, config.block()));
                double loss = 0;
                double right = 0;
                double wrong = 0;
                for (int from = 0; from < count; from += config.batch()) {
                    int to = Math.min(count, from + config.batch());
                    int at = from;
                    var found = Scope.result(() -> measure(all.part(at, to), at == 0 ? count - 1 : at - 1, all))
                            .toDoubles();
                    loss += found[0];
                    right += found[1];
                    wrong += found[2];
                }
                double tokens = (double) count * config.block();
                return new Score(loss / tokens, right / tokens, wrong / tokens);
            }));
        }
    }

    private Tensor measure(Spans texts, int other, Spans all) {
        var none = Spans.none(texts.rows(), 0);
        var z = autoencoder.latents(texts, Pass.INFERENCE);
        var before = autoencoder.latents(all.part(other, other + 1), Pass.INFERENCE);
        var wrong = Tensor.concat(0, before, z.slice(0, 0, z.size(0) - 1));               // each by the text before it
        double right = autoencoder.accuracy(texts) * texts.tokens();
        return Tensor.of(autoencoder.crossEntropy(z, none, texts, Pass.INFERENCE).sum().item(), right,
                autoencoder.crossEntropy(wrong, none, texts, Pass.INFERENCE).sum().item());
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
    public GistTrainingConfig config() {
        return config;
    }

    /// What is trained.
    public GistAutoencoder autoencoder() {
        return autoencoder;
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
