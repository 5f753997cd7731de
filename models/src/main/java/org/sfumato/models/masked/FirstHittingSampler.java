package org.sfumato.models.masked;

import java.util.Arrays;
import java.util.List;
import org.sfumato.models.Denoiser;
import org.sfumato.models.diffusion.Canvas;
import org.sfumato.models.diffusion.LogitRule;
import org.sfumato.models.diffusion.Sampler;
import org.sfumato.tensor.Rng;

/// Removes one mask a pass, at the time at which ancestral sampling in infinitely many steps would: with `m` masks
/// left and `h = 1 - alpha`, the next one goes at `h u^(1/m)`, u uniform, and each is as likely to be it. Source:
/// Zheng et al. 2024, arXiv 2409.02908, section 4.1.
///
/// @param network predicts hidden tokens, told alpha of that time
/// @param process hid them
/// @param temperature as in [Sampling]
/// @param guidance as in [Sampling]
/// @param rules as in [Sampling]
public record FirstHittingSampler(Denoiser network, MaskedProcess process, double temperature, double guidance,
        List<LogitRule> rules) implements Sampler {
    /// Checks the values.
    public FirstHittingSampler {
        if (!(temperature >= 0) || !(guidance >= 0)) {
            throw new IllegalArgumentException("sampling: temperature " + temperature + " and guidance " + guidance
                    + " must be at least 0");
        }
        rules = List.copyOf(rules);
    }

    @Override
    public int[] fill(Canvas canvas, Rng rng, Observer observer) {
        var draft = Draft.of(canvas, process.mask());
        var predictor = new MaskPredictor(network, process, guidance, rules);
        int[] left = draft.open();
        double hidden = 1;
        for (int step = 0; left.length > 0; step++) {
            var own = rng.fold(step);
            hidden *= Math.pow(own.uniformDouble(0), 1. / left.length);
            int place = left[(int) own.below(1, left.length)];
            var distribution = predictor.at(new int[] {place}, draft, 1 - hidden)[0];
            int token = distribution.draw(temperature, own.fold(0));
            draft.ids()[place] = token;
            left = Arrays.stream(left).filter(i -> i != place).toArray();
            observer.step(new Step(step + 1, draft.open().length, draft.ids(), List.of(new Choice(place, token,
                    distribution.probabilities()[token], distribution.entropy()))));
        }
        return draft.ids();
    }
}
