package org.sfumato.models.masked;

import java.util.Arrays;
import java.util.List;
import org.sfumato.models.diffusion.Canvas;
import org.sfumato.models.diffusion.LogitRule;
import org.sfumato.models.diffusion.Sampler.Choice;

/// A canvas on its way: its open places hold [MASK] at first.
///
/// @param ids what stands at the places, changed in place
/// @param open the places to be written, in order
/// @param prompt which places are not
record Draft(int[] ids, int[] open, boolean[] prompt, int mask) {
    static Draft of(Canvas canvas, int mask) {
        var ids = canvas.ids().clone();
        var prompt = new boolean[ids.length];
        for (int i = 0; i < ids.length; i++) {
            prompt[i] = !canvas.open()[i];
            ids[i] = prompt[i] ? ids[i] : mask;
        }
        return new Draft(ids, canvas.places(), prompt, mask);
    }

    /// Those of `places` that hold [MASK].
    int[] masked(int[] places) {
        return Arrays.stream(places).filter(i -> ids[i] == mask).toArray();
    }

    /// Writes `choice` and adds it to `written`, unless what was written since it was predicted forbids it.
    void write(Choice choice, List<LogitRule> rules, List<Choice> written) {
        if (rules.stream().allMatch(rule -> rule.allows(choice.token(), choice.place(), ids))) {
            ids[choice.place()] = choice.token();
            written.add(choice);
        }
    }
}
