package org.sfumato.models.ldlm;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.IntStream;
import org.sfumato.models.gaussian.Condition;
import org.sfumato.models.gaussian.GaussianSampler;
import org.sfumato.models.gaussian.LatentModel;
import org.sfumato.models.gaussian.LatentObserver;
import org.sfumato.models.gaussian.LatentTable;
import org.sfumato.models.latent.Spans;
import org.sfumato.models.latent.TextAutoencoder;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// How good sampled latents of next spans are: how near they are to the true ones, and how well the decoder predicts
/// the true next span with them. Cosines are centred: the mean of the true latents is taken off.
///
/// @param spans how many next spans were looked at
/// @param given cosine of the mean of samples given the spans before
/// @param one cosine of one such sample
/// @param free cosine of the mean of as many samples given nothing
/// @param copied cosine of the latent of the span before
/// @param nllTrue nats per token of the true span with its own latent
/// @param nllGiven with a sample given the spans before
/// @param nllFree with a sample given nothing
/// @param nllNone with a latent of zeros
public record NextSpanScores(int spans, double given, double one, double free, double copied, double nllTrue,
        double nllGiven, double nllFree, double nllNone) {
    /// What is measured.
    ///
    /// @param autoencoder of the latents
    /// @param model of the next latent
    /// @param latents held out, in the order of the text
    /// @param texts the span of each row
    /// @param samples of each next latent
    /// @param rows next spans at most
    public record Plan(TextAutoencoder autoencoder, LatentModel model, LatentTable latents, Spans texts, int samples,
            int rows) {
        /// Checks the sizes.
        public Plan {
            if (texts.rows() != latents.rows() || samples < 1 || rows < 1) {
                throw new IllegalArgumentException("next span scores: " + latents.rows() + " latents, "
                        + texts.rows() + " texts; samples " + samples + " and rows " + rows + " must be at least 1");
            }
        }
    }

    private static final int TOGETHER = 32;
    private static final String ROW = "| %s | %.3f | %.3f | %.3f | %.3f | %.3f | %.3f | %.3f | %.3f |%n";

    /// Measures with `sampler`.
    ///
    /// @throws IllegalArgumentException if no row has one before it in its document
    public static NextSpanScores of(Plan plan, GaussianSampler sampler, Rng rng) {
        var rows = IntStream.range(1, plan.latents.rows())
                .filter(i -> plan.latents.documents()[i] == plan.latents.documents()[i - 1]).limit(plan.rows).toArray();
        if (rows.length == 0) {
            throw new IllegalArgumentException("next span scores: no span follows another in its document");
        }
        try (var scope = Scope.open("next span scores")) {
            return scope.call(() -> Dispatch.unrecorded(() -> measured(plan, sampler, rows, rng)));
        }
    }

    private static NextSpanScores measured(Plan plan, GaussianSampler sampler, int[] rows, Rng rng) {
        var statistics = plan.model.statistics();
        var table = plan.latents.with(statistics.standardise(plan.latents.latents()));
        var batch = table.batch(rows, plan.model.context());
        var target = batch.latents();
        Tensor given = null;
        Tensor free = null;
        Tensor one = null;
        Tensor other = null;
        for (int i = 0; i < plan.samples; i++) {
            var now = sample(sampler, target, batch.condition(), rng.fold(2L * i));
            var nothing = sample(sampler, target, batch.condition().absent(), rng.fold(2L * i + 1));
            one = one == null ? now : one;
            other = other == null ? nothing : other;
            given = given == null ? now : given.add(now);
            free = free == null ? nothing : free.add(nothing);
        }
        var before = table.batch(Arrays.stream(rows).map(i -> i - 1).toArray(), 0).latents();
        var centre = target.mean(true, 0);
        return new NextSpanScores(rows.length, cosine(given.mul(1.0 / plan.samples), target, centre),
                cosine(one, target, centre), cosine(free.mul(1.0 / plan.samples), target, centre),
                cosine(before, target, centre), nll(plan, rows, statistics.restore(target)),
                nll(plan, rows, statistics.restore(one)), nll(plan, rows, statistics.restore(other)),
                nll(plan, rows, target.mul(0)));
    }

    private static Tensor sample(GaussianSampler sampler, Tensor like, Condition condition, Rng rng) {
        return sampler.sample(like.shape(), condition, rng, LatentObserver.NONE);
    }

    private static double cosine(Tensor a, Tensor b, Tensor centre) {
        var x = a.sub(centre);
        var y = b.sub(centre);
        return x.mul(y).sum(1, 2).div(x.square().sum(1, 2).mul(y.square().sum(1, 2)).sqrt().add(1e-12)).mean().item();
    }

    /// Of the true spans, each after the one before it.
    private static double nll(Plan plan, int[] rows, Tensor z) {
        double sum = 0;
        double tokens = 0;
        for (int from = 0; from < rows.length; from += TOGETHER) {
            int at = from;
            int to = Math.min(rows.length, from + TOGETHER);
            var some = Arrays.copyOfRange(rows, from, to);
            try (var scope = Scope.open("nll")) {
                var scored = scope.call(() -> {
                    var target = select(plan.texts, some);
                    var prefix = select(plan.texts, Arrays.stream(some).map(row -> row - 1).toArray());
                    return new double[] {plan.autoencoder.crossEntropy(z.slice(0, at, to), prefix, target,
                            Pass.INFERENCE).sum().item(), target.tokens()};
                });
                sum += scored[0];
                tokens += scored[1];
            }
        }
        return sum / tokens;
    }

    private static Spans select(Spans spans, int[] rows) {
        var at = Tensor.of(Arrays.stream(rows).asLongStream().toArray(), rows.length);
        return new Spans(spans.ids().indexSelect(0, at), spans.present().indexSelect(0, at));
    }

    /// The head of a table of scores.
    public static String head(int samples) {
        return "| sampler | mean of " + samples + " given | one given | mean of " + samples + " free | copied "
                + "| NLL true z | given z | free z | z = 0 |\n|---|---|---|---|---|---|---|---|---|\n";
    }

    /// A row of it.
    public String row(String name) {
        return String.format(Locale.ROOT, ROW, name, given, one, free, copied, nllTrue, nllGiven, nllFree, nllNone);
    }
}
