package org.sfumato.models.latent;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.IntFunction;
import org.sfumato.models.autoregressive.Decoder;
import org.sfumato.models.autoregressive.Decoder.Observer;
import org.sfumato.models.autoregressive.Decoder.Uniforms;
import org.sfumato.models.autoregressive.Decoding;
import org.sfumato.models.diffusion.Estimate;
import org.sfumato.models.evaluation.Bleu;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

/// How good the latents of an autoencoder are, on spans that it was not trained on. The decoder is shown no prefix.
///
/// @param spans the texts, none empty or longer than a span may be
/// @param rows how many are scored together
public record AutoencoderScores(TextAutoencoder autoencoder, List<int[]> spans, int rows) {
    /// The least variance of the posterior's mean over texts with which a coordinate is in use. Source: Burda et al.
    /// 2016, arXiv 1509.00519, appendix C.
    public static final double ACTIVE = .01;

    /// Checks the texts.
    public AutoencoderScores {
        spans = List.copyOf(spans);
        int longest = autoencoder.length();
        if (spans.isEmpty() || rows < 1 || spans.stream().anyMatch(s -> s.length == 0 || s.length > longest)) {
            throw new IllegalArgumentException("scores: needed are texts of 1 to " + longest + " tokens, and rows "
                    + rows + " of at least 1; there are " + spans.size() + " texts");
        }
    }

    /// Whose latent the decoder is given.
    public enum Latent {
        /// The mean of the text's own posterior.
        MEAN,
        /// A draw from the text's own posterior.
        RIGHT,
        /// A draw from the prior.
        PRIOR,
        /// The mean of another text's posterior.
        WRONG
    }

    /// `-log p(x|z)` in nats per token; the standard error is that over texts.
    public Estimate nll(Latent latent, Rng rng) {
        var means = latent == Latent.WRONG ? means() : null;
        int n = autoencoder.vectors() * autoencoder.width();
        var sums = each((batch, from) -> {
            var own = rng.fold(from);
            var shape = Shape.of(batch.rows(), autoencoder.vectors(), autoencoder.width());
            var z = switch (latent) {
                case MEAN -> encode(batch).mean();
                case RIGHT -> encode(batch).sample(1, own);
                case PRIOR -> Tensor.normal(shape, own);
                case WRONG -> {
                    var others = new float[batch.rows() * n];
                    for (int row = 0; row < batch.rows(); row++) {
                        System.arraycopy(means[other(from + row)], 0, others, row * n, n);
                    }
                    yield Tensor.of(others, batch.rows(), autoencoder.vectors(), autoencoder.width());
                }
            };
            return losses(batch, z).toDoubles();
        });
        return estimate(sums);
    }

    /// Half the texts away: neighbours in a corpus may be alike.
    private int other(int index) {
        return (index + spans.size() / 2) % spans.size();
    }

    private float[][] means() {
        int n = autoencoder.vectors() * autoencoder.width();
        var flat = each((batch, _) -> encode(batch).mean().reshape(batch.rows(), n).toDoubles());
        var means = new float[spans.size()][n];
        for (int i = 0; i < flat.length; i++) {
            means[i / n][i % n] = (float) flat[i];
        }
        return means;
    }

    /// The share of tokens that the likeliest text, token by token, for the posterior's mean has right, and how many
    /// texts it has right altogether.
    ///
    /// @param length tokens of each text that are read and written
    /// @param tokens the share of them that is right
    /// @param texts the share of texts without a mistake
    /// @param bleu how alike they are in runs of up to four tokens, see [Bleu]
    public record Accuracy(int length, double tokens, double texts, double bleu) { }

    /// The accuracy on the first `length` tokens of each text that has so many.
    ///
    /// @throws IllegalArgumentException if there is none
    public Accuracy accuracy(int length) {
        var texts = spans.stream().filter(s -> s.length >= length).map(s -> Arrays.copyOf(s, length)).toList();
        var cut = new AutoencoderScores(autoencoder, texts, rows);
        var all = new ArrayList<int[]>();
        var right = cut.each((batch, from) -> {
            var z = cut.encode(batch).mean();
            var prompts = new ArrayList<int[]>();
            texts.subList(from, from + batch.rows()).forEach(_ -> prompts.add(new int[0]));
            var written = new Decoder(autoencoder.writer(z)).generate(prompts, Decoding.greedy(length), Uniforms.of(
                    Rng.of(0)), Observer.NONE);
            all.addAll(written);
            var counts = new double[batch.rows()];
            for (int row = 0; row < counts.length; row++) {
                for (int i = 0; i < length; i++) {
                    counts[row] += written.get(row)[i] == texts.get(from + row)[i] ? 1 : 0;
                }
            }
            return counts;
        });
        return new Accuracy(length, Arrays.stream(right).sum() / length / right.length,
                (double) Arrays.stream(right).filter(count -> count == length).count() / right.length,
                Bleu.of(all, texts));
    }

    /// What the posteriors say of the texts.
    ///
    /// @param kl `KL(q(z|x) | p(z))` in nats per text
    /// @param mutualInformation of texts and latents in nats: the mean of `log q(z|x) - log q(z)`, where `q(z)` is the
    ///     mean over these texts; so it is at most the logarithm of their number. Source: Hoffman and Johnson 2016,
    ///     "ELBO surgery"
    /// @param active coordinates in use, see [#ACTIVE]
    /// @param coordinates in all
    public record Use(double kl, double mutualInformation, int active, int coordinates) { }

    /// How latents are used, from a draw of each posterior.
    public Use use(Rng rng) {
        try (var scope = Scope.open("latent use")) {
            return scope.call(() -> Dispatch.unrecorded(() -> {
                var posteriors = batches(from -> encode(batch(from)));
                var mean = Tensor.concat(0, posteriors.stream().map(Posterior::mean).toArray(Tensor[]::new));
                var spread = posteriors.getFirst().logVariance() == null ? null : Tensor.concat(0,
                        posteriors.stream().map(Posterior::logVariance).toArray(Tensor[]::new));
                var q = new Posterior(mean, spread);
                var variance = mean.size(0) < 2 ? new double[0] : mean.var(1, false, 0).toDoubles();
                int active = (int) Arrays.stream(variance).filter(v -> v >= ACTIVE).count();
                return new Use(q.kl().mean().item(), information(q, q.sample(1, rng)), active,
                        autoencoder.vectors() * autoencoder.width());
            }));
        }
    }

    private static double information(Posterior q, Tensor z) {
        long n = z.size(0);
        double sum = 0;
        for (long i = 0; i < n; i++) {
            try (var scope = Scope.open("row")) {
                long row = i;
                sum += scope.call(() -> {
                    var densities = q.logDensity(z.slice(0, row, row + 1));                                   // (n)
                    return densities.slice(0, row, row + 1).item() - densities.logSumExp(0).item() + Math.log(n);
                });
            }
        }
        return sum / n;
    }

    /// A bound of `-log p(x)` in nats per token: `-log 1/K sum_k p(x|z_k) p(z_k) / q(z_k|x)` with draws `z_k` from the
    /// posterior. With K = 1 it is the negative evidence bound, with more it comes down towards the likelihood itself.
    /// Source: Burda et al. 2016, arXiv 1509.00519, equation 8. The standard error is that over texts.
    ///
    /// @throws IllegalArgumentException if there is no sample
    public Estimate importanceBound(int samples, Rng rng) {
        if (samples < 1) {
            throw new IllegalArgumentException("scores: " + samples + " samples, one is needed at least");
        }
        var sums = each((batch, from) -> {
            var q = encode(batch);
            var weights = new ArrayList<Tensor>();
            for (int k = 0; k < samples; k++) {
                var own = rng.fold(from).fold(k);
                weights.add(Scope.result(() -> {
                    var z = q.sample(1, own);
                    return Posterior.logPrior(z).sub(q.logDensity(z)).sub(losses(batch, z));                    // (B)
                }));
            }
            var all = Tensor.stack(0, weights.toArray(Tensor[]::new));                                     // (K, B)
            return all.logSumExp(0).neg().add(Math.log(samples)).toDoubles();
        });
        return estimate(sums);
    }

    private Posterior encode(Spans batch) {
        return autoencoder.encode(batch, Pass.INFERENCE);
    }

    /// `-log p(x|z)` of each text. Shape: (B).
    private Tensor losses(Spans batch, Tensor z) {
        return autoencoder.crossEntropy(z, Spans.none(batch.rows(), 0), batch, Pass.INFERENCE).sum(1);
    }

    /// What `score` gives for each batch, told the number of its first text, one after the other.
    private double[] each(BiFunction<Spans, Integer, double[]> score) {
        return batches(from -> {
            try (var scope = Scope.open("scores")) {
                return scope.call(() -> score.apply(batch(from), from));
            }
        }).stream().flatMapToDouble(Arrays::stream).toArray();
    }

    private Spans batch(int from) {
        var texts = spans.subList(from, Math.min(spans.size(), from + rows));
        return Spans.padded(texts, texts.stream().mapToInt(s -> s.length).max().orElseThrow());
    }

    private <T> List<T> batches(IntFunction<T> score) {
        var results = new ArrayList<T>();
        for (int from = 0; from < spans.size(); from += rows) {
            int first = from;
            results.add(Dispatch.unrecorded(() -> score.apply(first)));
        }
        return results;
    }

    private Estimate estimate(double[] sums) {
        long tokens = spans.stream().mapToLong(s -> s.length).sum();
        double mean = Arrays.stream(sums).sum() / tokens;
        double square = 0;
        for (int i = 0; i < sums.length; i++) {
            double rest = sums[i] - mean * spans.get(i).length;
            square += rest * rest;
        }
        int n = sums.length;
        return new Estimate(mean, n < 2 ? Double.NaN : Math.sqrt(square * n / (n - 1)) / tokens, tokens);
    }
}
