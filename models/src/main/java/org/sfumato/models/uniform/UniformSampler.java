package org.sfumato.models.uniform;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.sfumato.models.Denoiser;
import org.sfumato.models.Noisy;
import org.sfumato.models.diffusion.Canvas;
import org.sfumato.models.diffusion.Distribution;
import org.sfumato.models.diffusion.Sampler;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// Writes text by undoing uniform noise (ancestral sampling): from random tokens, in every step each open place is
/// drawn from `q(z_s | z_t, x)` with the network's prediction for x, so that any of them may change again. All
/// probabilities are float64. Source: Sahoo et al. 2025, arXiv 2506.10892.
///
/// @param network predicts clean tokens
/// @param process makes the noise
/// @param steps passes through the network
/// @param temperature divides the logits; 0 takes the likeliest token for x in every step
/// @param greedyTail true if the last step takes the likeliest tokens instead of drawing them
public record UniformSampler(Denoiser network, UniformProcess process, int steps, double temperature,
        boolean greedyTail) implements Sampler {
    /// Checks the values.
    public UniformSampler {
        if (steps < 1 || !(temperature >= 0)) {
            throw new IllegalArgumentException("sampling: steps " + steps + " must be at least 1, temperature "
                    + temperature + " at least 0");
        }
    }

    @Override
    public int[] fill(Canvas canvas, Rng rng, Observer observer) {
        var ids = canvas.ids().clone();
        int[] open = canvas.places();
        for (int i : open) {
            ids[i] = (int) rng.below(i, process.vocabulary());
        }
        for (int step = 0; step < steps && open.length > 0; step++) {
            boolean last = step == steps - 1;
            double alphaT = alpha(step);
            double alphaS = last ? 1 : alpha(step + 1);
            var predicted = predictions(open, ids, alphaT);
            var own = rng.fold(step);
            var choices = new ArrayList<Choice>();
            for (int j = 0; j < open.length; j++) {
                int i = open[j];
                int token = last && greedyTail ? likeliest(predicted[j].probabilities())
                        : draw(process.posterior(predicted[j].probabilities(), ids[i], alphaS, alphaT),
                                own.uniformDouble(i));
                if (token != ids[i] || step == 0) {
                    choices.add(new Choice(i, token, predicted[j].probabilities()[token], predicted[j].entropy()));
                }
                ids[i] = token;
            }
            observer.step(new Step(step + 1, steps, ids, List.copyOf(choices)));
        }
        return ids;
    }

    private double alpha(int step) {
        return process.schedule().alpha(process.time(1 - (double) step / steps));
    }

    /// The network's distributions of clean tokens at the open places.
    private Distribution[] predictions(int[] open, int[] ids, double alpha) {
        var row = Arrays.stream(ids).asLongStream().toArray();
        var at = Arrays.stream(open).asLongStream().toArray();
        double[] logits;
        try (var scope = Scope.open("sampler")) {
            logits = scope.call(() -> Dispatch.unrecorded(() -> network.forward(new Noisy(Tensor.of(row, 1, row.length),
                    Tensor.of(new float[] {(float) alpha}, 1, 1)), Pass.INFERENCE)
                    .indexSelect(1, Tensor.of(at, at.length)).toDoubles()));
        }
        int width = logits.length / open.length;
        var found = new Distribution[open.length];
        for (int j = 0; j < found.length; j++) {
            found[j] = tempered(Arrays.copyOfRange(logits, j * width, j * width + process.vocabulary()));
        }
        return found;
    }

    private Distribution tempered(double[] logits) {
        double max = Arrays.stream(logits).max().orElseThrow();
        for (int v = 0; v < logits.length; v++) {
            logits[v] = temperature > 0 ? logits[v] / temperature
                    : logits[v] == max ? 0 : Double.NEGATIVE_INFINITY;
        }
        return Distribution.of(logits);
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
