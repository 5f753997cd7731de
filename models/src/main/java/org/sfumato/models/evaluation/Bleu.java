package org.sfumato.models.evaluation;

import it.unimi.dsi.fastutil.longs.Long2IntOpenHashMap;
import java.util.List;

/// How alike written texts and their references are: `b exp(1/4 sum_n ln p_n)` for runs of n = 1 to 4 tokens, `p_n` the
/// share of the written runs that the reference has, each at most as often as there, over all texts together, and `b =
/// min(1, exp(1 - r / c))` for references of r and texts of c tokens. Without smoothing. Source: Papineni et al. 2002,
/// "BLEU: a Method for Automatic Evaluation of Machine Translation", section 2.3.
public final class Bleu {
    private static final int LONGEST = 4;

    private Bleu() { }

    /// The measure in [0, 1], 0 if there is no run of some length in common; NaN if no text has a run of four.
    ///
    /// @param references one for each text
    /// @throws IllegalArgumentException if there are more or fewer
    public static double of(List<int[]> written, List<int[]> references) {
        if (written.size() != references.size()) {
            throw new IllegalArgumentException("bleu: " + written.size() + " texts for " + references.size()
                    + " references");
        }
        double logarithms = 0;
        for (int n = 1; n <= LONGEST; n++) {
            long right = 0;
            long all = 0;
            for (int i = 0; i < written.size(); i++) {
                right += shared(written.get(i), references.get(i), n);
                all += Math.max(0, written.get(i).length - n + 1);
            }
            logarithms += Math.log((double) right / all);
        }
        double c = written.stream().mapToInt(ids -> ids.length).sum();
        double r = references.stream().mapToInt(ids -> ids.length).sum();
        return Math.min(1, Math.exp(1 - r / c)) * Math.exp(logarithms / LONGEST);
    }

    /// Runs of n tokens in `text` that `reference` has, each at most as often as there.
    private static int shared(int[] text, int[] reference, int n) {
        var left = new Long2IntOpenHashMap();
        for (int i = 0; i + n <= reference.length; i++) {
            left.addTo(Reference.digest(reference, i, n), 1);
        }
        int shared = 0;
        for (int i = 0; i + n <= text.length; i++) {
            shared += left.addTo(Reference.digest(text, i, n), -1) > 0 ? 1 : 0;
        }
        return shared;
    }
}
