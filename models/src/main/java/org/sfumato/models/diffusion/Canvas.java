package org.sfumato.models.diffusion;

import java.util.Arrays;
import java.util.stream.IntStream;

/// A row of tokens of which some places are open. What is not open stays, wherever it stands: so writing on and filling
/// gaps are the same thing.
///
/// @param ids what stands at the places; at open ones it does not matter
/// @param open which places are to be written
public record Canvas(int[] ids, boolean[] open) {
    /// Checks that both have one length.
    public Canvas {
        if (ids.length != open.length) {
            throw new IllegalArgumentException("canvas: " + ids.length + " places, of " + open.length
                    + " it is said whether they are open");
        }
    }

    /// Open where `ids` holds `mask`.
    public static Canvas of(int[] ids, int mask) {
        var open = new boolean[ids.length];
        for (int i = 0; i < open.length; i++) {
            open[i] = ids[i] == mask;
        }
        return new Canvas(ids, open);
    }

    /// `count` open places after `prompt`.
    public static Canvas after(int[] prompt, int count) {
        var open = new boolean[prompt.length + count];
        Arrays.fill(open, prompt.length, open.length, true);
        return new Canvas(Arrays.copyOf(prompt, open.length), open);
    }

    /// The number of places.
    public int length() {
        return ids.length;
    }

    /// The open places in order.
    public int[] places() {
        return IntStream.range(0, open.length).filter(i -> open[i]).toArray();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Canvas(int[] itsIds, boolean[] itsOpen) && Arrays.equals(ids, itsIds)
                && Arrays.equals(open, itsOpen);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(ids) + Arrays.hashCode(open);
    }

    @Override
    public String toString() {
        return "Canvas" + Arrays.toString(ids) + " open " + Arrays.toString(places());
    }
}
