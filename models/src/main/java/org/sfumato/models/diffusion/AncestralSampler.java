package org.sfumato.models.diffusion;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.sfumato.models.Denoiser;
import org.sfumato.tensor.Rng;

/// Undoes noise step by step in time: from noise, in every step each open place is drawn from `q(z_s | z_t, x)` with
/// the network's prediction for x. What is written can change again where the process allows that, as uniform noise
/// does. All probabilities are float64. Sources: Austin et al. 2021, arXiv 2107.03006; Sahoo et al. 2025, arXiv
/// 2506.10892.
///
/// @param network predicts clean tokens
/// @param process makes the noise
/// @param steps passes through the network
/// @param temperature of the predictions; 0 takes the likeliest token for x in every step
/// @param guidance `w` of classifier-free guidance, logits `u + (1 + w)(c - u)`, with noise in place of the prompt for
///     `u`; 0 for none
/// @param greedyTail true if the last step takes the likeliest tokens instead of drawing them
/// @param rules applied to the logits in this order
public record AncestralSampler(Denoiser network, NoiseProcess process, int steps, double temperature, double guidance,
        boolean greedyTail, List<LogitRule> rules) implements Sampler {
    /// Checks the values.
    public AncestralSampler {
        if (steps < 1 || !(temperature >= 0) || !(guidance >= 0)) {
            throw new IllegalArgumentException("sampling: steps " + steps + " must be at least 1, temperature "
                    + temperature + " and guidance " + guidance + " at least 0");
        }
        rules = List.copyOf(rules);
    }

    /// Without guidance and rules, every step drawn.
    public static AncestralSampler of(Denoiser network, NoiseProcess process, int steps) {
        return new AncestralSampler(network, process, steps, 1, 0, false, List.of());
    }

    /// What is done to a canvas after a step.
    interface Between {
        /// How often it is done.
        int passes();

        /// One pass at time `t`.
        ///
        /// @param ids the canvas, changed in place
        /// @return what was changed
        List<Choice> correct(int[] ids, boolean[] open, int[] free, double t, Rng rng);
    }

    private static final class Nothing implements Between {
        @Override
        public int passes() {
            return 0;
        }

        @Override
        public List<Choice> correct(int[] ids, boolean[] open, int[] free, double t, Rng rng) {
            return List.of();
        }
    }

    NoisyPredictor predictor() {
        return new NoisyPredictor(network, process, temperature, guidance, rules);
    }

    @Override
    public int[] fill(Canvas canvas, Rng rng, Observer observer) {
        return run(noise(canvas, rng), 1, rng, observer, new Nothing());
    }

    /// The canvas, whose open places hold tokens with the noise of the time that belongs to `u`, without that noise: so
    /// a process that replaces tokens mends a text with errors at unknown places.
    ///
    /// @param u in (0, 1], see [NoiseProcess#time]
    public int[] denoise(Canvas canvas, double u, Rng rng, Observer observer) {
        return run(canvas, u, rng, observer, new Nothing());
    }

    /// The canvas with noise at its open places.
    Canvas noise(Canvas canvas, Rng rng) {
        var ids = canvas.ids().clone();
        var noise = new double[process.ids()];
        Arrays.setAll(noise, v -> process.noise(v, process.time(1)));
        for (int i : canvas.places()) {
            ids[i] = NoisyPredictor.draw(noise, rng.fold(steps).uniformDouble(i));
        }
        return new Canvas(ids, canvas.open());
    }

    int[] run(Canvas canvas, double u, Rng rng, Observer observer, Between between) {
        var ids = canvas.ids().clone();
        int[] open = canvas.places();
        var free = predictor().withoutPrompt(canvas, rng.fold(steps + 1));
        int most = steps + (steps - 1) * between.passes();
        int done = 0;
        for (int step = 0; step < steps && open.length > 0; step++) {
            double t = process.time(u * (1 - (double) step / steps));
            double s = process.time(u * (1 - (double) (step + 1) / steps));
            boolean last = step == steps - 1;
            var own = rng.fold(step);
            var predicted = predictor().at(open, ids, canvas.open(), free, t, false);
            observer.step(new Step(++done, most, ids, step(open, ids, predicted, last ? t : s, t, last, own)));
            for (int pass = 0; pass < between.passes() && !last; pass++) {
                observer.step(new Step(++done, most, ids, between.correct(ids, canvas.open(), free, s,
                        own.fold(ids.length + pass))));
            }
        }
        return ids;
    }

    private List<Choice> step(int[] open, int[] ids, Distribution[] predicted, double s, double t, boolean last,
            Rng own) {
        var choices = new ArrayList<Choice>();
        for (int j = 0; j < open.length; j++) {
            int i = open[j];
            var p = predicted[j].probabilities();
            int token = last && greedyTail ? predicted[j].likeliest() : NoisyPredictor.draw(
                    last ? process.denoised(p, ids[i], t) : process.posterior(p, ids[i], s, t), own.uniformDouble(i));
            if (token != ids[i]) {
                choices.add(new Choice(i, token, p[token], predicted[j].entropy()));
            }
            ids[i] = token;
        }
        return List.copyOf(choices);
    }
}
