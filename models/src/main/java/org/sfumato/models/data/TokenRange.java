package org.sfumato.models.data;

/// The tokens `[from, to)` of others.
record TokenRange(Tokens all, long from, long to) implements Tokens {
    @Override
    public long size() {
        return to - from;
    }

    @Override
    public void copy(long offset, long[] rows, int at, int length) {
        Tokens.check(offset, length, size());
        all.copy(from + offset, rows, at, length);
    }
}
