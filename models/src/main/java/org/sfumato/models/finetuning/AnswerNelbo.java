package org.sfumato.models.finetuning;

import java.util.Arrays;
import org.sfumato.models.Denoiser;
import org.sfumato.models.Noisy;
import org.sfumato.models.diffusion.Estimate;
import org.sfumato.models.masked.MaskedProcess;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// The bound of an answer's negative log-likelihood given its prompt: of n tokens of the answer l are hidden, l uniform
/// in 1..n, each of which counts `n / l`; the prompt stays. Source: Nie et al. 2025, arXiv 2502.09992, equation 6.
public record AnswerNelbo(Denoiser network, MaskedProcess process) {
    private static final int TOKENS_PER_BATCH = 4096;

    /// The bound from `samples` maskings, their numbers of hidden tokens spread evenly, in nats per token of
    /// the answer. The standard error is that of the samples, NaN for one.
    ///
    /// @throws IllegalArgumentException if there is no sample
    public Estimate estimate(PromptAnswer pair, int samples, Rng rng) {
        if (samples < 1) {
            throw new IllegalArgumentException("nelbo: samples = " + samples + " must be at least 1");
        }
        var bounds = new double[samples];
        double u = rng.uniformDouble(0);
        int rows = Math.max(1, TOKENS_PER_BATCH / pair.length());
        for (int from = 0; from < samples; from += rows) {
            int n = Math.min(rows, samples - from);
            var counts = new int[n];
            for (int j = 0; j < n; j++) {
                double spread = (u + (double) (from + j) / samples) % 1;
                counts[j] = 1 + (int) (spread * pair.answer().length);
            }
            System.arraycopy(bounds(pair, counts, rng.fold(from)), 0, bounds, from, n);
        }
        double mean = Arrays.stream(bounds).average().orElseThrow();
        double variance = Arrays.stream(bounds).map(b -> (b - mean) * (b - mean)).sum() / (samples - 1) / samples;
        int n = pair.answer().length;
        return new Estimate(mean / n, Math.sqrt(variance) / n, n);
    }

    /// One estimate of the bound of the whole answer for each number of hidden tokens.
    private double[] bounds(PromptAnswer pair, int[] counts, Rng rng) {
        int width = pair.length();
        int begin = pair.prompt().length;
        var clean = new long[counts.length * width];
        var hidden = new boolean[clean.length];
        var alpha = new float[counts.length];
        for (int row = 0; row < counts.length; row++) {
            for (int i = 0; i < width; i++) {
                clean[row * width + i] = i < begin ? pair.prompt()[i] : pair.answer()[i - begin];
            }
            var order = rng.fold(row).permutation(width - begin);
            for (int i = 0; i < counts[row]; i++) {
                hidden[row * width + begin + order[i]] = true;
            }
            alpha[row] = 1 - (float) counts[row] / (width - begin);
        }
        double[] terms;
        try (var scope = Scope.open("nelbo")) {
            terms = scope.call(() -> Dispatch.unrecorded(() -> {
                var ids = Tensor.of(clean, counts.length, width);
                var noisy = new Noisy(ids.maskedFill(Tensor.of(hidden, counts.length, width), process.mask()),
                        Tensor.of(alpha, counts.length, 1));
                return process.crossEntropy(network, noisy, ids, Pass.INFERENCE).toDoubles();
            }));
        }
        var bounds = new double[counts.length];
        for (int row = 0; row < counts.length; row++) {
            bounds[row] = Arrays.stream(terms, row * width, (row + 1) * width).sum() * (width - begin) / counts[row];
        }
        return bounds;
    }
}
