package org.sfumato.models.diffusion;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Map;

/// Changes the logits of one place before a token is drawn from them.
@FunctionalInterface
public interface LogitRule {
    /// @param logits of the place, changed in place; minus infinity forbids a token
    /// @param place the place
    /// @param ids the canvas as it stands
    void apply(double[] logits, int place, int[] ids);

    /// False if `token`, which the rule let pass, is forbidden at `place` since other places of the canvas were
    /// written: samplers that write several tokens of one pass ask before each. Only rules for which a token
    /// here can forbid one there need it.
    default boolean allows(int token, int place, int[] ids) {
        return true;
    }

    /// Only the likeliest tokens that together have probability `p` are kept, at least one. Source: Holtzman et al.
    /// 2020, arXiv 1904.09751.
    ///
    /// @throws IllegalArgumentException unless `0 < p <= 1`
    static LogitRule topP(double p) {
        if (!(p > 0 && p <= 1)) {
            throw new IllegalArgumentException("sampling: top-p " + p + " is outside (0, 1]");
        }
        return (logits, _, _) -> {
            var probabilities = Distribution.of(logits).probabilities();
            var falling = probabilities.clone();
            Arrays.sort(falling);
            double sum = 0;
            int kept = 0;
            while (kept < falling.length && sum < p) {
                sum += falling[falling.length - 1 - kept++];
            }
            double least = falling[falling.length - Math.max(1, kept)];
            for (int v = 0; v < logits.length; v++) {
                logits[v] = probabilities[v] < least ? Double.NEGATIVE_INFINITY : logits[v];
            }
        };
    }

    /// Logits of tokens that stand elsewhere on the canvas are divided by `penalty` where positive, else multiplied.
    /// Source: Keskar et al. 2019, arXiv 1909.05858.
    ///
    /// @throws IllegalArgumentException unless it is positive
    static LogitRule repetitionPenalty(double penalty) {
        if (!(penalty > 0)) {
            throw new IllegalArgumentException("sampling: repetition penalty " + penalty + " is not positive");
        }
        return (logits, place, ids) -> {
            var seen = new boolean[logits.length];
            for (int i = 0; i < ids.length; i++) {
                if (i != place && ids[i] >= 0 && ids[i] < seen.length) {
                    seen[ids[i]] = true;
                }
            }
            for (int v = 0; v < logits.length; v++) {
                logits[v] = !seen[v] ? logits[v] : logits[v] > 0 ? logits[v] / penalty : logits[v] * penalty;
            }
        };
    }

    /// Tokens that are never written.
    static LogitRule forbid(int... tokens) {
        return (logits, _, _) -> {
            for (int token : tokens) {
                logits[token] = Double.NEGATIVE_INFINITY;
            }
        };
    }

    /// Only certain tokens at certain places.
    ///
    /// @param tokens what may stand at a place; anything at places that it does not name
    static LogitRule allow(Map<Integer, BitSet> tokens) {
        var allowed = Map.copyOf(tokens);
        return (logits, place, _) -> {
            var here = allowed.get(place);
            for (int v = 0; here != null && v < logits.length; v++) {
                logits[v] = here.get(v) ? logits[v] : Double.NEGATIVE_INFINITY;
            }
        };
    }
}
