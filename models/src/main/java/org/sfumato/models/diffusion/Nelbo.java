package org.sfumato.models.diffusion;

import java.util.Arrays;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// Scores text by a variational bound. Text is cut into windows that are scored apart.
///
/// @param <N> the kind of network
/// @param network of which the bound is taken
/// @param bound of which process
/// @param length tokens of a window, the last of which may be shorter
public record Nelbo<N>(N network, VariationalBound<? super N> bound, int length) {
    private static final int TOKENS_PER_BATCH = 4096;

    /// Checks the length.
    public Nelbo {
        if (length < 1) {
            throw new IllegalArgumentException("nelbo: length " + length + " must be at least 1");
        }
    }

    /// The bound of the negative log-likelihood of `ids`, from `samples` noisy versions of every window, their noise
    /// spread evenly over its levels.
    ///
    /// The standard error is that of the samples, from their variance within each window; it needs two samples at least
    /// and is NaN for one. Of an exact bound one sample is taken, and the error is 0.
    ///
    /// @throws IllegalArgumentException if there is no text or no sample
    public Estimate estimate(int[] ids, int samples, Rng rng) {
        if (ids.length == 0) {
            throw new IllegalArgumentException("nelbo: there is no text to score");
        }
        if (samples < 1) {
            throw new IllegalArgumentException("nelbo: samples = " + samples + " must be at least 1");
        }
        return bound.isExact() ? sampled(ids, 1, rng).exact() : sampled(ids, samples, rng);
    }

    private Estimate sampled(int[] ids, int samples, Rng rng) {
        double total = 0;
        double variance = 0;
        int whole = ids.length / length;                                                    // windows of full length
        int group = Math.max(1, TOKENS_PER_BATCH / Math.multiplyExact(length, samples));    // of them scored together
        for (int first = 0; first * (long) length < ids.length; ) {
            int last = first < whole ? Math.min(first + group, whole) : first + 1;
            for (var bounds : bounds(ids, first, last, samples, rng)) {
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
    private double[][] bounds(int[] ids, int first, int last, int samples, Rng rng) {
        var bounds = new double[last - first][samples];
        int width = Math.min(length, ids.length - first * length);
        int rows = Math.max(1, TOKENS_PER_BATCH / width);
        int all = (last - first) * samples;
        for (int from = 0; from < all; from += rows) {
            int n = Math.min(rows, all - from);
            var clean = new long[n * width];
            var u = new double[n];
            for (int j = 0; j < n; j++) {
                int window = first + (from + j) / samples;
                int sample = (from + j) % samples;
                u[j] = (rng.fold(window).uniformDouble(0) + (double) sample / samples) % 1;
                for (int i = 0; i < width; i++) {
                    clean[j * width + i] = ids[window * length + i];
                }
            }
            var terms = terms(clean, u, rng.fold(first).fold(from));
            for (int j = 0; j < n; j++) {
                bounds[(from + j) / samples][(from + j) % samples] =
                        Arrays.stream(terms, j * width, (j + 1) * width).sum();
            }
        }
        return bounds;
    }

    private double[] terms(long[] clean, double[] u, Rng rng) {
        try (var scope = Scope.open("nelbo")) {
            return scope.call(() -> Dispatch.unrecorded(() -> bound.terms(network,
                    Tensor.of(clean, u.length, clean.length / u.length), u, rng, Pass.INFERENCE).toDoubles()));
        }
    }
}
