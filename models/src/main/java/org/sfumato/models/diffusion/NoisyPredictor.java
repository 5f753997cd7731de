package org.sfumato.models.diffusion;

import java.util.Arrays;
import java.util.List;
import org.sfumato.models.Denoiser;
import org.sfumato.models.Noisy;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// What a network predicts at some places of a noisy canvas: distributions of the clean tokens in float64, guided.
///
/// Guidance needs the canvas without its prompt. A process without masks has no other way to say that nothing is known
/// of a place than noise, so the prompt's places hold noise of time 1 there, the same in all steps.
///
/// @param temperature 0 takes the likeliest token for the clean one
/// @param guidance `w`, logits `u + (1 + w)(c - u)` with `u` those without the prompt; 0 for none
/// @param rules applied to the logits in this order
record NoisyPredictor(Denoiser network, NoiseProcess process, double temperature, double guidance,
        List<LogitRule> rules) {
    /// What stands in the prompt's place when it is not to be seen.
    int[] withoutPrompt(Canvas canvas, Rng rng) {
        var free = canvas.ids().clone();
        var noise = new double[process.ids()];
        Arrays.setAll(noise, v -> process.noise(v, process.time(1)));
        for (int i = 0; i < free.length; i++) {
            if (!canvas.open()[i]) {
                free[i] = draw(noise, rng.uniformDouble(i));
            }
        }
        return free;
    }

    /// The distributions at `places`.
    ///
    /// @param ids the canvas
    /// @param open its open places
    /// @param free what stands at the other ones where there is no prompt
    /// @param t the time of its noise
    /// @param leave true if the network was shown what stands at a place and that is to be left out
    Distribution[] at(int[] places, int[] ids, boolean[] open, int[] free, double t, boolean leave) {
        int rows = guidance > 0 ? 2 : 1;
        var seen = new long[rows * ids.length];
        for (int i = 0; i < seen.length; i++) {
            int place = i % ids.length;
            seen[i] = i >= ids.length && !open[place] ? free[place] : ids[place];
        }
        var values = logits(seen, rows, places, process.alpha(t));
        int width = values.length / rows / places.length;
        var found = new Distribution[places.length];
        for (int j = 0; j < found.length; j++) {
            var logits = Arrays.copyOfRange(values, j * width, (j + 1) * width);
            for (int v = 0; guidance > 0 && v < width; v++) {
                double unguided = values[(places.length + j) * width + v];
                logits[v] = unguided + (1 + guidance) * (logits[v] - unguided);
            }
            int here = ids[places[j]];
            logits[here] -= leave ? Math.log1p(process.alpha(t) / process.noise(here, t)) : 0;
            found[j] = prediction(logits, places[j], ids);
        }
        return found;
    }

    private double[] logits(long[] seen, int rows, int[] places, double alpha) {
        var at = Arrays.stream(places).asLongStream().toArray();
        var alphas = new float[rows];
        Arrays.fill(alphas, (float) alpha);
        try (var scope = Scope.open("sampler")) {
            return scope.call(() -> Dispatch.unrecorded(() -> network.forward(
                    new Noisy(Tensor.of(seen, rows, seen.length / rows), Tensor.of(alphas, rows, 1)), Pass.INFERENCE)
                    .indexSelect(1, Tensor.of(at, at.length)).toDoubles()));
        }
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
    static int draw(double[] p, double u) {
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
