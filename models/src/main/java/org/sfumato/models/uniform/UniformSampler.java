package org.sfumato.models.uniform;

import java.util.Arrays;
import org.sfumato.models.Denoiser;
import org.sfumato.models.Noisy;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// Writes text by undoing uniform noise (ancestral sampling): from random tokens, in every step each open position is
/// drawn from `q(z_s | z_t, x)` with the network's prediction for x, so that any of them may change again. All
/// probabilities are float64. Source: Sahoo et al. 2025, arXiv 2506.10892, section 2 and appendix.
///
/// @param network predicts clean tokens
/// @param process makes the noise
/// @param steps passes through the network
/// @param temperature divides the logits; 0 takes the likeliest token for x in every step
/// @param greedyTail true if the last step takes the likeliest tokens instead of drawing them
public record UniformSampler(Denoiser network, UniformProcess process, int steps, double temperature,
        boolean greedyTail) {
    /// Told after every step.
    @FunctionalInterface
    public interface Observer {
        /// Sees nothing.
        Observer NONE = (_, _, _) -> { };

        /// Step `step` of `steps` is done and the canvas holds `ids`, not to be changed.
        void step(int step, int steps, int[] ids);
    }

    /// Checks the values.
    public UniformSampler {
        if (steps < 1 || !(temperature >= 0)) {
            throw new IllegalArgumentException("sampling: steps " + steps + " must be at least 1, temperature "
                    + temperature + " at least 0");
        }
    }

    /// A text of `length` tokens.
    public int[] sample(int length, Rng rng, Observer observer) {
        var open = new boolean[length];
        Arrays.fill(open, true);
        return fill(new int[length], open, rng, observer);
    }

    /// `canvas` with its open positions written; the others stay, in every step.
    ///
    /// @throws IllegalArgumentException if the lengths differ
    public int[] fill(int[] canvas, boolean[] open, Rng rng, Observer observer) {
        if (canvas.length != open.length) {
            throw new IllegalArgumentException("sampling: a canvas of " + canvas.length + " positions, "
                    + open.length + " said to be open or not");
        }
        var ids = canvas.clone();
        for (int i = 0; i < ids.length; i++) {
            ids[i] = open[i] ? (int) rng.below(i, process.vocabulary()) : ids[i];
        }
        for (int step = 0; step < steps; step++) {
            double t = process.time(1 - (double) step / steps);
            boolean last = step == steps - 1;
            double alphaT = process.schedule().alpha(t);
            double alphaS = last ? 1 : process.schedule().alpha(process.time(1 - (step + 1.0) / steps));
            var p = predictions(ids, alphaT);
            var own = rng.fold(step);
            for (int i = 0; i < ids.length; i++) {
                if (open[i]) {
                    ids[i] = last && greedyTail ? likeliest(p[i])
                            : draw(process.posterior(p[i], ids[i], alphaS, alphaT), own.uniformDouble(i));
                }
            }
            observer.step(step + 1, steps, ids);
        }
        return ids;
    }

    /// The network's probabilities of clean tokens in float64, by position.
    private double[][] predictions(int[] ids, double alpha) {
        var row = Arrays.stream(ids).asLongStream().toArray();
        double[] logits;
        try (var scope = Scope.open("sampler")) {
            logits = scope.call(() -> Dispatch.unrecorded(() -> network.forward(new Noisy(Tensor.of(row, 1, row.length),
                    Tensor.of(new float[] {(float) alpha}, 1, 1)), Pass.INFERENCE).toDoubles()));
        }
        int k = process.vocabulary();
        var p = new double[ids.length][];
        for (int i = 0; i < p.length; i++) {
            p[i] = softmax(Arrays.copyOfRange(logits, i * (logits.length / ids.length),
                    i * (logits.length / ids.length) + k));
        }
        return p;
    }

    private double[] softmax(double[] logits) {
        double max = Arrays.stream(logits).max().orElseThrow();
        if (!Double.isFinite(max)) {
            throw new ArithmeticException("sampling: the logits hold no finite number"
                    + "\nhint: the model may have diverged in training");
        }
        double sum = 0;
        for (int v = 0; v < logits.length; v++) {
            logits[v] = temperature == 0 ? (logits[v] == max ? 1 : 0) : Math.exp((logits[v] - max) / temperature);
            sum += logits[v];
        }
        for (int v = 0; v < logits.length; v++) {
            logits[v] /= sum;
        }
        return logits;
    }

    private static int likeliest(double[] p) {
        int best = 0;
        for (int v = 1; v < p.length; v++) {
            best = p[v] > p[best] ? v : best;
        }
        return best;
    }

    /// The token into whose share of `[0, sum)` the number `u` of `[0, 1)` falls.
    private static int draw(double[] p, double u) {
        double left = u * Arrays.stream(p).sum();
        int last = 0;
        for (int v = 0; v < p.length; v++) {
            if (p[v] > 0) {
                last = v;
                left -= p[v];
                if (left < 0) {
                    return v;
                }
            }
        }
        return last;
    }
}
