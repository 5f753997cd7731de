package org.sfumato.models.data;

/// The tokens end to end, documents one after another, cut every `length`: row `i` is the tokens
/// `[i * length, (i + 1) * length)`. What remains behind the last whole row is left out.
///
/// @param tokens what is cut
/// @param length of a row
public record PackedWindows(Tokens tokens, int length) implements Windows {
    /// Checks that there is a row.
    public PackedWindows {
        if (length < 1 || tokens.size() < length) {
            throw new IllegalArgumentException("windows: " + tokens.size() + " tokens make no row of " + length
                    + "\nhint: a shorter window or a longer text");
        }
    }

    @Override
    public long count() {
        return tokens.size() / length;
    }

    @Override
    public int copy(long index, long[] rows, int at) {
        if (index < 0 || index >= count()) {
            throw new IndexOutOfBoundsException("windows: no row " + index + " of " + count());
        }
        tokens.copy(index * length, rows, at, length);
        return length;
    }
}
