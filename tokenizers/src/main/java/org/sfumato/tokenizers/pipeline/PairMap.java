package org.sfumato.tokenizers.pipeline;

import java.util.Arrays;

/// Longs at or above 0 to longs: open addressing, no boxes.
public final class PairMap {
    private static final long EMPTY = -1;
    private long[] keys;
    private long[] values;
    private int size;

    /// Empty, with room for `expected` keys.
    public PairMap(int expected) {
        int capacity = Integer.highestOneBit(Math.max(8, expected)) * 4;
        keys = new long[capacity];
        Arrays.fill(keys, EMPTY);
        values = new long[capacity];
    }

    /// The value of `key`, or `absent`.
    public long get(long key, long absent) {
        int mask = keys.length - 1;
        for (int i = hash(key) & mask;; i = i + 1 & mask) {
            if (keys[i] == key) {
                return values[i];
            }
            if (keys[i] == EMPTY) {
                return absent;
            }
        }
    }

    /// Sets the value of `key`.
    public void put(long key, long value) {
        if (size * 2 > keys.length) {
            grow();
        }
        int mask = keys.length - 1;
        int i = hash(key) & mask;
        while (keys[i] != EMPTY && keys[i] != key) {
            i = i + 1 & mask;
        }
        size += keys[i] == EMPTY ? 1 : 0;
        keys[i] = key;
        values[i] = value;
    }

    private void grow() {
        var old = keys;
        var oldValues = values;
        keys = new long[2 * old.length];
        Arrays.fill(keys, EMPTY);
        values = new long[keys.length];
        size = 0;
        for (int i = 0; i < old.length; i++) {
            if (old[i] != EMPTY) {
                put(old[i], oldValues[i]);
            }
        }
    }

    private static int hash(long key) {
        long h = key * 0x9E3779B97F4A7C15L;             // 2^64 / golden ratio
        return (int) (h ^ h >>> 32);
    }
}
