package org.sfumato.tensor.cpu;

import jdk.incubator.vector.FloatVector;
import org.sfumato.tensor.op.RmsNormGrad;
import org.sfumato.tensor.op.RmsNormOp;
import org.sfumato.tensor.spi.Operand;

/// [RmsNormOp] and [RmsNormGrad], row by row.
final class RmsNormCpu {
    private static final long V = Simd.BYTES;

    private RmsNormCpu() { }

    /// [RmsNormOp]: y, rrms.
    static void norm(RmsNormOp op, Operand[] in, Operand[] out) {
        try (var x = Rows.of(in[0]); var w = Rows.flat(in[1]); var y = Rows.of(out[0]); var rrms = Rows.flat(out[1])) {
            int d = x.width;
            long scales = w.address(0);
            long own = rrms.address(0);
            new Phases(0, (r0, r1, _) -> {
                for (long r = r0; r < r1; r++) {
                    float mean = RowKernels.dot(x.address(r), x.address(r), d) / d;
                    Simd.setF32(own + 4 * r, (float) (1 / Math.sqrt(mean + op.eps())));
                }
            }, (r0, r1, _) -> {
                for (long r = r0; r < r1; r++) {
                    scale(x.address(r), d, Simd.getF32(own + 4 * r), scales, y.address(r));
                }
            }).all(x.count, d);
        }
    }

    /// `y_i = x_i * scale * w_i`.
    private static void scale(long x, int d, float scale, long w, long y) {
        x = Simd.bounded(x);
        w = Simd.bounded(w);
        y = Simd.bounded(y);
        long end = Simd.whole(d);
        for (long at = 0; at < end; at += V) {
            Simd.store(y + at, Simd.loadF32(x + at).mul(scale).mul(Simd.loadF32(w + at)));
        }
        for (long at = end; at < 4L * d; at += Float.BYTES) {
            Simd.setF32(y + at, Simd.getF32(x + at) * scale * Simd.getF32(w + at));
        }
    }

    /// [RmsNormGrad]: dx, dw.
    static void grad(Operand[] in, Operand[] out) {
        try (var x = Rows.of(in[0]); var w = Rows.flat(in[1]); var rrms = Rows.flat(in[2]); var dy = Rows.of(in[3]);
                var dx = Rows.of(out[0]); var dw = Rows.flat(out[1]);
                var sums = new ColumnSums(x.count, x.width, x.width)) {
            int d = x.width;
            long scales = w.address(0);
            long own = rrms.address(0);
            long total = sums.segment.address();
            var phases = new Phases(Float.BYTES, (r0, r1, notes) -> {
                for (long r = r0; r < r1; r++) {
                    float dot = dot(x.address(r), d, scales, dy.address(r));
                    Simd.setF32(notes + 4 * (r - r0), dot * Simd.getF32(own + 4 * r) / d);
                }
            }, (r0, r1, notes) -> {
                long to = total + sums.offset((int) (r0 / sums.rows));
                for (long r = r0; r < r1; r++) {
                    float dot = Simd.getF32(notes + 4 * (r - r0));
                    gradRow(x.address(r), d, Simd.getF32(own + 4 * r), scales, dy.address(r), dot, dx.address(r), to);
                }
            });
            Parallel.run(sums.chunks, chunk -> phases.each(sums.row(chunk), sums.row(chunk + 1), d));
            sums.into(dw.segment, dw.element(0), 0, d);
        }
    }

    /// `sum_i dy_i w_i x_i`.
    private static float dot(long x, int d, long w, long dy) {
        x = Simd.bounded(x);
        w = Simd.bounded(w);
        dy = Simd.bounded(dy);
        var vector = FloatVector.zero(Simd.F32);
        long end = Simd.whole(d);
        for (long at = 0; at < end; at += V) {
            vector = Simd.loadF32(dy + at).mul(Simd.loadF32(w + at)).fma(Simd.loadF32(x + at), vector);
        }
        float sum = Simd.sum(vector);
        for (long at = end; at < 4L * d; at += Float.BYTES) {
            float g = Simd.getF32(dy + at) * Simd.getF32(w + at);
            sum = Math.fma(g, Simd.getF32(x + at), sum);
        }
        return sum;
    }

    /// One row of dx, and what it adds to dw.
    private static void gradRow(long x, int d, float scale, long w, long dy, float dot, long dx, long dw) {
        x = Simd.bounded(x);
        w = Simd.bounded(w);
        dy = Simd.bounded(dy);
        dx = Simd.bounded(dx);
        dw = Simd.bounded(dw);
        var minus = FloatVector.broadcast(Simd.F32, -dot);
        long end = Simd.whole(d);
        for (long at = 0; at < end; at += V) {
            var h = Simd.loadF32(x + at).mul(scale);
            var g = Simd.loadF32(dy + at);
            Simd.store(dx + at, h.fma(minus, g.mul(Simd.loadF32(w + at))).mul(scale));
            Simd.store(dw + at, g.fma(h, Simd.loadF32(dw + at)));
        }
        for (long at = end; at < 4L * d; at += Float.BYTES) {
            float h = Simd.getF32(x + at) * scale;
            float g = Simd.getF32(dy + at);
            Simd.setF32(dx + at, Math.fma(h, -dot, g * Simd.getF32(w + at)) * scale);
            Simd.setF32(dw + at, Math.fma(g, h, Simd.getF32(dw + at)));
        }
    }
}
