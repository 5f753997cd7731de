package org.sfumato.models.masked;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.sfumato.models.Denoiser;
import org.sfumato.models.diffusion.Canvas;
import org.sfumato.models.diffusion.LogitRule;
import org.sfumato.models.diffusion.Sampler;
import org.sfumato.tensor.Rng;

/// Writes a canvas block after block, greedily, and mends what it wrote: each pass predicts all open places of the
/// block, replaces the masks of which the network is sure and the tokens of which it is sure that they are wrong. The
/// network must have learned to predict visible tokens too. A block takes at most as many passes as it has places and
/// those of [Editing#passes()]. Source: LLaDA2.1, Ant Group 2026, decoding with mask-to-token and token-to-token
/// thresholds.
///
/// @param network predicts tokens
/// @param process hid them
/// @param editing when
/// @param block as in [Sampling]
/// @param guidance as in [Sampling]
/// @param rules as in [Sampling]
public record EditingSampler(Denoiser network, MaskedProcess process, Editing editing, int block, double guidance,
        List<LogitRule> rules) implements Sampler {
    /// Checks the values.
    public EditingSampler {
        if (block < 1 || !(guidance >= 0)) {
            throw new IllegalArgumentException("sampling: block " + block + " must be at least 1, guidance " + guidance
                    + " at least 0");
        }
        rules = List.copyOf(rules);
    }

    /// The same text whatever `rng` is.
    @Override
    public int[] fill(Canvas canvas, Rng rng, Observer observer) {
        var draft = Draft.of(canvas, process.mask());
        var predictor = new MaskPredictor(network, process, guidance, rules);
        int[] open = draft.open();
        int step = 0;
        for (int from = 0; from < open.length; ) {
            int to = (int) Math.min(open.length, (long) from + block);
            int[] places = Arrays.copyOfRange(open, from, to);
            int blocksAfter = Math.ceilDiv(open.length - to, block);
            int most = step + open.length - from + editing.passes() * (1 + blocksAfter);
            for (int extra = 0; ; ) {
                boolean written = draft.masked(places).length == 0;
                if (written && extra++ == editing.passes()) {
                    break;
                }
                var changes = pass(draft, predictor, places);
                if (written && changes.isEmpty()) {
                    break;
                }
                observer.step(new Step(++step, most, draft.ids(), changes));
            }
            from = to;
        }
        return draft.ids();
    }

    private List<Choice> pass(Draft draft, MaskPredictor predictor, int[] places) {
        var distributions = predictor.at(places, draft, places, 0);
        var fresh = new ArrayList<Choice>();
        var edits = new ArrayList<Choice>();
        for (int j = 0; j < places.length; j++) {
            int token = distributions[j].draw(0, Rng.of(0));
            var choice = new Choice(places[j], token, distributions[j].probabilities()[token],
                    distributions[j].entropy());
            int there = draft.ids()[places[j]];
            if (there == process.mask()) {
                fresh.add(choice);
            } else if (token != there && choice.confidence() > editing.edit()) {
                edits.add(choice);
            }
        }
        fresh.sort(Comparator.comparingDouble(choice -> -choice.confidence()));
        var changes = new ArrayList<Choice>();
        for (int n = 0; n < fresh.size() && (n == 0 || fresh.get(n).confidence() >= editing.write()); n++) {
            draft.write(fresh.get(n), rules, changes);
        }
        edits.forEach(choice -> draft.write(choice, rules, changes));
        return List.copyOf(changes);
    }
}
