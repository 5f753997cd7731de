package org.sfumato.models.masked;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.sfumato.models.Denoiser;
import org.sfumato.models.diffusion.Canvas;
import org.sfumato.models.diffusion.LogitRule;
import org.sfumato.models.diffusion.Sampler;
import org.sfumato.tensor.Rng;

/// Removes masks in steps of time, each place by chance and apart from the others, and takes back some of what it
/// wrote, so that errors can be mended. A step in which no place is to be written needs no pass through the network.
/// Source: Wang et al. 2025, arXiv 2503.00307 (ReMDM), algorithm 1.
///
/// @param network predicts hidden tokens
/// @param process hid them
/// @param remasking what is taken back
/// @param steps of time
/// @param temperature as in [Sampling]
/// @param guidance as in [Sampling]
/// @param rules as in [Sampling]
public record RemaskingSampler(Denoiser network, MaskedProcess process, Remasking remasking, int steps,
        double temperature, double guidance, List<LogitRule> rules) implements Sampler {
    /// Checks the values.
    public RemaskingSampler {
        if (steps < 1 || !(temperature >= 0) || !(guidance >= 0)) {
            throw new IllegalArgumentException("sampling: steps " + steps + " must be at least 1, temperature "
                    + temperature + " and guidance " + guidance + " at least 0");
        }
        rules = List.copyOf(rules);
    }

    /// Tokens as the network predicts them, without guidance and rules.
    public static RemaskingSampler of(Denoiser network, MaskedProcess process, Remasking remasking, int steps) {
        return new RemaskingSampler(network, process, remasking, steps, 1, 0, List.of());
    }

    @Override
    public int[] fill(Canvas canvas, Rng rng, Observer observer) {
        var run = new Run(Draft.of(canvas, process.mask()));
        for (int step = 0; step < steps; step++) {
            double t = 1 - (double) step / steps;
            double s = 1 - (double) (step + 1) / steps;
            var choices = run.step(t, step == steps - 1 ? 0 : s, rng.fold(step));
            observer.step(new Step(step + 1, steps, run.draft.ids(), choices));
        }
        return run.draft.ids();
    }

    /// One canvas on its way.
    private final class Run {
        private final MaskPredictor predictor = new MaskPredictor(network, process, guidance, rules);
        private final Draft draft;
        /// Of each place that is written.
        private final Choice[] written;

        Run(Draft draft) {
            this.draft = draft;
            this.written = new Choice[draft.ids().length];
        }

        List<Choice> step(double t, double s, Rng own) {
            double alphaT = remasking.alpha(t, process.schedule());
            double alphaS = remasking.alpha(s, process.schedule());
            double p = Remasking.unmasking(remasking.sigma(t, alphaS, alphaT), alphaS, alphaT);
            int[] chosen = Arrays.stream(draft.masked(draft.open())).filter(i -> coin(i, own) < p).toArray();
            var fresh = predict(chosen, alphaT, own);
            var choices = new ArrayList<>(remask(t, alphaS, alphaT, own));
            write(fresh, choices);
            int[] left = draft.masked(draft.open());
            for (int again = 0; s <= 0 && left.length > 0; again++) {   // what rules forbade beside others
                write(predict(left, alphaT, own.fold(2L * draft.ids().length + again)), choices);
                left = draft.masked(left);
            }
            return List.copyOf(choices);
        }

        private void write(List<Choice> fresh, List<Choice> choices) {
            for (var choice : fresh) {
                draft.write(choice, rules, choices);
                if (draft.ids()[choice.place()] != process.mask()) {
                    written[choice.place()] = choice;
                }
            }
        }

        private List<Choice> predict(int[] chosen, double alpha, Rng own) {
            if (chosen.length == 0) {
                return List.of();
            }
            var fresh = new ArrayList<Choice>();
            var distributions = predictor.at(chosen, draft, alpha);
            for (int j = 0; j < chosen.length; j++) {
                int token = distributions[j].draw(temperature, own.fold(2L * chosen[j]));
                fresh.add(new Choice(chosen[j], token, distributions[j].probabilities()[token],
                        distributions[j].entropy()));
            }
            return fresh;
        }

        /// Takes back some of what is written.
        private List<Choice> remask(double t, double alphaS, double alphaT, Rng own) {
            int[] there = Arrays.stream(draft.open()).filter(i -> written[i] != null).toArray();
            var sigmas = remasking.sigmas(t, alphaS, alphaT,
                    Arrays.stream(there).mapToDouble(i -> written[i].confidence()).toArray());
            var back = new ArrayList<Choice>();
            for (int j = 0; j < there.length; j++) {
                int i = there[j];
                if (coin(i, own) < sigmas[j]) {
                    back.add(new Choice(i, process.mask(), written[i].confidence(), written[i].entropy()));
                    written[i] = null;
                    draft.ids()[i] = process.mask();
                }
            }
            return back;
        }

        private double coin(int place, Rng own) {
            return own.fold(2L * place + 1).uniformDouble(0);
        }
    }
}
