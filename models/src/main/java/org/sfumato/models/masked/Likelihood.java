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
        int window = 0;
        for (int start = 0; start < ids.length; start += length, window++) {
            var text = Arrays.copyOfRange(ids, start, Math.min(ids.length, start + length));
            var bounds = bounds(text, estimator, samples, rng.fold(window));
            double mean = Arrays.stream(bounds).average().orElseThrow();
            total += mean;
            variance += Arrays.stream(bounds).map(b -> (b - mean) * (b - mean)).sum() / (samples - 1) / samples;
        }
        return new Estimate(total / ids.length, Math.sqrt(variance) / ids.length, ids.length);
    }

    /// Independent estimates of the bound of one window, in nats for the whole window.
    private double[] bounds(int[] text, Estimator estimator, int samples, Rng rng) {
        var bounds = new double[samples];
        int rows = Math.max(1, TOKENS_PER_BATCH / text.length);
        double u = rng.uniformDouble(0);
        for (int from = 0; from < samples; from += rows) {
            int n = Math.min(rows, samples - from);
            var noisy = new long[n][];
            var weights = new double[n];
            for (int j = 0; j < n; j++) {
                double t = (u + (double) (from + j) / samples) % 1;
                noisy[j] = widen(text);
                weights[j] = switch (estimator) {
                    case BERNOULLI -> hideEach(noisy[j], process.probability(t), rng.fold(1 + from + j));
                    case FIXED_COUNT -> hideExactly(noisy[j], 1 + (int) (t * text.length), rng.fold(1 + from + j));
                };
            }
            var losses = losses(noisy, text);
            for (int j = 0; j < n; j++) {
                for (int i = 0; i < text.length; i++) {
                    bounds[from + j] += noisy[j][i] == process.mask() ? losses[j][i] * weights[j] : 0;
                }
            }
        }
        return bounds;
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
            var text = Arrays.copyOfRange(ids, start, Math.min(ids.length, start + length));
            int rows = Math.max(1, TOKENS_PER_BATCH / text.length);
            for (int from = 0; from < text.length; from += rows) {
                var noisy = new long[Math.min(rows, text.length - from)][];
                for (int j = 0; j < noisy.length; j++) {
                    noisy[j] = widen(text);
                    Arrays.fill(noisy[j], from + j, text.length, process.mask());
                }
                var losses = losses(noisy, text);
                for (int j = 0; j < noisy.length; j++) {
                    total += losses[j][from + j];
                }
            }
        }
        return new Estimate(total / ids.length, 0, ids.length);
    }

    /// `-log p(x_i | noisy row)` for every row and position.
    private double[][] losses(long[][] noisy, int[] text) {
        int t = text.length;
        var flat = Arrays.stream(noisy).flatMapToLong(Arrays::stream).toArray();
        var targets = new long[flat.length];
        for (int i = 0; i < targets.length; i++) {
            targets[i] = text[i % t];
        }
        try (var scope = Scope.open("likelihood")) {
            double[] values = scope.call(() -> Dispatch.unrecorded(() -> process.crossEntropy(network,
                    Tensor.of(flat, noisy.length, t), Tensor.of(targets, noisy.length, t), Pass.INFERENCE)
                            .toDoubles()));
            var losses = new double[noisy.length][];
            for (int j = 0; j < losses.length; j++) {
                losses[j] = Arrays.copyOfRange(values, j * t, (j + 1) * t);
            }
            return losses;
        }
    }

    private static long[] widen(int[] ids) {
        return Arrays.stream(ids).asLongStream().toArray();
    }

    private static void requireText(int[] ids) {
        if (ids.length == 0) {
            throw new IllegalArgumentException("likelihood: there is no text to score");
        }
    }
}
