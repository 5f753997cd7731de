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
    /// Work on an element, for the cut into chunks: small enough that what a chunk reads and
    /// writes stays in the nearest cache.
    private static final long COST = 32;

    private SoftmaxCpu() { }

    /// [SoftmaxOp].
    static void softmax(Operand in, Operand out) {
        try (var x = Rows.padded(in, Float.NEGATIVE_INFINITY); var y = Rows.padded(out, 0);
                var scratch = Scratch.of(4 * x.count)) {
            int d = x.width;
            long number = scratch.segment.address();                    // of a row: first the largest, then the sum
            Parallel.rows(x.count, COST * d, new Phases((r0, r1) -> {
                for (long r = r0; r < r1; r++) {
                    Simd.setF32(number + 4 * r, RowKernels.max(x.address(r), d));
                }
            }, (r0, r1) -> {
                for (long r = r0; r < r1; r++) {
                    float max = Simd.getF32(number + 4 * r);
                    Simd.setF32(number + 4 * r, RowKernels.expInto(x.address(r), d, max, y.address(r)));
                }
            }, (r0, r1) -> {
                for (long r = r0; r < r1; r++) {
                    RowKernels.scale(y.address(r), d, 1 / Simd.getF32(number + 4 * r));
                }
            }));
            y.into(out);
        }
    }

    /// [LogSoftmaxOp].
    static void logSoftmax(Operand in, Operand out) {
        try (var x = Rows.padded(in, Float.NEGATIVE_INFINITY); var y = Rows.padded(out, 0);
                var first = Scratch.of(4 * x.count); var second = Scratch.of(4 * x.count)) {
            int d = x.width;
            long max = first.segment.address();
            long sum = second.segment.address();
            Parallel.rows(x.count, COST * d, new Phases((r0, r1) -> {
                for (long r = r0; r < r1; r++) {
                    Simd.setF32(max + 4 * r, RowKernels.max(x.address(r), d));
                }
            }, (r0, r1) -> {
                for (long r = r0; r < r1; r++) {
                    Simd.setF32(sum + 4 * r, RowKernels.sumExp(x.address(r), d, Simd.getF32(max + 4 * r)));
                }
            }, (r0, r1) -> {
                for (long r = r0; r < r1; r++) {
                    float log = (float) Math.log(Simd.getF32(sum + 4 * r));
                    subtract(x.address(r), d, Simd.getF32(max + 4 * r), log, y.address(r));
                }
            }));
            y.into(out);
        }
    }

    /// `y_i = (x_i - a) - b`, in two steps: `a` may be large and `b` small.
    private static void subtract(long x, int d, float a, float b, long y) {
        int i = 0;
        for (; i <= d - 2 * LANES; i += 2 * LANES) {
            long at = 4L * i;
            Simd.store(y + at, Simd.loadF32(x + at).sub(a).sub(b));
            Simd.store(y + at + V, Simd.loadF32(x + at + V).sub(a).sub(b));
        }
        if (i <= d - LANES) {
            Simd.store(y + 4L * i, Simd.loadF32(x + 4L * i).sub(a).sub(b));
            i += LANES;
        }
        for (; i < d; i++) {
            Simd.setF32(y + 4L * i, Simd.getF32(x + 4L * i) - a - b);
        }
    }

    /// [SoftmaxGrad].
    static void softmaxGrad(Operand[] in, Operand out) {
        try (var y = Rows.of(in[0]); var dy = Rows.of(in[1]); var dx = Rows.of(out)) {
            int d = y.width;
            Parallel.rows(y.count, COST * d, (r0, r1) -> {
                for (long r = r0; r < r1; r++) {
                    float dot = RowKernels.dot(y.address(r), dy.address(r), d);
                    softmaxGrad(y.address(r), dy.address(r), d, dot, dx.address(r));
                }
            });
        }
    }

    /// `dx_i = y_i (dy_i - dot)`.
    private static void softmaxGrad(long y, long dy, int d, float dot, long dx) {
        int i = 0;
        for (; i <= d - 2 * LANES; i += 2 * LANES) {
            long at = 4L * i;
            Simd.store(dx + at, Simd.loadF32(y + at).mul(Simd.loadF32(dy + at).sub(dot)));
            Simd.store(dx + at + V, Simd.loadF32(y + at + V).mul(Simd.loadF32(dy + at + V).sub(dot)));
        }
        if (i <= d - LANES) {
            Simd.store(dx + 4L * i, Simd.loadF32(y + 4L * i).mul(Simd.loadF32(dy + 4L * i).sub(dot)));
            i += LANES;
        }
        for (; i < d; i++) {
            Simd.setF32(dx + 4L * i, Simd.getF32(y + 4L * i) * (Simd.getF32(dy + 4L * i) - dot));
        }
    }

    /// [LogSoftmaxGrad].
    static void logSoftmaxGrad(Operand[] in, Operand out) {
        try (var y = Rows.padded(in[0], Float.NEGATIVE_INFINITY); var dy = Rows.padded(in[1], 0);
                var dx = Rows.padded(out, 0); var scratch = Scratch.of(4 * y.count)) {
            int d = y.width;
            long sum = scratch.segment.address();
            Parallel.rows(y.count, COST * d, new Phases((r0, r1) -> {
                for (long r = r0; r < r1; r++) {
                    Simd.setF32(sum + 4 * r, RowKernels.sum(dy.address(r), d));
                }
            }, (r0, r1) -> {
                for (long r = r0; r < r1; r++) {
                    logSoftmaxGrad(y.address(r), dy.address(r), d, Simd.getF32(sum + 4 * r), dx.address(r));
                }
            }));
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
