package org.sfumato.tensor.cpu;

import java.util.Arrays;
import org.sfumato.tensor.Layout;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.spi.Operand;

/// The lines of several operands along one axis: for each place on the other axes, where the line begins in each
/// operand, and the stride along it. The operands agree in all sizes but that of the axis. Everything is in bytes.
final class Lines {
    /// The number of lines.
    final long count;

    private final Walk walk;
    private final long[] sizes;
    private final long[] steps;

    /// The lines along `axis`; no operand may be empty off the axis.
    Lines(int axis, Operand... operands) {
        sizes = new long[operands.length];
        steps = new long[operands.length];
        var others = new Operand[operands.length];
        for (int k = 0; k < operands.length; k++) {
            var x = operands[k];
            sizes[k] = x.shape().size(axis);
            steps[k] = x.layout().strides()[axis] * x.dtype().bytes();
            others[k] = new Operand(x.buffer(), x.dtype(), new Layout(Shape.of(without(x.shape().sizes(), axis)),
                    without(x.layout().strides(), axis), x.layout().offset()));
        }
        walk = Walk.of(others[0].shape(), others);
        count = walk.countBefore(walk.rank);
    }

    private static long[] without(long[] values, int at) {
        var rest = Arrays.copyOf(values, values.length - 1);
        System.arraycopy(values, at + 1, rest, at, rest.length - at);
        return rest;
    }

    /// Elements in a line of operand `k`.
    long size(int k) {
        return sizes[k];
    }

    /// The stride along a line of operand `k`.
    long step(int k) {
        return steps[k];
    }

    /// A place on the lines, at line number `line`.
    Walk.Cursor from(long line) {
        return new Walk.Cursor(walk, walk.rank, line);
    }
}
