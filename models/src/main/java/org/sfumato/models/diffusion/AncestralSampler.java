package org.sfumato.models.diffusion;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.sfumato.models.Denoiser;
import org.sfumato.models.Noisy;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// Undoes noise step by step in time: from noise, in every step each open place is drawn from `q(z_s | z_t, x)` with
/// the network's prediction for x. What is written can change again where the process allows that, as uniform noise
/// does. All probabilities are float64. Sources: Austin et al. 2021, arXiv 2107.03006; Sahoo et al. 2025, arXiv
/// 2506.10892.
///
/// @param network predicts clean tokens
/// @param process makes the noise
/// @param steps passes through the network
/// @param temperature of the predictions; 0 takes the likeliest token for x in every step
/// @param greedyTail true if the last step takes the likeliest tokens instead of drawing them
/// @param rules applied to the logits in this order
public record AncestralSampler(Denoiser network, NoiseProcess process, int steps, double temperature,
        boolean greedyTail, List<LogitRule> rules) implements Sampler {
    /// Checks the values.
    public AncestralSampler {
        if (steps < 1 || !(temperature >= 0)) {
            throw new IllegalArgumentException("sampling: steps " + steps + " must be at least 1, temperature "
                    + temperature + " at least 0");
        }
        rules = List.copyOf(rules);
    }

    /// Without rules, every step drawn.
    public static AncestralSampler of(Denoiser network, NoiseProcess process, int steps) {
        return new AncestralSampler(network, process, steps, 1, false, List.of());
    }

    @Override
    public int[] fill(Canvas canvas, Rng rng, Observer observer) {
        var ids = canvas.ids().clone();
        int[] open = canvas.places();
        var noise = new double[process.ids()];
        Arrays.setAll(noise, v -> process.noise(v, process.time(1)));
        for (int i : open) {
            ids[i] = draw(noise, rng.fold(steps).uniformDouble(i));
        }
        return denoise(new Canvas(ids, canvas.open()), 1, rng, observer);
    }

    /// The canvas, whose open places hold tokens with the noise of the time that belongs to `u`, without that noise: so
    /// a process that replaces tokens mends a text with errors at unknown places.
    ///
    /// @param u in (0, 1], see [NoiseProcess#time]
    public int[] denoise(Canvas canvas, double u, Rng rng, Observer observer) {
        var ids = canvas.ids().clone();
        int[] open = canvas.places();
        for (int step = 0; step < steps && open.length > 0; step++) {
            boolean last = step == steps - 1;
            double t = process.time(u * (1 - (double) step / steps));
            double s = process.time(u * (1 - (double) (step + 1) / steps));
            var predicted = predictions(open, ids, process.alpha(t));
            var own = rng.fold(step);
            var choices = new ArrayList<Choice>();
            for (int j = 0; j < open.length; j++) {
                int i = open[j];
                var p = predicted[j].probabilities();
                int token = last && greedyTail ? predicted[j].likeliest()
                        : draw(last ? process.denoised(p, ids[i], t) : process.posterior(p, ids[i], s, t),
                                own.uniformDouble(i));
                if (token != ids[i]) {
                    choices.add(new Choice(i, token, p[token], predicted[j].entropy()));
                }
                ids[i] = token;
            }
            observer.step(new Step(step + 1, steps, ids, List.copyOf(choices)));
        }
        return ids;
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
            found[j] = prediction(Arrays.copyOfRange(logits, j * width, (j + 1) * width), open[j], ids);
        }
        return found;
    }

    private Distribution prediction(double[] logits, int place, int[] ids) {
        for (int v = 0; v < logits.length; v++) {
            logits[v] = process.isText(v) ? logits[v] : Double.NEGATIVE_INFINITY;
        }
        for (var rule : rules) {
            rule.apply(logits, place, ids);
        }
        int likeliest = Distribution.of(logits).likeliest();
        for (int v = 0; v < logits.length; v++) {
            logits[v] = temperature > 0 ? logits[v] / temperature : v == likeliest ? 0 : Double.NEGATIVE_INFINITY;
        }
        return Distribution.of(logits);
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
