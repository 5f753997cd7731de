package org.sfumato.models.ldlm;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
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
/// @param read what the decoder says that has read the span before
/// @param blind what it says that has read nothing: all that it knows of the text before is in the latent
public record NextSpanScores(int spans, double given, double one, double free, double copied, Nats read, Nats blind) {
    /// Nats per token of the true spans.
    ///
    /// @param own with their own latents
    /// @param given with a sample given the spans before
    /// @param free with a sample given nothing
    /// @param mixed with all samples given the spans before, `-log(1/n sum_i p(span | z_i))`. A decoder and a denoiser
    ///     that are right have this near `none` and `given` above it: `-log` is convex
    /// @param none with a latent of zeros
    public record Nats(double own, double given, double free, double mixed, double none) { }

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
    private static final int CELLS = 14;

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
        var given = new ArrayList<Tensor>();
        var free = new ArrayList<Tensor>();
        for (int i = 0; i < plan.samples; i++) {
            given.add(sample(sampler, target, batch.condition(), rng.fold(2L * i)));
            free.add(sample(sampler, target, batch.condition().absent(), rng.fold(2L * i + 1)));
        }
        var before = table.batch(Arrays.stream(rows).map(i -> i - 1).toArray(), 0).latents();
        var centre = target.mean(true, 0);
        var asked = given.stream().map(statistics::restore).toList();
        return new NextSpanScores(rows.length, cosine(mean(given), target, centre),
                cosine(given.getFirst(), target, centre), cosine(mean(free), target, centre),
                cosine(before, target, centre),
                nats(plan, rows, statistics.restore(target), asked, statistics.restore(free.getFirst()), true),
                nats(plan, rows, statistics.restore(target), asked, statistics.restore(free.getFirst()), false));
    }

    private static Tensor mean(List<Tensor> samples) {
        return samples.stream().reduce(Tensor::add).orElseThrow().mul(1.0 / samples.size());
    }

    private static Nats nats(Plan plan, int[] rows, Tensor own, List<Tensor> given, Tensor free, boolean reading) {
        var each = given.stream().map(z -> spanNats(plan, rows, z, reading)).toList();
        var mixed = Tensor.stack(0, each.toArray(Tensor[]::new)).neg().logSumExp(0).neg().add(Math.log(each.size()));
        double tokens = select(plan.texts, rows).tokens();
        return new Nats(spanNats(plan, rows, own, reading).sum().item() / tokens,
                each.getFirst().sum().item() / tokens, spanNats(plan, rows, free, reading).sum().item() / tokens,
                mixed.sum().item() / tokens, spanNats(plan, rows, own.mul(0), reading).sum().item() / tokens);
    }

    private static Tensor sample(GaussianSampler sampler, Tensor like, Condition condition, Rng rng) {
        return sampler.sample(like.shape(), condition, rng, LatentObserver.NONE);
    }

    private static double cosine(Tensor a, Tensor b, Tensor centre) {
        var x = a.sub(centre);
        var y = b.sub(centre);
        return x.mul(y).sum(1, 2).div(x.square().sum(1, 2).mul(y.square().sum(1, 2)).sqrt().add(1e-12)).mean().item();
    }

    /// Of each true span (R), after the one before it or after nothing.
    private static Tensor spanNats(Plan plan, int[] rows, Tensor z, boolean reading) {
        var parts = new ArrayList<Tensor>();
        for (int from = 0; from < rows.length; from += TOGETHER) {
            int at = from;
            int to = Math.min(rows.length, from + TOGETHER);
            var some = Arrays.copyOfRange(rows, from, to);
            parts.add(Scope.result(() -> {
                var prefix = reading ? select(plan.texts, Arrays.stream(some).map(row -> row - 1).toArray())
                        : Spans.none(some.length, 0);
                return plan.autoencoder.crossEntropy(z.slice(0, at, to), prefix, select(plan.texts, some),
                        Pass.INFERENCE).sum(1);
            }));
        }
        return Tensor.concat(0, parts.toArray(Tensor[]::new));
    }

    private static Spans select(Spans spans, int[] rows) {
        var at = Tensor.of(Arrays.stream(rows).asLongStream().toArray(), rows.length);
        return new Spans(spans.ids().indexSelect(0, at), spans.present().indexSelect(0, at));
    }

    /// The head of a table of scores.
    public static String head(int samples) {
        return "| sampler | mean of " + samples + " given | one given | mean of " + samples + " free | copied "
                + "| read: own z | given z | free z | " + samples + " given | z = 0 "
                + "| blind: own z | given z | free z | " + samples + " given | z = 0 |\n|" + "---|".repeat(CELLS + 1)
                + "\n";
    }

    /// A row of it.
    public String row(String name) {
        return DoubleStream.of(given, one, free, copied, read.own, read.given, read.free, read.mixed, read.none,
                blind.own, blind.given, blind.free, blind.mixed, blind.none)
                .mapToObj(x -> String.format(Locale.ROOT, " %.3f |", x))
                .collect(Collectors.joining("", "| " + name + " |", "\n"));
    }
}
