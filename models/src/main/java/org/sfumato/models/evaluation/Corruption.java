package org.sfumato.models.evaluation;

import org.sfumato.tensor.Rng;

/// A text with errors at places that nobody is told, or with gaps at places that are known.
///
/// @param clean the text as it was
/// @param ids the text with errors
/// @param wrong where they are
public record Corruption(int[] clean, int[] ids, boolean[] wrong) {
    /// What became of a corrupted text, in shares.
    ///
    /// @param restored of the wrong places those that are as they were
    /// @param damaged of the others those that are not
    public record Outcome(double restored, double damaged) { }

    /// `count` tokens of `clean`, at places drawn by `rng`, replaced by others of the `vocabulary`, each as likely.
    ///
    /// @throws IllegalArgumentException unless the text has more tokens than that
    public static Corruption replaced(int[] clean, int count, int vocabulary, Rng rng) {
        if (count < 1 || count >= clean.length || vocabulary < 2) {
            throw new IllegalArgumentException("corruption: " + count + " of " + clean.length + " tokens, vocabulary "
                    + vocabulary);
        }
        var ids = clean.clone();
        var wrong = new boolean[clean.length];
        var order = rng.fold(0).permutation(clean.length);
        for (int i = 0; i < count; i++) {
            int place = order[i];
            int other = (int) rng.fold(1).below(place, vocabulary - 1);
            ids[place] = other + (other >= clean[place] ? 1 : 0);
            wrong[place] = true;
        }
        return new Corruption(clean, ids, wrong);
    }

    /// How many tokens are wrong.
    public int count() {
        int count = 0;
        for (boolean here : wrong) {
            count += here ? 1 : 0;
        }
        return count;
    }

    /// What came of it after a correction.
    public Outcome outcome(int[] corrected) {
        int restored = 0;
        int damaged = 0;
        for (int i = 0; i < clean.length; i++) {
            restored += wrong[i] && corrected[i] == clean[i] ? 1 : 0;
            damaged += !wrong[i] && corrected[i] != clean[i] ? 1 : 0;
        }
        return new Outcome((double) restored / count(), (double) damaged / (clean.length - count()));
    }
}
