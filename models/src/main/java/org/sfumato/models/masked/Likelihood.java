package org.sfumato.models.masked;

import java.util.Arrays;
import org.sfumato.models.Denoiser;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// Scores text under a masked model. Text is cut into windows of the network's length that are scored apart.
///
/// Both estimators of the NELBO have the same mean but for `epsilon`; that with a fixed count varies less. The chain
/// rule is exact for the model that unmasks from left to right, and another quantity than the bound.
public final class Likelihood {
    /// How the NELBO is estimated.
    public enum Estimator {
        /// Each token hidden with probability p(t), t stratified over the samples; weight 1/p.
        BERNOULLI,
        /// Exactly l of L tokens hidden, l uniform in 1..L and stratified; weight L/l. Source: Nie et al. 2025,
        /// equation 6.
        FIXED_COUNT
    }

    private static final int TOKENS_PER_BATCH = 4096;

    private final Denoiser network;
    private final MaskedProcess process;
    private final int length;

    /// Scores windows of at most `length` tokens.
    public Likelihood(Denoiser network, MaskedProcess process, int length) {
        this.network = network;
        this.process = process;
        this.length = length;
    }

    /// The negative evidence lower bound of `ids`, from `samples` noisy versions of every window.
    ///
    /// The standard error is that of the samples, from their variance within each window; it needs two samples at least
    /// and is NaN for one.
    ///
    /// @throws IllegalArgumentException if there is no text or no sample
    public Estimate nelbo(int[] ids, Estimator estimator, int samples, Rng rng) {
        requireText(ids);
        if (samples < 1) {
            throw new IllegalArgumentException("likelihood: samples = " + samples + " must be at least 1");
        }
        double total = 0;
        double variance = 0;
        int whole = ids.length / length;                                                    // windows of full length
        int group = Math.max(1, TOKENS_PER_BATCH / (length * samples));                     // of them scored together
        for (int first = 0; first * (long) length < ids.length; ) {
            int last = first < whole ? Math.min(first + group, whole) : first + 1;
            for (var bounds : bounds(ids, first, last, estimator, samples, rng)) {
                double mean = Arrays.stream(bounds).average().orElseThrow();
                total += mean;
                variance += Arrays.stream(bounds).map(b -> (b - mean) * (b - mean)).sum() / (samples - 1) / samples;
            }
            first = last;
        }
        return new Estimate(total / ids.length, Math.sqrt(variance) / ids.length, ids.length);
    }

    /// Estimates of the bounds of windows `[first, last)`, all of one length, in nats for a whole window: `samples` of
    /// each.
    private double[][] bounds(int[] ids, int first, int last, Estimator estimator, int samples, Rng rng) {
        var bounds = new double[last - first][samples];
        int width = Math.min(length, ids.length - first * length);
        int rows = Math.max(1, TOKENS_PER_BATCH / width);
        int all = (last - first) * samples;
        for (int from = 0; from < all; from += rows) {
            int n = Math.min(rows, all - from);
            var clean = new long[n][];
            var noisy = new long[n][];
            var weights = new double[n];
            for (int j = 0; j < n; j++) {
                int window = first + (from + j) / samples;
                int sample = (from + j) % samples;
                var own = rng.fold(window);
                clean[j] = window(ids, window * length, width);
                noisy[j] = clean[j].clone();
                double t = (own.uniformDouble(0) + (double) sample / samples) % 1;
                weights[j] = switch (estimator) {
                    case BERNOULLI -> hideEach(noisy[j], process.probability(t), own.fold(sample));
                    case FIXED_COUNT -> hideExactly(noisy[j], 1 + (int) (t * width), own.fold(sample));
                };
            }
            var losses = losses(noisy, clean);
            for (int j = 0; j < n; j++) {
                for (int i = 0; i < width; i++) {
                    bounds[(from + j) / samples][(from + j) % samples] +=
                            noisy[j][i] == process.mask() ? losses[j][i] * weights[j] : 0;
                }
            }
        }
        return bounds;
    }

    private static long[] window(int[] ids, int from, int width) {
        return Arrays.stream(ids, from, from + width).asLongStream().toArray();
    }

    private double hideEach(long[] row, double p, Rng rng) {
        for (int i = 0; i < row.length; i++) {
            row[i] = rng.uniformDouble(i) < p ? process.mask() : row[i];
        }
        return 1 / p;
    }

    private double hideExactly(long[] row, int count, Rng rng) {
        var order = rng.permutation(row.length);
        for (int i = 0; i < count; i++) {
            row[order[i]] = process.mask();
        }
        return (double) row.length / count;
    }

    /// The exact negative log-likelihood when tokens are revealed from left to right: window by window the sum of
    /// `-log p(x_i | x before i, the rest masked)`. One pass of the network for each token.
    public Estimate leftToRight(int[] ids) {
        requireText(ids);
        double total = 0;
        for (int start = 0; start < ids.length; start += length) {
            var text = window(ids, start, Math.min(length, ids.length - start));
            int rows = Math.max(1, TOKENS_PER_BATCH / text.length);
            for (int from = 0; from < text.length; from += rows) {
                int n = Math.min(rows, text.length - from);
                var clean = new long[n][];
                var noisy = new long[n][];
                for (int j = 0; j < n; j++) {
                    clean[j] = text;
                    noisy[j] = text.clone();
                    Arrays.fill(noisy[j], from + j, text.length, process.mask());
                }
                var losses = losses(noisy, clean);
                for (int j = 0; j < n; j++) {
                    total += losses[j][from + j];
                }
            }
        }
        return new Estimate(total / ids.length, 0, ids.length);
    }

    /// `-log p(x_i | noisy row)` for every row and position.
    private double[][] losses(long[][] noisy, long[][] clean) {
        int t = clean[0].length;
        var ids = Arrays.stream(noisy).flatMapToLong(Arrays::stream).toArray();
        var targets = Arrays.stream(clean).flatMapToLong(Arrays::stream).toArray();
        try (var scope = Scope.open("likelihood")) {
            double[] values = scope.call(() -> Dispatch.unrecorded(() -> process.crossEntropy(network,
                    Tensor.of(ids, noisy.length, t), Tensor.of(targets, noisy.length, t), Pass.INFERENCE).toDoubles()));
            var losses = new double[noisy.length][];
            for (int j = 0; j < losses.length; j++) {
                losses[j] = Arrays.copyOfRange(values, j * t, (j + 1) * t);
            }
            return losses;
        }
    }

    private static void requireText(int[] ids) {
        if (ids.length == 0) {
            throw new IllegalArgumentException("likelihood: there is no text to score");
        }
    }
}
