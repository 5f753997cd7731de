package org.sfumato.tensor;

import org.sfumato.tensor.op.Copy;
import org.sfumato.tensor.op.Op;
import org.sfumato.tensor.op.Pointwise;

/// Which elements of a buffer two views share, for writing in place.
final class Overlap {
    private Overlap() { }

    /// @throws ShapeException if two elements that are written lie in the same place, for then the result would
    ///     depend on the order
    static void requireDistinct(Op op, Tensor[] out) {
        for (int i = 0; i < out.length; i++) {
            var layout = out[i].layout();
            for (int axis = 0; axis < layout.shape().rank(); axis++) {
                if (layout.strides()[axis] == 0 && layout.shape().size(axis) > 1) {
                    throw new ShapeException(op.name() + ": cannot write into a repeated axis, " + axis + " of "
                            + layout.shape() + "\nhint: copy() the expanded tensor");
                }
            }
            for (int k = 0; k < i; k++) {
                if (meet(out[i], out[k])) {
                    throw new ShapeException(op.name() + ": targets " + k + " and " + i + " share memory");
                }
            }
        }
    }

    /// True if an input could be overwritten before it is read.
    static boolean isHarmful(Op op, Tensor[] in, Tensor[] out) {
        for (var x : in) {
            if (isHarmful(op, x, out)) {
                return true;
            }
        }
        return false;
    }

    /// The inputs, with a copy in place of each that could be overwritten before it is read.
    static Tensor[] apart(Op op, Tensor[] in, Tensor[] out) {
        var result = in.clone();
        for (int i = 0; i < in.length; i++) {
            result[i] = isHarmful(op, in[i], out) ? in[i].copy() : in[i];
        }
        return result;
    }

    /// An input of a pointwise operation that lies element upon element on a target is read just before that element
    /// is written.
    private static boolean isHarmful(Op op, Tensor x, Tensor[] out) {
        boolean pointwise = op instanceof Pointwise || op instanceof Copy;
        for (var target : out) {
            if (meet(x, target) && !(pointwise && x.layout().equals(target.layout()))) {
                return true;
            }
        }
        return false;
    }

    /// True if the elements of `a` and `b` lie in ranges that meet; between them they may still keep clear of each
    /// other.
    private static boolean meet(Tensor a, Tensor b) {
        return a.storage() == b.storage() && a.shape().count() > 0 && b.shape().count() > 0
                && reach(a, -1) <= reach(b, 1) && reach(b, -1) <= reach(a, 1);
    }

    /// The lowest (`sign` -1) or highest (1) place of an element.
    private static long reach(Tensor tensor, int sign) {
        long at = tensor.layout().offset();
        for (int axis = 0; axis < tensor.shape().rank(); axis++) {
            long stride = tensor.layout().strides()[axis];
            at += Long.signum(stride) == sign ? stride * (tensor.size(axis) - 1) : 0;
        }
        return at;
    }
}
