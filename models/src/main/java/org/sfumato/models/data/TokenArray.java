package org.sfumato.models.data;

/// Tokens in an array.
final class TokenArray implements Tokens {
    private final int[] ids;

    /// Keeps `ids`, which must not be written to.
    TokenArray(int[] ids) {
        this.ids = ids;
    }

    @Override
    public long size() {
        return ids.length;
    }

    @Override
    public void copy(long offset, long[] rows, int at, int length) {
        Tokens.check(offset, length, ids.length);
        int first = (int) offset;
        for (int i = 0; i < length; i++) {
            rows[at + i] = ids[first + i];
        }
    }
}
