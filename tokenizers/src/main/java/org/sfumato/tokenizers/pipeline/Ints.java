package org.sfumato.tokenizers.pipeline;

import java.util.Arrays;

/// A growing list of ints.
public final class Ints {
    private int[] items;
    private int size;

    /// Empty, with room for `capacity` ints.
    public Ints(int capacity) {
        items = new int[Math.max(4, capacity)];
    }

    /// Appends one.
    public void add(int item) {
        if (size == items.length) {
            items = Arrays.copyOf(items, 2 * size);
        }
        items[size++] = item;
    }

    /// Appends all.
    public void addAll(int[] more) {
        if (size + more.length > items.length) {
            items = Arrays.copyOf(items, Math.max(2 * items.length, size + more.length));
        }
        System.arraycopy(more, 0, items, size, more.length);
        size += more.length;
    }

    /// The item at `index`.
    public int get(int index) {
        return items[index];
    }

    /// Puts `item` at `index`.
    public void set(int index, int item) {
        items[index] = item;
    }

    /// How many there are.
    public int size() {
        return size;
    }

    /// A copy of the items.
    public int[] toArray() {
        return Arrays.copyOf(items, size);
    }
}
