package org.sfumato.models.data;

import org.sfumato.tensor.Rng;

/// A run of token ids, and windows of it, in memory or in files.
///
/// There is no cursor: a window depends on its arguments alone, so a training that is resumed at step `s` sees the
/// batch of step `s`, and any batch can be looked at again. May be used by several threads.
public sealed interface Tokens permits TokenArray, TokenRange, PreparedTokens {
    /// The given ids.
    static Tokens of(int... ids) {
        return new TokenArray(ids.clone());
    }

    /// How many tokens there are.
    long size();

    /// Copies the tokens `[offset, offset + length)` to `rows[at, at + length)`. Throws [IndexOutOfBoundsException] if
    /// they are not all there.
    void copy(long offset, long[] rows, int at, int length);

    /// Token number `index`. Throws [IndexOutOfBoundsException] unless `0 <= index < size()`.
    default int at(long index) {
        if (index < 0 || index >= size()) {
            throw new IndexOutOfBoundsException("tokens: no token " + index + " of " + size());
        }
        return (int) window(index, 1)[0];
    }

    /// The tokens `[from, to)`, seen through these. Throws [IndexOutOfBoundsException] if they are not all there.
    default Tokens part(long from, long to) {
        if (from < 0 || to < from || to > size()) {
            throw new IndexOutOfBoundsException("tokens: no part [" + from + ", " + to + ") of " + size() + " tokens");
        }
        return new TokenRange(this, from, to);
    }

    /// All tokens, copied. Throws [ArithmeticException] if an array is too short for them.
    default int[] toArray() {
        var ids = new int[Math.toIntExact(size())];
        var piece = new long[Math.min(ids.length, 1 << 16)];
        for (int i = 0; i < ids.length; i += piece.length) {
            int n = Math.min(piece.length, ids.length - i);
            copy(i, piece, 0, n);
            for (int k = 0; k < n; k++) {
                ids[i + k] = (int) piece[k];
            }
        }
        return ids;
    }

    /// The tokens `[offset, offset + length)`. Throws [IndexOutOfBoundsException] if they are not all there.
    default long[] window(long offset, int length) {
        return consecutive(offset, 1, length);
    }

    /// `count` windows end to end from `offset` on, which together are the tokens `[offset, offset + count * length)`:
    /// the rows of an evaluation. Shape: (count, length), row-major.
    ///
    /// Throws [IndexOutOfBoundsException] if they are not all there.
    default long[] consecutive(long offset, int count, int length) {
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
    /// row-major. [Batches] instead gives each window once an epoch.
    ///
    /// Throws [IllegalArgumentException] if there are fewer than `length` tokens, or `count` or `length` is not
    /// positive.
    default long[] windows(Rng rng, int count, int length) {
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

    /// Throws [IndexOutOfBoundsException] unless `[offset, offset + length)` lies within `size` tokens.
    static void check(long offset, int length, long size) {
        if (offset < 0 || length < 0 || offset > size - length) {
            throw new IndexOutOfBoundsException("tokens: no tokens [" + offset + ", " + (offset + length) + ") among "
                    + size);
        }
    }
}
