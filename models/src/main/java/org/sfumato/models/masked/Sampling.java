package org.sfumato.models.masked;

import java.util.List;
import java.util.OptionalInt;
import org.sfumato.models.diffusion.LogitRule;

/// How masks are removed.
///
/// @param unmasking how many tokens are written in a pass, and which
/// @param block open places are filled in blocks of this many from left to right; [#WHOLE] for no blocks
/// @param temperature 0 takes the likeliest token; `T` samples from `p^(1/T)`
/// @param guidance `w` of classifier-free guidance, logits `u + (1 + w)(c - u)` with `u` the logits without the prompt;
///     0 for none
/// @param rules applied to the logits in this order
/// @param ending what a token means after which the text is over
public record Sampling(Unmasking unmasking, int block, double temperature, double guidance, List<LogitRule> rules,
        Ending ending) {
    /// No blocks.
    public static final int WHOLE = Integer.MAX_VALUE;

    /// Checks the values.
    public Sampling {
        if (block < 1 || !(temperature >= 0) || !(guidance >= 0)) {
            throw new IllegalArgumentException("sampling: block " + block + " must be at least 1, temperature "
                    + temperature + " and guidance " + guidance + " at least 0");
        }
        rules = List.copyOf(rules);
    }

    /// In one block, without guidance and rules.
    public static Sampling of(Unmasking unmasking, double temperature) {
        return new Sampling(unmasking, WHOLE, temperature, 0, List.of(), new Ending.None());
    }

    /// One token a pass.
    public static Sampling oneByOne(Order order, double temperature) {
        return of(new Unmasking.Quota(order, 1), temperature);
    }

    /// The same in blocks.
    public Sampling withBlock(int places) {
        return new Sampling(unmasking, places, temperature, guidance, rules, ending);
    }

    /// The same with guidance.
    public Sampling withGuidance(double w) {
        return new Sampling(unmasking, block, temperature, w, rules, ending);
    }

    /// The same with other rules.
    public Sampling withRules(LogitRule... others) {
        return new Sampling(unmasking, block, temperature, guidance, List.of(others), ending);
    }

    /// The token at which a text is over.
    OptionalInt end() {
        return ending instanceof Ending.Stop(int token, _) ? OptionalInt.of(token) : OptionalInt.empty();
    }

    /// The same with an ending.
    public Sampling withEnding(Ending other) {
        return new Sampling(unmasking, block, temperature, guidance, rules, other);
    }
}
