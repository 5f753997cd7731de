package org.sfumato.tensor;

import java.util.Arrays;
import java.util.List;
import org.sfumato.tensor.op.Copy;
import org.sfumato.tensor.op.Triangle;
import org.sfumato.tensor.op.View;

/// Shapes: views without copies, and putting tensors together. Negative axes count from the end.
public sealed interface Movement permits Tensor {
    /// The same elements in the same order under another shape; one size may be -1 and is found. A view where strides
    /// can express it, else a copy.
    ///
    /// @throws ShapeException if the number of elements differs
    default Tensor reshape(long... sizes) {
        long known = 1;
        int open = -1;
        for (int i = 0; i < sizes.length; i++) {
            if (sizes[i] == -1 && open < 0) {
                open = i;
            } else {
                known *= sizes[i];
            }
        }
        if (open < 0) {
            return reshape(Shape.of(sizes));
        }
        var filled = sizes.clone();
        filled[open] = known == 0 ? 0 : self().shape().count() / known;
        return reshape(Shape.of(filled));
    }

    /// The same elements in the same order under `shape`.
    ///
    /// @throws ShapeException if the number of elements differs
    default Tensor reshape(Shape shape) {
        var x = self();
        if (shape.count() != x.shape().count()) {
            throw new ShapeException("reshape: " + x.shape() + " has " + x.shape().count() + " elements, " + shape
                    + " has " + shape.count());
        }
        if (shape.equals(x.shape())) {
            return x;
        }
        return Dispatch.one(new View.Reshape(shape), x.layout().reshape(shape).isPresent() ? x : x.copy());
    }

    /// The axes in the order `axes`, a permutation of all of them.
    default Tensor permute(int... axes) {
        var shape = self().shape();
        var order = new Integer[axes.length];
        var seen = new boolean[shape.rank()];
        boolean twice = false;
        for (int i = 0; i < order.length; i++) {
            order[i] = shape.axis(axes[i]);
            twice |= seen[order[i]];
            seen[order[i]] = true;
        }
        if (twice || order.length != shape.rank()) {
            throw new ShapeException("permute: " + Arrays.toString(axes) + " is no order of the axes of " + shape);
        }
        return Dispatch.one(new View.Permute(List.of(order)), self());
    }

    /// Axes `a` and `b` exchanged.
    default Tensor transpose(int a, int b) {
        var order = self().shape().axes();
        int i = self().shape().axis(a);
        int j = self().shape().axis(b);
        order[i] = j;
        order[j] = i;
        return i == j ? self() : permute(order);
    }

    /// The last two axes exchanged.
    default Tensor t() {
        return transpose(-2, -1);
    }

    /// Axes of size 1, and new leading axes, repeated to `shape` without a copy.
    ///
    /// @throws ShapeException if this does not broadcast to `shape`
    default Tensor expand(Shape shape) {
        if (!Shape.broadcast("expand", self().shape(), shape).equals(shape)) {
            throw new ShapeException("expand: " + self().shape() + " does not broadcast to " + shape);
        }
        return shape.equals(self().shape()) ? self() : Dispatch.one(new View.Expand(shape), self());
    }

    /// A new axis of size 1 before `axis`; -1 puts it last.
    default Tensor unsqueeze(int axis) {
        var sizes = self().shape().sizes();
        int at = axis < 0 ? axis + sizes.length + 1 : axis;
        if (at < 0 || at > sizes.length) {
            throw new ShapeException("unsqueeze: no place " + axis + " in " + self().shape());
        }
        var result = new long[sizes.length + 1];
        System.arraycopy(sizes, 0, result, 0, at);
        result[at] = 1;
        System.arraycopy(sizes, at, result, at + 1, sizes.length - at);
        return reshape(Shape.of(result));
    }

    /// Without `axis`, whose size is 1.
    ///
    /// @throws ShapeException if the size is not 1
    default Tensor squeeze(int axis) {
        int at = self().shape().axis(axis);
        if (self().shape().size(at) != 1) {
            throw new ShapeException("squeeze: axis " + axis + " of " + self().shape() + " is not of size 1");
        }
        return reshape(self().shape().reduce(new int[] {at}, false));
    }

    /// All axes from `from` to `to` (both included) as one.
    default Tensor flatten(int from, int to) {
        var shape = self().shape();
        int a = shape.axis(from);
        int b = shape.axis(to);
        if (a > b) {
            throw new ShapeException("flatten: axis " + from + " comes after axis " + to + " of " + shape);
        }
        return reshape(shape.range(0, a).append(shape.range(a, b + 1).count())
                .append(shape.range(b + 1, shape.rank()).sizes()));
    }

    /// Elements `from` (inclusive) to `to` (exclusive) along `axis`; negative positions count from the end, and
    /// positions beyond the end are cut to it.
    default Tensor slice(int axis, long from, long to) {
        return slice(axis, from, to, 1);
    }

    /// Every `step`-th element from `from` (inclusive) towards `to` (exclusive) along `axis`; with a negative step the
    /// walk goes down, and `to` may be `Long.MIN_VALUE` to include the first element. A view.
    ///
    /// @throws ShapeException if the step is 0
    default Tensor slice(int axis, long from, long to, long step) {
        if (step == 0) {
            throw new ShapeException("slice: the step is 0");
        }
        int at = self().shape().axis(axis);
        long size = self().shape().size(at);
        long low = step > 0 ? 0 : -1;
        long high = step > 0 ? size : size - 1;
        long start = Math.clamp(from < 0 ? from + size : from, low, high);
        long end = to == Long.MIN_VALUE ? -1 : Math.clamp(to < 0 ? to + size : to, low, high);
        long count = step > 0 ? Math.ceilDiv(Math.max(0, end - start), step)
                : Math.ceilDiv(Math.max(0, start - end), -step);
        if (start == 0 && count == size && step == 1) {
            return self();
        }
        return Dispatch.one(new View.Slice(at, start, count, step), self());
    }

    /// The entry at `index` along `axis`, which disappears. A view.
    ///
    /// @throws ShapeException if there is no such entry
    default Tensor select(int axis, long index) {
        int at = self().shape().axis(axis);
        long size = self().shape().size(at);
        long i = index < 0 ? index + size : index;
        if (i < 0 || i >= size) {
            throw new ShapeException("select: index " + index + " is outside axis " + axis + " of " + self().shape());
        }
        return slice(at, i, i + 1).squeeze(at);
    }

    /// The pieces of the given sizes along `axis`, as views.
    ///
    /// @throws ShapeException if the sizes do not add up
    default Tensor[] split(int axis, long... sizes) {
        if (Arrays.stream(sizes).anyMatch(size -> size < 0)
                || Arrays.stream(sizes).sum() != self().shape().size(axis)) {
            throw new ShapeException("split: sizes " + Arrays.toString(sizes) + " do not add up to axis " + axis
                    + " of " + self().shape());
        }
        var pieces = new Tensor[sizes.length];
        long start = 0;
        for (int i = 0; i < sizes.length; i++) {
            pieces[i] = slice(axis, start, start + sizes[i]);
            start += sizes[i];
        }
        return pieces;
    }

    /// The elements in reverse order along `axis`. A view.
    default Tensor flip(int axis) {
        return slice(axis, -1, Long.MIN_VALUE, -1);
    }

    /// A dense copy with memory of its own.
    default Tensor copy() {
        return Dispatch.one(new Copy(), self());
    }

    /// This tensor if it is dense and row-major, else a dense copy.
    default Tensor contiguous() {
        return self().layout().isDense() ? self() : copy();
    }

    /// Zeros above the diagonal that lies `diagonal` places above the main one of the last two axes.
    default Tensor tril(long diagonal) {
        return Dispatch.one(new Triangle(true, diagonal), self());
    }

    /// Zeros below the diagonal that lies `diagonal` places above the main one of the last two axes.
    default Tensor triu(long diagonal) {
        return Dispatch.one(new Triangle(false, diagonal), self());
    }

    private Tensor self() {
        return (Tensor) this;
    }
}
