package org.sfumato.cuda;

import org.sfumato.tensor.Shape;
import org.sfumato.tensor.spi.Operand;

/// Several operands walked together over one shape, to which all of them broadcast: axes that all of them can walk with
/// one stride are merged, axes of size 1 dropped. There is at least one axis.
///
/// @param rank the number of axes
/// @param sizes of the axes, outermost first; more than `rank` may be there
/// @param strides in bytes, by operand and axis
/// @param wide if the count or a stride needs more than 31 bits
record Axes(int rank, long[] sizes, long[][] strides, boolean wide) {
    /// The axes of `shape`, which must not be empty.
    static Axes of(Shape shape, Operand[] in, Operand[] out) {
        int axes = shape.rank();
        int n = 0;
        var sizes = new long[Math.max(1, axes)];
        var strides = new long[in.length + out.length][sizes.length];
        var steps = new long[strides.length];
        long farthest = shape.count();
        sizes[0] = 1;
        for (int axis = 0; axis < axes; axis++) {
            long size = shape.size(axis);
            if (size == 1) {
                continue;
            }
            boolean merge = n > 0;
            for (int k = 0; k < steps.length; k++) {
                steps[k] = stride(k < in.length ? in[k] : out[k - in.length], axis - axes);
                merge = merge && strides[k][n - 1] == steps[k] * size;
                farthest = Math.max(farthest, Math.abs(steps[k]));
            }
            int at = merge ? n - 1 : n++;
            sizes[at] = merge ? sizes[at] * size : size;
            for (int k = 0; k < steps.length; k++) {
                strides[k][at] = steps[k];
            }
        }
        return new Axes(Math.max(1, n), sizes, strides, farthest > Integer.MAX_VALUE);
    }

    /// The stride of an operand along `axis`, counted from the end and so negative; 0 where it is broadcast.
    private static long stride(Operand operand, int axis) {
        int own = operand.shape().rank() + axis;
        boolean broadcast = own < 0 || operand.shape().size(own) == 1;
        return broadcast ? 0 : operand.layout().strides()[own] * operand.dtype().bytes();
    }
}
