package org.sfumato.tensor;

import java.util.Arrays;
import java.util.Optional;

/// Where the elements of a tensor lie in its buffer: element `(i0, i1, ...)` is at `offset + sum(ik * strides[k])`,
/// counted in elements. Strides may be 0 (broadcast) or negative. Views are made here; nothing is copied.
public record Layout(Shape shape, long[] strides, long offset) {
    /// The dense row-major layout of `shape` at the start of a buffer.
    public static Layout dense(Shape shape) {
        return new Layout(shape, shape.strides(), 0);
    }

    /// True if the elements are dense and in row-major order (the offset may be anything).
    public boolean isDense() {
        long step = 1;
        for (int i = shape.rank() - 1; i >= 0; i--) {
            long size = shape.size(i);
            if (size != 1 && strides[i] != step) {
                return shape.count() == 0;
            }
            step *= size;
        }
        return true;
    }

    /// The axes in the order `axes`, a permutation of [0, rank).
    public Layout permute(int... axes) {
        var sizes = new long[axes.length];
        var steps = new long[axes.length];
        for (int i = 0; i < axes.length; i++) {
            sizes[i] = shape.size(axes[i]);
            steps[i] = strides[axes[i]];
        }
        return new Layout(Shape.of(sizes), steps, offset);
    }

    /// This layout read as `target`, to which its shape must broadcast: new axes and axes of size 1 get stride 0.
    public Layout expand(Shape target) {
        var steps = new long[target.rank()];
        int shift = target.rank() - shape.rank();
        for (int i = 0; i < shape.rank(); i++) {
            steps[i + shift] = shape.size(i) == 1 ? 0 : strides[i];
        }
        return new Layout(target, steps, offset);
    }

    /// Along `axis`, `size` elements from `start` on, every `step`-th.
    public Layout slice(int axis, long start, long size, long step) {
        var steps = strides.clone();
        steps[axis] *= step;
        long at = size == 0 || shape.count() == 0 ? offset : offset + start * strides[axis];
        return new Layout(shape.with(axis, size), steps, at);
    }

    /// The same elements in the same order under another shape, if strides can express it.
    public Optional<Layout> reshape(Shape target) {
        if (isDense()) {
            return Optional.of(new Layout(target, target.strides(), offset));
        }
        var steps = new long[target.rank()];
        int from = shape.rank() - 1;
        int to = target.rank() - 1;
        while (to >= 0) {
            if (target.size(to) == 1) {
                steps[to--] = 0;
                continue;
            }
            while (from >= 0 && shape.size(from) == 1) {
                from--;
            }
            long step = strides[from];          // the run of axes that ends here must be dense in units of `step`
            long run = shape.size(from);
            long need = target.size(to);
            steps[to--] = step;
            while (run != need) {
                if (need < run) {
                    if (to < 0) {
                        return Optional.empty();
                    }
                    steps[to] = step * need;
                    need *= target.size(to--);
                } else {
                    from--;
                    while (from >= 0 && shape.size(from) == 1) {
                        from--;
                    }
                    if (from < 0 || strides[from] != step * run) {
                        return Optional.empty();
                    }
                    run *= shape.size(from);
                }
            }
            from--;
        }
        return Optional.of(new Layout(target, steps, offset));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Layout that && shape.equals(that.shape) && Arrays.equals(strides, that.strides)
                && offset == that.offset;
    }

    @Override
    public int hashCode() {
        return 31 * shape.hashCode() + Arrays.hashCode(strides) + Long.hashCode(offset);
    }

    @Override
    public String toString() {
        return shape + " strides " + Arrays.toString(strides) + " offset " + offset;
    }
}
