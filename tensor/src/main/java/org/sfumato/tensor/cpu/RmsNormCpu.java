package org.sfumato.tensor.cpu;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import org.sfumato.tensor.op.RmsNormGrad;
import org.sfumato.tensor.op.RmsNormOp;
import org.sfumato.tensor.spi.Operand;

/// [RmsNormOp] and [RmsNormGrad], row by row.
final class RmsNormCpu {
    private static final int LANES = Simd.F32_LANES;
    private static final long COST = 8;

    private RmsNormCpu() { }

    /// [RmsNormOp]: y, rrms.
    static void norm(RmsNormOp op, Operand[] in, Operand[] out) {
        try (var x = Rows.of(in[0]); var w = Rows.flat(in[1]); var y = Rows.of(out[0]); var rrms = Rows.flat(out[1])) {
            Parallel.rows(x.count, COST * x.width, (r0, r1) -> {
                for (long r = r0; r < r1; r++) {
                    long at = x.offset(r);
                    float mean = RowSums.dot(x.segment, at, x.segment, at, x.width) / x.width;
                    float scale = (float) (1 / Math.sqrt(mean + op.eps()));
                    scale(x.segment, at, x.width, scale, w.segment, w.element(0), y.segment, y.offset(r));
                    rrms.segment.set(Simd.FLOAT, rrms.element(r), scale);
                }
            });
        }
    }

    /// `y_i = x_i * scale * w_i`.
    private static void scale(MemorySegment x, long xo, int d, float scale, MemorySegment w, long wo, MemorySegment y,
            long yo) {
        int i = 0;
        for (; i <= d - LANES; i += LANES) {
            Simd.store(y, yo + 4L * i, Simd.loadF32(x, xo + 4L * i).mul(scale).mul(Simd.loadF32(w, wo + 4L * i)));
        }
        if (i < d) {
            var lanes = Simd.firstF32(d - i);
            var v = Simd.loadF32(x, xo + 4L * i, lanes).mul(scale).mul(Simd.loadF32(w, wo + 4L * i, lanes));
            Simd.store(y, yo + 4L * i, v, lanes);
        }
    }

    /// [RmsNormGrad]: dx, dw.
    static void grad(Operand[] in, Operand[] out) {
        try (var x = Rows.of(in[0]); var w = Rows.flat(in[1]); var rrms = Rows.flat(in[2]); var dy = Rows.of(in[3]);
                var dx = Rows.of(out[0]); var dw = Rows.flat(out[1]); var sums = new ColumnSums(x.count, x.width,
                        x.width)) {
            Parallel.run(sums.chunks, chunk -> {
                for (long r = sums.row(chunk); r < sums.row(chunk + 1); r++) {
                    float scale = rrms.segment.get(Simd.FLOAT, rrms.element(r));
                    gradRow(x.segment, x.offset(r), x.width, scale, w.segment, w.element(0), dy.segment, dy.offset(r),
                            dx.segment, dx.offset(r), sums.segment, sums.offset(chunk));
                }
            });
            sums.into(dw.segment, dw.element(0), 0, x.width);
        }
    }

    /// The mean of a row that its gradient needs.
    private static void gradRow(MemorySegment x, long xo, int d, float scale, MemorySegment w, long wo,
            MemorySegment dy, long dyo, MemorySegment dx, long dxo, MemorySegment sums, long dwo) {
        var sum = FloatVector.zero(Simd.F32);
        int whole = d - d % LANES;
        for (int i = 0; i < whole; i += LANES) {
            var g = Simd.loadF32(dy, dyo + 4L * i).mul(Simd.loadF32(w, wo + 4L * i));
            sum = g.fma(Simd.loadF32(x, xo + 4L * i), sum);
        }
        if (whole < d) {
            long n = 4L * whole;
            var lanes = Simd.firstF32(d - whole);
            var g = Simd.loadF32(dy, dyo + n, lanes).mul(Simd.loadF32(w, wo + n, lanes));
            sum = g.fma(Simd.loadF32(x, xo + n, lanes), sum);
        }
        float dot = Simd.sum(sum) * scale / d;
        gradRow(x, xo, d, scale, w, wo, dy, dyo, dot, dx, dxo, sums, dwo);
    }

    /// One row of dx, and what it adds to dw.
    private static void gradRow(MemorySegment x, long xo, int d, float scale, MemorySegment w, long wo,
            MemorySegment dy, long dyo,
            float dot, MemorySegment dx, long dxo, MemorySegment sums, long dwo) {
        var minus = FloatVector.broadcast(Simd.F32, -dot);
        int i = 0;
        for (; i <= d - LANES; i += LANES) {
            long n = 4L * i;
            var h = Simd.loadF32(x, xo + n).mul(scale);
            var g = Simd.loadF32(dy, dyo + n);
            Simd.store(dx, dxo + n, h.fma(minus, g.mul(Simd.loadF32(w, wo + n))).mul(scale));
            Simd.store(sums, dwo + n, g.fma(h, Simd.loadF32(sums, dwo + n)));
        }
        if (i < d) {
            long n = 4L * i;
            var lanes = Simd.firstF32(d - i);
            var h = Simd.loadF32(x, xo + n, lanes).mul(scale);
            var g = Simd.loadF32(dy, dyo + n, lanes);
            Simd.store(dx, dxo + n, h.fma(minus, g.mul(Simd.loadF32(w, wo + n, lanes))).mul(scale), lanes);
            Simd.store(sums, dwo + n, g.fma(h, Simd.loadF32(sums, dwo + n, lanes)), lanes);
        }
    }
}
