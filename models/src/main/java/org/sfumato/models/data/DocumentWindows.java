package org.sfumato.models.data;

import java.util.Arrays;

/// One document a row: its first `length` tokens, padding behind it if it is shorter.
///
/// @param tokens the documents
/// @param length of a row
/// @param padding the id that fills a row
public record DocumentWindows(PreparedTokens tokens, int length, int padding) implements Windows {
    /// Checks that there is a row.
    public DocumentWindows {
        if (length < 1 || tokens.documents() < 1) {
            throw new IllegalArgumentException("windows: " + tokens.documents() + " documents make no row of "
                    + length);
        }
    }

    @Override
    public long count() {
        return tokens.documents();
    }

    @Override
    public int copy(long index, long[] rows, int at) {
        if (index < 0 || index >= count()) {
            throw new IndexOutOfBoundsException("windows: no row " + index + " of " + count());
        }
        long start = tokens.start(index);
        int n = (int) Math.min(length, tokens.start(index + 1) - start);
        tokens.copy(start, rows, at, n);
        Arrays.fill(rows, at + n, at + length, padding);
        return n;
    }
}
