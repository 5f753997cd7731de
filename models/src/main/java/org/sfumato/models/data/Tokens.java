package org.sfumato.models.data;

import java.util.Arrays;
import org.sfumato.tensor.Rng;

/// A run of token ids, and windows of it.
///
/// There is no cursor: a window depends on its arguments alone, so a training that is resumed at step `s` sees the
/// batch of step `s`, and any batch can be looked at again.
public final class Tokens {
    private final int[] ids;
    private final int from;
    private final int to;

    /// Elements `[from, to)` of `ids`, which is kept and must not be written to.
    Tokens(int[] ids, int from, int to) {
        this.ids = ids;
        this.from = from;
        this.to = to;
    }

    /// The given ids.
    public static Tokens of(int... ids) {
        return new Tokens(ids.clone(), 0, ids.length);
    }

    /// How many tokens there are.
    public long size() {
        return to - from;
    }

    /// Token number `index`. Throws [IndexOutOfBoundsException] unless `0 <= index < size()`.
    public int at(long index) {
        if (index < 0 || index >= size()) {
            throw new IndexOutOfBoundsException("tokens: no token " + index + " of " + size());
        }
        return ids[from + (int) index];
    }

    /// All tokens, copied.
    public int[] toArray() {
        return Arrays.copyOfRange(ids, from, to);
    }

    /// The tokens `[offset, offset + length)`. Throws [IndexOutOfBoundsException] if they are not all there.
    public long[] window(long offset, int length) {
        return consecutive(offset, 1, length);
    }

    /// `count` windows end to end from `offset` on, which together are the tokens `[offset, offset + count * length)`:
    /// the rows of an evaluation. Shape: (count, length), row-major.
    ///
    /// Throws [IndexOutOfBoundsException] if they are not all there.
    public long[] consecutive(long offset, int count, int length) {
        long total = (long) count * length;
        if (offset < 0 || count < 0 || length < 0 || offset > size() - total) {
            throw new IndexOutOfBoundsException("tokens: no " + count + " windows of " + length + " at " + offset
                    + " among " + size() + " tokens");
        }
        var rows = new long[Math.toIntExact(total)];
        copy(offset, rows, 0, rows.length);
        return rows;
    }

    /// `count` windows at random places, a pure function of `rng`: window `b` starts at `rng.below(b, size() - length +
    /// 1)`, every place equally likely. Give each step its own generator, `rng.fold(step)`. Shape: (count, length),
    /// row-major.
    ///
    /// Throws [IllegalArgumentException] if there are fewer than `length` tokens, or `count` or `length` is not
    /// positive.
    public long[] windows(Rng rng, int count, int length) {
        if (count <= 0 || length <= 0) {
            throw new IllegalArgumentException("windows: not positive, " + count + " windows of " + length + " tokens");
        }
        if (size() < length) {
            throw new IllegalArgumentException("windows: " + length + " tokens wanted, " + size()
                    + " there\nhint: a shorter window or a longer text");
        }
        var rows = new long[Math.multiplyExact(count, length)];
        for (int b = 0; b < count; b++) {
            copy(rng.below(b, size() - length + 1), rows, b * length, length);
        }
        return rows;
    }

    private void copy(long offset, long[] rows, int at, int length) {
        int first = from + (int) offset;
        for (int i = 0; i < length; i++) {
            rows[at + i] = ids[first + i];
        }
    }
}
