package org.sfumato.tensor.cpu;

import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.MAX;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import org.sfumato.tensor.expr.VectorMath;

/// One number from a row of `d` floats at byte offset `at`. Each runs in two or four sums side by side, which are added
/// in a fixed order: the bits follow from the row alone.
final class RowSums {
    private static final int LANES = Simd.F32_LANES;
    private static final long V = Simd.BYTES;

    private RowSums() { }

    /// The largest element; minus infinity if there is none. A NaN is passed over: it comes back in what is done with
    /// the result.
    static float max(MemorySegment s, long at, int d) {
        var m0 = FloatVector.broadcast(Simd.F32, Float.NEGATIVE_INFINITY);
        var m1 = m0;
        int i = 0;
        for (; i <= d - 2 * LANES; i += 2 * LANES) {
            var a = Simd.loadF32(s, at + 4L * i);
            var b = Simd.loadF32(s, at + 4L * i + V);
            m0 = m0.blend(a, a.compare(GT, m0));
            m1 = m1.blend(b, b.compare(GT, m1));
        }
        for (; i < d; i += LANES) {
            var lanes = Simd.firstF32(d - i);
            var a = Simd.loadF32(s, at + 4L * i, lanes);
            m0 = m0.blend(a, a.compare(GT, m0).and(lanes));
        }
        return m0.blend(m1, m1.compare(GT, m0)).reduceLanes(MAX);
    }

    /// `sum_i x_i`.
    static float sum(MemorySegment s, long at, int d) {
        var s0 = FloatVector.zero(Simd.F32);
        var s1 = s0;
        int i = 0;
        for (; i <= d - 2 * LANES; i += 2 * LANES) {
            s0 = s0.add(Simd.loadF32(s, at + 4L * i));
            s1 = s1.add(Simd.loadF32(s, at + 4L * i + V));
        }
        for (; i < d; i += LANES) {
            s0 = s0.add(Simd.loadF32(s, at + 4L * i, Simd.firstF32(d - i)));
        }
        return Simd.sum(s0.add(s1));
    }

    /// `sum_i x_i y_i`.
    static float dot(MemorySegment x, long xo, MemorySegment y, long yo, int d) {
        var s0 = FloatVector.zero(Simd.F32);
        var s1 = s0;
        int i = 0;
        for (; i <= d - 2 * LANES; i += 2 * LANES) {
            s0 = Simd.loadF32(x, xo + 4L * i).fma(Simd.loadF32(y, yo + 4L * i), s0);
            s1 = Simd.loadF32(x, xo + 4L * i + V).fma(Simd.loadF32(y, yo + 4L * i + V), s1);
        }
        for (; i < d; i += LANES) {
            var lanes = Simd.firstF32(d - i);
            s0 = Simd.loadF32(x, xo + 4L * i, lanes).fma(Simd.loadF32(y, yo + 4L * i, lanes), s0);
        }
        return Simd.sum(s0.add(s1));
    }

    /// `sum_i exp(x_i - shift)`.
    static float sumExp(MemorySegment x, long xo, int d, float shift) {
        var sum = FloatVector.zero(Simd.F32);
        for (int i = 0; i < d; i += LANES) {
            var lanes = Simd.upTo(d - i);
            sum = sum.add(VectorMath.expBelow(Simd.loadF32(x, xo + 4L * i, lanes).sub(shift)), lanes);
        }
        return Simd.sum(sum);
    }

    /// `y_i = exp(x_i - shift)`; gives `sum_i y_i`.
    static float expInto(MemorySegment x, long xo, int d, float shift, MemorySegment y, long yo) {
        var sum = FloatVector.zero(Simd.F32);
        for (int i = 0; i < d; i += LANES) {
            var lanes = Simd.upTo(d - i);
            var e = VectorMath.expBelow(Simd.loadF32(x, xo + 4L * i, lanes).sub(shift));
            Simd.store(y, yo + 4L * i, e, lanes);
            sum = sum.add(e, lanes);
        }
        return Simd.sum(sum);
    }

    /// `x_i = x_i * factor`.
    static void scale(MemorySegment x, long xo, int d, float factor) {
        int i = 0;
        for (; i <= d - LANES; i += LANES) {
            Simd.store(x, xo + 4L * i, Simd.loadF32(x, xo + 4L * i).mul(factor));
        }
        if (i < d) {
            var lanes = Simd.firstF32(d - i);
            Simd.store(x, xo + 4L * i, Simd.loadF32(x, xo + 4L * i, lanes).mul(factor), lanes);
        }
    }
}
