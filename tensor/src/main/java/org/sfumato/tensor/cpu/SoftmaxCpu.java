package org.sfumato.tensor.cpu;

import jdk.incubator.vector.FloatVector;
import org.sfumato.tensor.expr.VectorMath;
import org.sfumato.tensor.op.LogSoftmaxGrad;
import org.sfumato.tensor.op.LogSoftmaxOp;
import org.sfumato.tensor.op.SoftmaxGrad;
import org.sfumato.tensor.op.SoftmaxOp;
import org.sfumato.tensor.spi.Operand;

/// [SoftmaxOp], [LogSoftmaxOp] and their gradients, some rows at a time: each is read from memory once and
/// stays in the nearest cache.
final class SoftmaxCpu {
    private static final int LANES = Simd.F32_LANES;
    private static final long V = Simd.BYTES;
    private static final int NOTES = 2 * Float.BYTES;

    private SoftmaxCpu() { }

    /// [SoftmaxOp].
    static void softmax(Operand in, Operand out) {
        try (var x = Rows.padded(in, Float.NEGATIVE_INFINITY); var y = Rows.padded(out, 0)) {
            int d = x.width;
            new Phases(NOTES, (r0, r1, notes) -> {
                for (long r = r0; r < r1; r++, notes += NOTES) {
                    Simd.setF32(notes, RowKernels.max(x.address(r), d));
                }
            }, (r0, r1, notes) -> {
                for (long r = r0; r < r1; r++, notes += NOTES) {
                    Simd.setF32(notes, RowKernels.expInto(x.address(r), d, Simd.getF32(notes), y.address(r)));
                }
            }, (r0, r1, notes) -> {
                for (long r = r0; r < r1; r++, notes += NOTES) {
                    RowKernels.scale(y.address(r), d, 1 / Simd.getF32(notes));
                }
            }).all(x.count, d);
            y.into(out);
        }
    }

    /// [LogSoftmaxOp].
    static void logSoftmax(Operand in, Operand out) {
        try (var x = Rows.padded(in, Float.NEGATIVE_INFINITY); var y = Rows.padded(out, 0)) {
            int d = x.width;
            new Phases(NOTES, (r0, r1, notes) -> {
                for (long r = r0; r < r1; r++, notes += NOTES) {
                    Simd.setF32(notes, RowKernels.max(x.address(r), d));
                }
            }, (r0, r1, notes) -> {
                for (long r = r0; r < r1; r++, notes += NOTES) {
                    Simd.setF32(notes + 4, RowKernels.sumExp(x.address(r), d, Simd.getF32(notes)));
                }
            }, (r0, r1, notes) -> {
                for (long r = r0; r < r1; r++, notes += NOTES) {
                    float log = (float) Math.log(Simd.getF32(notes + 4));
                    subtract(x.address(r), d, Simd.getF32(notes), log, y.address(r));
                }
            }).all(x.count, d);
            y.into(out);
        }
    }

    /// `y_i = (x_i - a) - b`, in two steps: `a` may be large and `b` small.
    private static void subtract(long x, int d, float a, float b, long y) {
        x = Simd.bounded(x);
        y = Simd.bounded(y);
        long end = Simd.whole(d);
        for (long at = 0; at < end; at += V) {
            Simd.store(y + at, Simd.loadF32(x + at).sub(a).sub(b));
        }
        for (long at = end; at < 4L * d; at += Float.BYTES) {
            Simd.setF32(y + at, Simd.getF32(x + at) - a - b);
        }
    }

    /// [SoftmaxGrad].
    static void softmaxGrad(Operand[] in, Operand out) {
        try (var y = Rows.of(in[0]); var dy = Rows.of(in[1]); var dx = Rows.of(out)) {
            int d = y.width;
            new Phases(0, (r0, r1, _) -> {
                for (long r = r0; r < r1; r++) {
                    float dot = RowKernels.dot(y.address(r), dy.address(r), d);
                    softmaxGrad(y.address(r), dy.address(r), d, dot, dx.address(r));
                }
            }).all(y.count, d);
        }
    }

    /// `dx_i = y_i (dy_i - dot)`.
    private static void softmaxGrad(long y, long dy, int d, float dot, long dx) {
        y = Simd.bounded(y);
        dy = Simd.bounded(dy);
        dx = Simd.bounded(dx);
        long end = Simd.whole(d);
        for (long at = 0; at < end; at += V) {
            Simd.store(dx + at, Simd.loadF32(y + at).mul(Simd.loadF32(dy + at).sub(dot)));
        }
        for (long at = end; at < 4L * d; at += Float.BYTES) {
            Simd.setF32(dx + at, Simd.getF32(y + at) * (Simd.getF32(dy + at) - dot));
        }
    }

    /// [LogSoftmaxGrad].
    static void logSoftmaxGrad(Operand[] in, Operand out) {
        try (var y = Rows.padded(in[0], Float.NEGATIVE_INFINITY); var dy = Rows.padded(in[1], 0);
                var dx = Rows.padded(out, 0)) {
            int d = y.width;
            new Phases(Float.BYTES, (r0, r1, notes) -> {
                for (long r = r0; r < r1; r++) {
                    Simd.setF32(notes + 4 * (r - r0), RowKernels.sum(dy.address(r), d));
                }
            }, (r0, r1, notes) -> {
                for (long r = r0; r < r1; r++) {
                    float sum = Simd.getF32(notes + 4 * (r - r0));
                    logSoftmaxGrad(y.address(r), dy.address(r), d, sum, dx.address(r));
                }
            }).all(y.count, d);
            dx.into(out);
        }
    }

    /// `dx_i = dy_i - exp(y_i) sum`.
    private static void logSoftmaxGrad(long y, long dy, int d, float sum, long dx) {
        var minus = FloatVector.broadcast(Simd.F32, -sum);
        for (int i = 0; i < d; i += LANES) {
            long at = 4L * Math.min(i, d - LANES);
            Simd.store(dx + at, VectorMath.expBelow(Simd.loadF32(y + at)).fma(minus, Simd.loadF32(dy + at)));
        }
    }
}
