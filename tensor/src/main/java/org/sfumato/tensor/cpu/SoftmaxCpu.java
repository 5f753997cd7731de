package org.sfumato.tensor.cpu;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import org.sfumato.tensor.expr.VectorMath;
import org.sfumato.tensor.op.LogSoftmaxGrad;
import org.sfumato.tensor.op.LogSoftmaxOp;
import org.sfumato.tensor.op.SoftmaxGrad;
import org.sfumato.tensor.op.SoftmaxOp;
import org.sfumato.tensor.spi.Operand;

/// [SoftmaxOp], [LogSoftmaxOp] and their gradients, row by row: each row is read from memory once and stays in the
/// nearest cache.
final class SoftmaxCpu {
    private static final int LANES = Simd.F32_LANES;
    /// Work on an element, for the cut into chunks: an exponential is about this many operations.
    private static final long COST = 16;

    private SoftmaxCpu() { }

    /// [SoftmaxOp].
    static void softmax(Operand in, Operand out) {
        try (var x = Rows.of(in); var y = Rows.of(out)) {
            Parallel.rows(x.count, COST * x.width, (r0, r1) -> softmax(x, y, r0, r1));
        }
    }

    /// [LogSoftmaxOp].
    static void logSoftmax(Operand in, Operand out) {
        try (var x = Rows.of(in); var y = Rows.of(out)) {
            Parallel.rows(x.count, COST * x.width, (r0, r1) -> logSoftmax(x, y, r0, r1));
        }
    }

    /// [SoftmaxGrad].
    static void softmaxGrad(Operand[] in, Operand out) {
        try (var y = Rows.of(in[0]); var dy = Rows.of(in[1]); var dx = Rows.of(out)) {
            Parallel.rows(y.count, COST * y.width, (r0, r1) -> softmaxGrad(y, dy, dx, r0, r1));
        }
    }

    /// [LogSoftmaxGrad].
    static void logSoftmaxGrad(Operand[] in, Operand out) {
        try (var y = Rows.of(in[0]); var dy = Rows.of(in[1]); var dx = Rows.of(out)) {
            Parallel.rows(y.count, COST * y.width, (r0, r1) -> logSoftmaxGrad(y, dy, dx, r0, r1));
        }
    }

    private static void softmax(Rows x, Rows y, long r0, long r1) {
        int d = x.width;
        for (long r = r0; r < r1; r++) {
            float max = RowSums.max(x.segment, x.offset(r), d);
            float sum = RowSums.expInto(x.segment, x.offset(r), d, max, y.segment, y.offset(r));
            RowSums.scale(y.segment, y.offset(r), d, 1 / sum);
        }
    }

    private static void logSoftmax(Rows x, Rows y, long r0, long r1) {
        int d = x.width;
        for (long r = r0; r < r1; r++) {
            float max = RowSums.max(x.segment, x.offset(r), d);
            float log = (float) Math.log(RowSums.sumExp(x.segment, x.offset(r), d, max));
            subtract(x.segment, x.offset(r), d, max, log, y.segment, y.offset(r));
        }
    }

    /// `y_i = (x_i - a) - b`, in two steps: `a` may be large and `b` small.
    private static void subtract(MemorySegment x, long xo, int d, float a, float b, MemorySegment y, long yo) {
        int i = 0;
        for (; i <= d - LANES; i += LANES) {
            Simd.store(y, yo + 4L * i, Simd.loadF32(x, xo + 4L * i).sub(a).sub(b));
        }
        if (i < d) {
            var lanes = Simd.firstF32(d - i);
            Simd.store(y, yo + 4L * i, Simd.loadF32(x, xo + 4L * i, lanes).sub(a).sub(b), lanes);
        }
    }

    private static void softmaxGrad(Rows y, Rows dy, Rows dx, long r0, long r1) {
        int d = y.width;
        for (long r = r0; r < r1; r++) {
            float dot = RowSums.dot(y.segment, y.offset(r), dy.segment, dy.offset(r), d);
            softmaxGrad(y.segment, y.offset(r), dy.segment, dy.offset(r), d, dot, dx.segment, dx.offset(r));
        }
    }

    private static void softmaxGrad(MemorySegment y, long yo, MemorySegment dy, long dyo, int d, float dot,
            MemorySegment dx, long dxo) {
        int i = 0;
        for (; i <= d - LANES; i += LANES) {
            Simd.store(dx, dxo + 4L * i, Simd.loadF32(y, yo + 4L * i).mul(Simd.loadF32(dy, dyo + 4L * i).sub(dot)));
        }
        if (i < d) {
            var lanes = Simd.firstF32(d - i);
            var v = Simd.loadF32(y, yo + 4L * i, lanes).mul(Simd.loadF32(dy, dyo + 4L * i, lanes).sub(dot));
            Simd.store(dx, dxo + 4L * i, v, lanes);
        }
    }

    private static void logSoftmaxGrad(Rows y, Rows dy, Rows dx, long r0, long r1) {
        int d = y.width;
        for (long r = r0; r < r1; r++) {
            float sum = RowSums.sum(dy.segment, dy.offset(r), d);
            logSoftmaxGrad(y.segment, y.offset(r), dy.segment, dy.offset(r), d, sum, dx.segment, dx.offset(r));
        }
    }

    private static void logSoftmaxGrad(MemorySegment y, long yo, MemorySegment dy, long dyo, int d, float sum,
            MemorySegment dx, long dxo) {
        var minus = FloatVector.broadcast(Simd.F32, -sum);
        for (int i = 0; i < d; i += LANES) {
            var lanes = Simd.upTo(d - i);
            var p = VectorMath.expBelow(Simd.loadF32(y, yo + 4L * i, lanes));
            Simd.store(dx, dxo + 4L * i, p.fma(minus, Simd.loadF32(dy, dyo + 4L * i, lanes)), lanes);
        }
    }
}
