package org.sfumato.models.diffusion;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.sfumato.tensor.Rng;

/// Ancestral sampling with corrections between the steps: after each but the last, some open places get a new noisy
/// token each, drawn given all others at that time,
///
///   `z_i ~ q(z_i | z_-i) = alpha(t) p(x_i | z_-i) + n(t)`.
///
/// Of one place at a time that is Gibbs sampling, which leaves the distribution of a noisy text as it is: what an
/// ancestral step got wrong is mended, and more passes bring better texts at the same time steps. Of several places at
/// once it is the faster approximation. Source: Campbell et al. 2022, arXiv 2205.14987, correctors; with the
/// place's own token left out as huggingface/diffusers does for uniform noise.
///
/// @param steps the sampler between whose steps it is done; of a process whose noise can be any token
/// @param passes after each step
/// @param places that each pass draws anew
/// @param shown what the network's prediction of a place was given
public record GibbsSampler(AncestralSampler steps, int passes, int places, Shown shown) implements Sampler {
    /// What a network's distribution of the clean token at a place is given.
    public enum Shown {
        /// The tokens of all other places: what the bounds of noise processes teach, whose posteriors it makes exact.
        OTHERS,
        /// The place's own noisy token too, as cross-entropy teaches; `1 + alpha / n` is taken from its odds.
        ALL
    }

    /// Checks the numbers.
    public GibbsSampler {
        if (passes < 0 || places < 1) {
            throw new IllegalArgumentException("gibbs: " + passes + " passes must be at least 0, places " + places
                    + " at least 1");
        }
        var process = steps.process();
        for (int v = 0; v < process.ids(); v++) {
            if (!(process.noise(v, process.time(.5)) > 0)) {
                throw new IllegalArgumentException("gibbs: the noise of " + process.getClass().getSimpleName()
                        + " is never token " + v + "\nhint: a uniform or mixture process");
            }
        }
    }

    @Override
    public int[] fill(Canvas canvas, Rng rng, Observer observer) {
        return steps.run(steps.noise(canvas, rng), 1, rng, observer, new Pass());
    }

    /// `ids` after one pass at time `t`.
    public int[] correct(Canvas canvas, double t, Rng rng) {
        var ids = canvas.ids().clone();
        new Pass().correct(ids, canvas.open(), steps.predictor().withoutPrompt(canvas, rng.fold(2)), t, rng);
        return ids;
    }

    private final class Pass implements AncestralSampler.Between {
        @Override
        public int passes() {
            return passes;
        }

        @Override
        public List<Choice> correct(int[] ids, boolean[] open, int[] free, double t, Rng rng) {
            int[] all = new Canvas(ids, open).places();
            var order = rng.fold(0).permutation(all.length);
            int[] chosen = Arrays.stream(order).limit(places).map(i -> all[i]).toArray();
            var predicted = steps.predictor().at(chosen, ids, open, free, t, shown == Shown.ALL);
            var process = steps.process();
            var choices = new ArrayList<Choice>();
            for (int j = 0; j < chosen.length; j++) {
                var p = predicted[j].probabilities();
                var q = new double[p.length];
                for (int v = 0; v < q.length; v++) {
                    q[v] = process.alpha(t) * p[v] + process.noise(v, t);
                }
                int token = NoisyPredictor.draw(q, rng.fold(1).uniformDouble(chosen[j]));
                if (token != ids[chosen[j]]) {
                    choices.add(new Choice(chosen[j], token, p[token], predicted[j].entropy()));
                }
                ids[chosen[j]] = token;
            }
            return List.copyOf(choices);
        }
    }
}
