package org.sfumato.nn;

import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Tensor;

/// The keys and values that one attention has made so far, so that later positions can look at them: a KV cache.
/// Shapes: (B, G, capacity, D) each, of which the first [#length] places are filled. Gradients do not pass through it.
public final class KeyValues implements AutoCloseable {
    private final Tensor keys;
    private final Tensor values;
    private int length;
    private int next;

    /// Empty, in memory of the current scope.
    ///
    /// @param capacity the most positions that it can hold
    public KeyValues(long batch, int heads, int capacity, int size, DType dtype, Device device) {
        var shape = Shape.of(batch, heads, capacity, size);
        keys = Tensor.full(shape, 0, dtype, device);
        values = Tensor.full(shape, 0, dtype, device);
    }

    /// Positions held.
    public int length() {
        return length;
    }

    /// Where the next positions go: after those held, unless [#seek] says otherwise.
    public int next() {
        return next;
    }

    /// Adds the keys and values of the next positions, or writes them over what is there. Shapes: (B, G, t, D).
    ///
    /// @throws ShapeException if they are more than what is free, or of another shape
    public void append(Tensor k, Tensor v) {
        int more = Math.toIntExact(k.size(2));
        if (more > keys.size(2) - next) {
            throw new ShapeException("key values: " + more + " positions more do not fit, " + next + " of "
                    + keys.size(2) + " are taken");
        }
        part(keys, next, more).assign(k);
        part(values, next, more).assign(v);
        next += more;
        length = Math.max(length, next);
    }

    /// Lets the next positions be written from `place` on, over those that are there; the others stay.
    ///
    /// @throws IllegalArgumentException if there are not so many
    public void seek(int place) {
        if (place < 0 || place > length) {
            throw new IllegalArgumentException("key values: no position " + place + " of " + length);
        }
        next = place;
    }

    /// Forgets all positions from `length` on.
    ///
    /// @throws IllegalArgumentException if there are not so many
    public void truncate(int length) {
        seek(length);
        this.length = length;
    }

    /// Row `to` of the batch becomes as row `from` is, from position `first` on.
    public void copy(int from, int to, int first) {
        for (var x : new Tensor[] {part(keys, first, length - first), part(values, first, length - first)}) {
            row(x, to).assign(row(x, from));
        }
    }

    /// The same in memory of the current scope, each row of the batch `times` times.
    public KeyValues repeat(int times) {
        var more = new KeyValues(keys.size(0) * times, Math.toIntExact(keys.size(1)), Math.toIntExact(keys.size(2)),
                Math.toIntExact(keys.size(3)), keys.dtype(), keys.device());
        more.length = length;
        more.next = next;
        for (int row = 0; row < keys.size(0) * times; row++) {
            row(more.keys(), row).assign(row(keys(), row / times));
            row(more.values(), row).assign(row(values(), row / times));
        }
        return more;
    }

    /// Frees the memory.
    @Override
    public void close() {
        keys.close();
        values.close();
    }

    /// All keys so far. Shape: (B, G, length, D).
    public Tensor keys() {
        return part(keys, 0, length);
    }

    /// All values so far. Shape: (B, G, length, D).
    public Tensor values() {
        return part(values, 0, length);
    }

    private static Tensor row(Tensor x, int row) {
        return x.slice(0, row, row + 1);
    }

    private static Tensor part(Tensor x, int from, int count) {
        return x.slice(2, from, from + count);
    }
}
