package org.sfumato.tensor.cpu;

import java.util.Arrays;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.spi.Operand;

/// Several operands walked together over one shape, to which all of them broadcast: the axes that all of them can walk
/// with one stride are merged, axes of size 1 dropped. There is at least one axis. Strides and offsets are in bytes.
final class Walk {
    /// The number of axes.
    final int rank;

    /// The sizes of the axes, outermost first.
    final long[] sizes;

    /// By operand and axis.
    final long[][] strides;

    /// Where the first element of each operand lies.
    final long[] offsets;

    private Walk(int rank, long[] sizes, long[][] strides, long[] offsets) {
        this.rank = rank;
        this.sizes = sizes;
        this.strides = strides;
        this.offsets = offsets;
    }

    /// The walk over `shape`, which must not be empty.
    static Walk of(Shape shape, Operand... operands) {
        int axes = shape.rank();
        int n = 0;
        var sizes = new long[Math.max(1, axes)];
        var strides = new long[operands.length][sizes.length];
        var offsets = new long[operands.length];
        for (int k = 0; k < operands.length; k++) {
            offsets[k] = operands[k].byteOffset();
            strides[k][0] = operands[k].dtype().bytes();
        }
        sizes[0] = 1;
        for (int axis = 0; axis < axes; axis++) {
            long size = shape.size(axis);
            if (size == 1) {
                continue;
            }
            boolean merge = n > 0;
            for (int k = 0; k < operands.length; k++) {
                long stride = stride(operands[k], axis - axes);
                strides[k][n] = stride;
                merge = merge && strides[k][n - 1] == stride * size;
            }
            if (merge) {
                sizes[n - 1] *= size;
                for (var steps : strides) {
                    steps[n - 1] = steps[n];
                }
            } else {
                sizes[n++] = size;
            }
        }
        return new Walk(Math.max(1, n), sizes, strides, offsets);
    }

    /// The stride of an operand along `axis`, counted from the end and so negative; 0 where it is broadcast.
    private static long stride(Operand operand, int axis) {
        int own = operand.shape().rank() + axis;
        boolean broadcast = own < 0 || operand.shape().size(own) == 1;
        return broadcast ? 0 : operand.layout().strides()[own] * operand.dtype().bytes();
    }

    /// The number of places on the axes before `axis`.
    long countBefore(int axis) {
        long count = 1;
        for (int i = 0; i < axis; i++) {
            count *= sizes[i];
        }
        return count;
    }

    /// A walk with the axes in another order.
    Walk permuted(int... order) {
        var sizes = new long[rank];
        var strides = new long[this.strides.length][rank];
        for (int i = 0; i < rank; i++) {
            sizes[i] = this.sizes[order[i]];
            for (int k = 0; k < strides.length; k++) {
                strides[k][i] = this.strides[k][order[i]];
            }
        }
        return new Walk(rank, sizes, strides, offsets);
    }

    /// A place on the first axes of a walk.
    static final class Cursor {
        /// The byte offset of each operand at this place.
        final long[] at;

        private final Walk walk;
        private final int axes;
        private final long[] index;

        /// At place number `place`, in row-major order, of the first `axes` axes.
        Cursor(Walk walk, int axes, long place) {
            this.walk = walk;
            this.axes = axes;
            index = new long[axes];
            at = Arrays.copyOf(walk.offsets, walk.offsets.length);
            long rest = place;
            for (int axis = axes - 1; axis >= 0; axis--) {
                index[axis] = rest % walk.sizes[axis];
                rest /= walk.sizes[axis];
                move(axis, index[axis]);
            }
        }

        /// Goes to the next place; after the last one comes the first.
        void next() {
            for (int axis = axes - 1; axis >= 0; axis--) {
                if (++index[axis] < walk.sizes[axis]) {
                    move(axis, 1);
                    return;
                }
                index[axis] = 0;
                move(axis, 1 - walk.sizes[axis]);
            }
        }

        private void move(int axis, long steps) {
            for (int k = 0; k < at.length; k++) {
                at[k] += steps * walk.strides[k][axis];
            }
        }
    }
}
