package org.sfumato.models.masked;

import java.util.Arrays;
import org.sfumato.models.Denoiser;
import org.sfumato.models.Noisy;
import org.sfumato.models.diffusion.Estimate;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// Scores text exactly for a model that reveals one token after the other: the sum of `-log p(x_i | what is revealed)`.
/// This is another quantity than the bound of the process. Text is cut into windows that are scored apart.
///
/// @param network predicts hidden tokens
/// @param process hides them
/// @param length tokens of a window at most
public record ChainRule(Denoiser network, MaskedProcess process, int length) {
    private static final int TOKENS_PER_BATCH = 4096;

    private static long[] window(int[] ids, int from, int width) {
        return Arrays.stream(ids, from, from + width).asLongStream().toArray();
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
        try (var scope = Scope.open("chain rule")) {
            double[] values = scope.call(() -> Dispatch.unrecorded(() -> process.crossEntropy(network,
                    Noisy.of(Tensor.of(ids, noisy.length, t)), Tensor.of(targets, noisy.length, t), Pass.INFERENCE)
                    .toDoubles()));
            var losses = new double[noisy.length][];
            for (int j = 0; j < losses.length; j++) {
                losses[j] = Arrays.copyOfRange(values, j * t, (j + 1) * t);
            }
            return losses;
        }
    }

    private static void requireText(int[] ids) {
        if (ids.length == 0) {
            throw new IllegalArgumentException("chain rule: there is no text to score");
        }
    }
}
