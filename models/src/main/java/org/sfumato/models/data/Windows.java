package org.sfumato.models.data;

/// Rows of one length, each found by its number.
public sealed interface Windows permits PackedWindows, DocumentWindows {
    /// How many rows there are.
    long count();

    /// Tokens of a row.
    int length();

    /// Writes row `index` to `rows[at, at + length())`; returns how many of its tokens are of a text, the others being
    /// padding. Throws [IndexOutOfBoundsException] if there is no such row.
    int copy(long index, long[] rows, int at);
}
