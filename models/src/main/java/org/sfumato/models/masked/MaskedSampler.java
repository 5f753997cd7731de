package org.sfumato.models.masked;

import java.util.Arrays;
import org.sfumato.models.Denoiser;
import org.sfumato.models.Noisy;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// Writes text by unmasking. A canvas is a row of ids in which [MASK] stands at the open positions; the rest, wherever
/// it stands, is the prompt and stays. So writing on and filling gaps are the same thing.
///
/// Each step predicts all open positions and writes some of them: of `m` open positions in a block with `n` steps left
/// to it, `m / n` rounded down, and one more in the first `m mod n` steps. What is written stays. [MASK] itself is
/// never written. Source: Nie et al. 2025, arXiv 2502.09992, algorithms 4 and 5; the temperature by Gumbel's trick in
/// float64: Zheng et al. 2024, arXiv 2409.02908.
public final class MaskedSampler {
    /// Told after every step.
    @FunctionalInterface
    public interface Observer {
        /// Sees nothing.
        Observer NONE = (_, _, _) -> { };

        /// Step `step` of `steps` is done and the canvas holds `ids`, not to be changed.
        void step(int step, int steps, int[] ids);
    }

    private final Denoiser network;
    private final MaskedProcess process;
    private final Sampling sampling;

    /// A sampler for `network`.
    public MaskedSampler(Denoiser network, MaskedProcess process, Sampling sampling) {
        this.network = network;
        this.process = process;
        this.sampling = sampling;
    }

    /// The number of positions written in each of `steps` steps, `open` in all.
    static int[] transferCounts(int open, int steps) {
        var counts = new int[steps];
        for (int i = 0; i < steps; i++) {
            counts[i] = open / steps + (i < open % steps ? 1 : 0);
        }
        return counts;
    }

    /// Fills the open positions of `canvas` and returns the whole.
    ///
    /// @throws IllegalArgumentException if there are fewer steps than blocks
    public int[] fill(int[] canvas, Rng rng, Observer observer) {
        var ids = canvas.clone();
        int[] open = java.util.stream.IntStream.range(0, ids.length).filter(i -> ids[i] == process.mask()).toArray();
        int blocks = Math.ceilDiv(open.length, sampling.block());
        if (open.length > 0 && sampling.steps() < blocks) {
            throw new IllegalArgumentException("sampling: " + sampling.steps() + " steps are fewer than the " + blocks
                    + " blocks of " + sampling.block() + "\nhint: more steps or a larger block");
        }
        var stepsOfBlock = blocks == 0 ? new int[0] : transferCounts(sampling.steps(), blocks);
        int step = 0;
        for (int k = 0; k < blocks; k++) {
            int[] block = Arrays.copyOfRange(open, k * sampling.block(),
                    Math.min(open.length, (k + 1) * sampling.block()));
            int steps = Math.min(stepsOfBlock[k], block.length);
            for (int count : transferCounts(block.length, steps)) {
                write(ids, canvas, block, count, rng.fold(step));
                observer.step(++step, sampling.steps(), ids);
            }
        }
        return ids;
    }

    /// One step: writes `count` of the positions of `block` that are still open.
    private void write(int[] ids, int[] canvas, int[] block, int count, Rng rng) {
        var logits = logits(ids, canvas);
        int[] open = Arrays.stream(block).filter(i -> ids[i] == process.mask()).toArray();
        var token = new int[open.length];
        var confidence = new double[open.length];
        for (int j = 0; j < open.length; j++) {
            token[j] = draw(logits[open[j]], rng.fold(2L * open[j]));
            confidence[j] = switch (sampling.order()) {
                case CONFIDENCE -> probability(logits[open[j]], token[j]);
                case RANDOM -> rng.fold(2L * open[j] + 1).uniformDouble(0);
            };
        }
        java.util.stream.IntStream.range(0, open.length).boxed()
                .sorted((a, b) -> Double.compare(confidence[b], confidence[a]))  // stable: the leftmost among equals
                .limit(count).forEach(j -> ids[open[j]] = token[j]);
    }

    /// The logits of every position in float64, guided, [MASK] at minus infinity.
    private double[][] logits(int[] ids, int[] canvas) {
        boolean guided = sampling.guidance() > 0;
        var rows = new long[guided ? 2 : 1][ids.length];
        for (int i = 0; i < ids.length; i++) {
            rows[0][i] = ids[i];
            if (guided) {
                rows[1][i] = canvas[i] == process.mask() ? ids[i] : process.mask();      // the prompt hidden
            }
        }
        var flat = Arrays.stream(rows).flatMapToLong(Arrays::stream).toArray();
        double[] values;
        try (var scope = Scope.open("sampler")) {
            values = scope.call(() -> Dispatch.unrecorded(() ->
                    network.forward(Noisy.of(Tensor.of(flat, rows.length, ids.length)), Pass.INFERENCE).toDoubles()));
        }
        int vocabulary = values.length / flat.length;
        var logits = new double[ids.length][vocabulary];
        for (int i = 0; i < ids.length; i++) {
            for (int v = 0; v < vocabulary; v++) {
                double conditional = values[i * vocabulary + v];
                double free = guided ? values[(ids.length + i) * vocabulary + v] : 0;
                logits[i][v] = guided ? free + (1 + sampling.guidance()) * (conditional - free) : conditional;
            }
            logits[i][process.mask()] = Double.NEGATIVE_INFINITY;
        }
        return logits;
    }

    /// The token with the largest `logit - T log(-log u)`, `u` uniform: a sample of `softmax(logits / T)`.
    private int draw(double[] logits, Rng rng) {
        int best = -1;
        double most = Double.NEGATIVE_INFINITY;
        for (int v = 0; v < logits.length; v++) {
            double value = logits[v];
            if (sampling.temperature() > 0) {
                double u = Math.max(rng.uniformDouble(v), 0x1p-54);
                value -= sampling.temperature() * Math.log(-Math.log(u));
            }
            if (value > most || best < 0 && value != Double.NEGATIVE_INFINITY) {
                most = value;
                best = v;
            }
        }
        if (best < 0 || Double.isNaN(most)) {
            throw new ArithmeticException("sampling: the logits hold no finite number"
                    + "\nhint: the model may have diverged in training");
        }
        return best;
    }

    private static double probability(double[] logits, int token) {
        double max = Arrays.stream(logits).max().orElseThrow();
        double sum = 0;
        for (double logit : logits) {
            sum += Math.exp(logit - max);
        }
        return Math.exp(logits[token] - max) / sum;
    }
}
