package org.sfumato.tensor.cpu;

import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.MAX;

import jdk.incubator.vector.FloatVector;
import org.sfumato.tensor.expr.VectorMath;

/// Kernels on one row of `d` floats at an address. Sums run side by side in the lanes of one vector and are added in a
/// fixed order: the bits follow from the row alone. One vector is enough, for the processor is at work on several rows
/// at a time; more of them in a loop made short rows slower, up to twice.
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
        var max = FloatVector.broadcast(Simd.F32, Float.NEGATIVE_INFINITY);
        x = Simd.bounded(x);
        long end = Simd.whole(d);
        for (long at = 0; at < end; at += V) {
            var a = Simd.loadF32(x + at);
            max = max.blend(a, a.compare(GT, max));
        }
        var last = Simd.loadF32(x + 4L * (d - LANES));
        max = max.blend(last, last.compare(GT, max));
        return max.reduceLanes(MAX);
    }

    /// `sum_i x_i`.
    static float sum(long x, int d) {
        x = Simd.bounded(x);
        var vector = FloatVector.zero(Simd.F32);
        long end = Simd.whole(d);
        for (long at = 0; at < end; at += V) {
            vector = vector.add(Simd.loadF32(x + at));
        }
        float sum = Simd.sum(vector);
        for (long at = end; at < 4L * d; at += Float.BYTES) {
            sum += Simd.getF32(x + at);
        }
        return sum;
    }

    /// `sum_i x_i y_i`.
    static float dot(long x, long y, int d) {
        x = Simd.bounded(x);
        y = Simd.bounded(y);
        var vector = FloatVector.zero(Simd.F32);
        long end = Simd.whole(d);
        for (long at = 0; at < end; at += V) {
            vector = Simd.loadF32(x + at).fma(Simd.loadF32(y + at), vector);
        }
        float sum = Simd.sum(vector);
        for (long at = end; at < 4L * d; at += Float.BYTES) {
            sum = Math.fma(Simd.getF32(x + at), Simd.getF32(y + at), sum);
        }
        return sum;
    }

    /// `sum_i exp(x_i - shift)`.
    static float sumExp(long x, int d, float shift) {
        int whole = d & -LANES;
        float sum = sumExpWhole(x, whole, shift);
        return whole == d ? sum : sum + sumExpLast(x + 4L * (d - LANES), LANES - (d - whole), shift);
    }

    /// [#sumExp] of whole vectors only.
    static float sumExpWhole(long x, int whole, float shift) {
        x = Simd.bounded(x);
        var sum = FloatVector.zero(Simd.F32);
        long end = Simd.whole(whole);
        for (long at = 0; at < end; at += V) {
            sum = sum.add(VectorMath.expBelow(Simd.loadF32(x + at).sub(shift)));
        }
        return Simd.sum(sum);
    }

    /// [#sumExp] of one vector, of which the lanes from `first` on count.
    static float sumExpLast(long x, int first, float shift) {
        var e = VectorMath.expBelow(Simd.loadF32(x).sub(shift));
        return Simd.sum(FloatVector.zero(Simd.F32).blend(e, Simd.from(first)));
    }

    /// `y_i = exp(x_i - shift)`; gives `sum_i y_i`.
    static float expInto(long x, int d, float shift, long y) {
        int whole = d & -LANES;
        float sum = expIntoWhole(x, whole, shift, y);
        long last = 4L * (d - LANES);
        return whole == d ? sum : sum + expIntoLast(x + last, LANES - (d - whole), shift, y + last);
    }

    private static float expIntoWhole(long x, int whole, float shift, long y) {
        x = Simd.bounded(x);
        y = Simd.bounded(y);
        var sum = FloatVector.zero(Simd.F32);
        long end = Simd.whole(whole);
        for (long at = 0; at < end; at += V) {
            var e = VectorMath.expBelow(Simd.loadF32(x + at).sub(shift));
            Simd.store(y + at, e);
            sum = sum.add(e);
        }
        return Simd.sum(sum);
    }

    /// One vector, of which the lanes from `first` on are summed.
    private static float expIntoLast(long x, int first, float shift, long y) {
        var e = VectorMath.expBelow(Simd.loadF32(x).sub(shift));
        Simd.store(y, e);
        return Simd.sum(FloatVector.zero(Simd.F32).blend(e, Simd.from(first)));
    }

    /// `x_i = x_i factor`.
    static void scale(long x, int d, float factor) {
        x = Simd.bounded(x);
        long end = Simd.whole(d);
        for (long at = 0; at < end; at += V) {
            Simd.store(x + at, Simd.loadF32(x + at).mul(factor));
        }
        for (long at = end; at < 4L * d; at += Float.BYTES) {
            Simd.setF32(x + at, Simd.getF32(x + at) * factor);
        }
    }
}
