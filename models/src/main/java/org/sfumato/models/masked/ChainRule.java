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
/// This is another quantity than the bound of the process. Text is cut into windows that are scored apart, with one
/// pass of the network for each token.
///
/// @param network predicts hidden tokens
/// @param process hides them
/// @param length tokens of a window at most
public record ChainRule(Denoiser network, MaskedProcess process, int length) {
    /// Which token is revealed next.
    public enum Reveal {
        /// The leftmost hidden one.
        LEFT_TO_RIGHT,
        /// The one at whose place the network's largest probability is largest: what the greedy sampler of one token a
        /// step would write.
        CONFIDENCE
    }

    private static final int TOKENS_PER_BATCH = 4096;

    /// The exact negative log-likelihood.
    ///
    /// @throws IllegalArgumentException if there is no text
    public Estimate estimate(int[] ids, Reveal reveal) {
        if (ids.length == 0) {
            throw new IllegalArgumentException("chain rule: there is no text to score");
        }
        double total = 0;
        int whole = ids.length / length;
        int group = Math.max(1, TOKENS_PER_BATCH / length);
        for (int first = 0; first < whole; first += group) {
            total += windows(ids, first * length, Math.min(group, whole - first), length, reveal);
        }
        if (whole * length < ids.length) {
            total += windows(ids, whole * length, 1, ids.length - whole * length, reveal);
        }
        return new Estimate(total / ids.length, 0, ids.length);
    }

    /// The sum over `count` windows of `width` tokens.
    private double windows(int[] ids, int from, int count, int width, Reveal reveal) {
        var clean = Arrays.stream(ids, from, from + count * width).asLongStream().toArray();
        var seen = new long[clean.length];
        Arrays.fill(seen, process.mask());
        double total = 0;
        for (int step = 0; step < width; step++) {
            var predicted = predict(seen, clean, count, width, 1 - (float) (width - step) / width);
            for (int row = 0; row < count; row++) {
                int place = place(seen, predicted.largest, row * width, width, reveal);
                total -= predicted.right[place];
                seen[place] = clean[place];
            }
        }
        return total;
    }

    private int place(long[] seen, double[] largest, int from, int width, Reveal reveal) {
        int best = -1;
        for (int i = from; i < from + width; i++) {
            if (seen[i] == process.mask() && (best < 0
                    || reveal == Reveal.CONFIDENCE && largest[i] > largest[best])) {
                best = i;
            }
        }
        return best;
    }

    /// Log-probabilities of every place: the largest one and that of the clean token.
    private record Predicted(double[] largest, double[] right) { }

    private Predicted predict(long[] seen, long[] clean, int rows, int width, float alpha) {
        var shares = new float[rows];
        Arrays.fill(shares, alpha);
        try (var scope = Scope.open("chain rule")) {
            return scope.call(() -> Dispatch.unrecorded(() -> {
                var noisy = new Noisy(Tensor.of(seen, rows, width), Tensor.of(shares, rows, 1));
                var log = process.substitute(network.forward(noisy, Pass.INFERENCE)).logSoftmax(-1);
                var right = log.gather(-1, Tensor.of(clean, rows, width, 1));
                return new Predicted(log.max(false, -1).toDoubles(), right.toDoubles());
            }));
        }
    }
}
