package org.sfumato.tensor.cpu;

import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.MAX;

import jdk.incubator.vector.FloatVector;
import org.sfumato.tensor.expr.VectorMath;

/// Kernels on one row of `d` floats at an address. Sums run side by side and are added in a fixed order: the bits
/// follow from the row alone.
///
/// Those with an exponential or a largest element take rows of [Simd#F32_LANES] at least, see [Rows#padded]. A row that
/// is no multiple of a vector ends in its last whole vector, of which those lanes count that no vector before it had:
/// cheaper than a mask, and far cheaper for C2, see [Phases].
final class RowKernels {
    private static final int LANES = Simd.F32_LANES;
    private static final long V = Simd.BYTES;

    private RowKernels() { }

    /// The largest element. A NaN is passed over: it comes back in what is done with the result.
    static float max(long x, int d) {
        var m0 = FloatVector.broadcast(Simd.F32, Float.NEGATIVE_INFINITY);
        var m1 = m0;
        int i = 0;
        for (; i <= d - 2 * LANES; i += 2 * LANES) {
            var a = Simd.loadF32(x + 4L * i);
            var b = Simd.loadF32(x + 4L * i + V);
            m0 = m0.blend(a, a.compare(GT, m0));
            m1 = m1.blend(b, b.compare(GT, m1));
        }
        if (i <= d - LANES) {
            var a = Simd.loadF32(x + 4L * i);
            m0 = m0.blend(a, a.compare(GT, m0));
        }
        var last = Simd.loadF32(x + 4L * (d - LANES));
        m1 = m1.blend(last, last.compare(GT, m1));
        return m0.blend(m1, m1.compare(GT, m0)).reduceLanes(MAX);
    }

    /// `sum_i x_i`.
    static float sum(long x, int d) {
        var s0 = FloatVector.zero(Simd.F32);
        var s1 = s0;
        int i = 0;
        for (; i <= d - 2 * LANES; i += 2 * LANES) {
            s0 = s0.add(Simd.loadF32(x + 4L * i));
            s1 = s1.add(Simd.loadF32(x + 4L * i + V));
        }
        if (i <= d - LANES) {
            s0 = s0.add(Simd.loadF32(x + 4L * i));
            i += LANES;
        }
        float sum = Simd.sum(s0.add(s1));
        for (; i < d; i++) {
            sum += Simd.getF32(x + 4L * i);
        }
        return sum;
    }

    /// `sum_i x_i y_i`.
    static float dot(long x, long y, int d) {
        var s0 = FloatVector.zero(Simd.F32);
        var s1 = s0;
        int i = 0;
        for (; i <= d - 2 * LANES; i += 2 * LANES) {
            long at = 4L * i;
            s0 = Simd.loadF32(x + at).fma(Simd.loadF32(y + at), s0);
            s1 = Simd.loadF32(x + at + V).fma(Simd.loadF32(y + at + V), s1);
        }
        if (i <= d - LANES) {
            s0 = Simd.loadF32(x + 4L * i).fma(Simd.loadF32(y + 4L * i), s0);
            i += LANES;
        }
        float sum = Simd.sum(s0.add(s1));
        for (; i < d; i++) {
            sum = Math.fma(Simd.getF32(x + 4L * i), Simd.getF32(y + 4L * i), sum);
        }
        return sum;
    }

    /// `sum_i exp(x_i - shift)`.
    static float sumExp(long x, int d, float shift) {
        var zero = FloatVector.zero(Simd.F32);
        var sum = zero;
        for (int i = 0; i < d; i += LANES) {
            int at = Math.min(i, d - LANES);
            var e = VectorMath.expBelow(Simd.loadF32(x + 4L * at).sub(shift));
            sum = sum.add(zero.blend(e, Simd.from(i - at)));
        }
        return Simd.sum(sum);
    }

    /// `y_i = exp(x_i - shift)`; gives `sum_i y_i`.
    static float expInto(long x, int d, float shift, long y) {
        var zero = FloatVector.zero(Simd.F32);
        var sum = zero;
        for (int i = 0; i < d; i += LANES) {
            int at = Math.min(i, d - LANES);
            var e = VectorMath.expBelow(Simd.loadF32(x + 4L * at).sub(shift));
            Simd.store(y + 4L * at, e);
            sum = sum.add(zero.blend(e, Simd.from(i - at)));
        }
        return Simd.sum(sum);
    }

    /// `x_i = x_i factor`.
    static void scale(long x, int d, float factor) {
        int i = 0;
        for (; i <= d - 2 * LANES; i += 2 * LANES) {
            long at = x + 4L * i;
            Simd.store(at, Simd.loadF32(at).mul(factor));
            Simd.store(at + V, Simd.loadF32(at + V).mul(factor));
        }
        if (i <= d - LANES) {
            Simd.store(x + 4L * i, Simd.loadF32(x + 4L * i).mul(factor));
            i += LANES;
        }
        for (; i < d; i++) {
            Simd.setF32(x + 4L * i, Simd.getF32(x + 4L * i) * factor);
        }
    }
}
