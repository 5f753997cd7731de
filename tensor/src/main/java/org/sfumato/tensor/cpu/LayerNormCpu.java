package org.sfumato.tensor.cpu;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import org.sfumato.tensor.op.LayerNormGrad;
import org.sfumato.tensor.op.LayerNormOp;
import org.sfumato.tensor.spi.Operand;

/// [LayerNormOp] and [LayerNormGrad], row by row.
///
/// The variance is that of the row less its rounded mean, corrected by what the mean was off: two passes over a row
/// that lies in the nearest cache. Source: Chan, Golub and LeVeque 1983, The American Statistician 37, "corrected
/// two-pass algorithm".
final class LayerNormCpu {
    private static final int LANES = Simd.F32_LANES;
    private static final long COST = 8;

    private LayerNormCpu() { }

    /// [LayerNormOp]: y, mean, rstd.
    static void norm(LayerNormOp op, Operand[] in, Operand[] out) {
        try (var x = Rows.of(in[0]); var w = Rows.flat(in[1]); var b = Rows.flat(in[2]);
                var y = Rows.of(out[0]); var mean = Rows.flat(out[1]); var rstd = Rows.flat(out[2])) {
            Parallel.rows(x.count, COST * x.width, (r0, r1) -> {
                for (long r = r0; r < r1; r++) {
                    normRow(x, r, w, b, op.eps(), y, mean, rstd);
                }
            });
        }
    }

    private static void normRow(Rows x, long r, Rows w, Rows b, double eps, Rows y, Rows mean, Rows rstd) {
        float shift = RowSums.sum(x.segment, x.offset(r), x.width) / x.width;
        normRow(x.segment, x.offset(r), x.width, shift, eps, w.segment, w.element(0), b.segment, b.element(0),
                y.segment, y.offset(r), mean.segment, mean.element(r), rstd.segment, rstd.element(r));
    }

    /// `y_i = (x_i - mean) * rstd * w_i + b_i`, with `shift` the mean but for its rounding.
    private static void normRow(MemorySegment x, long xo, int d, float shift, double eps, MemorySegment w, long wo,
            MemorySegment b, long bo, MemorySegment y, long yo, MemorySegment mean, long mo, MemorySegment rstd,
            long ro) {
        var first = FloatVector.zero(Simd.F32);
        var second = first;
        int whole = d - d % LANES;
        var lanes = Simd.firstF32(d - whole);
        for (int i = 0; i < whole; i += LANES) {
            var c = Simd.loadF32(x, xo + 4L * i).sub(shift);
            first = first.add(c);
            second = c.fma(c, second);
        }
        if (whole < d) {
            var c = Simd.loadF32(x, xo + 4L * whole, lanes).sub(shift);
            first = first.add(c, lanes);
            second = second.add(c.mul(c), lanes);
        }
        float off = Simd.sum(first) / d;
        float scale = (float) (1 / Math.sqrt(Simd.sum(second) / d - off * off + eps));
        mean.set(Simd.FLOAT, mo, shift + off);
        rstd.set(Simd.FLOAT, ro, scale);
        affine(x, xo, d, shift, -off * scale, scale, w, wo, b, bo, y, yo);
    }

    /// `y_i = ((x_i - shift) * scale + add) * w_i + b_i`.
    private static void affine(MemorySegment x, long xo, int d, float shift, float add, float scale,
            MemorySegment w, long wo, MemorySegment b, long bo, MemorySegment y, long yo) {
        var scales = FloatVector.broadcast(Simd.F32, scale);
        var adds = FloatVector.broadcast(Simd.F32, add);
        int i = 0;
        for (; i <= d - LANES; i += LANES) {
            var h = Simd.loadF32(x, xo + 4L * i).sub(shift).fma(scales, adds);
            Simd.store(y, yo + 4L * i, h.fma(Simd.loadF32(w, wo + 4L * i), Simd.loadF32(b, bo + 4L * i)));
        }
        if (i < d) {
            var lanes = Simd.firstF32(d - i);
            var h = Simd.loadF32(x, xo + 4L * i, lanes).sub(shift).fma(scales, adds);
            var v = h.fma(Simd.loadF32(w, wo + 4L * i, lanes), Simd.loadF32(b, bo + 4L * i, lanes));
            Simd.store(y, yo + 4L * i, v, lanes);
        }
    }

    /// [LayerNormGrad]: dx, dw, db.
    static void grad(Operand[] in, Operand[] out) {
        try (var x = Rows.of(in[0]); var w = Rows.flat(in[1]); var mean = Rows.flat(in[2]); var rstd = Rows.flat(in[3]);
                var dy = Rows.of(in[4]); var dx = Rows.of(out[0]);
                var dw = Rows.flat(out[1]); var db = Rows.flat(out[2]);
                var sums = new ColumnSums(x.count, x.width, 2L * x.width)) {
            Parallel.run(sums.chunks, chunk -> {
                for (long r = sums.row(chunk); r < sums.row(chunk + 1); r++) {
                    float m = mean.segment.get(Simd.FLOAT, mean.element(r));
                    float s = rstd.segment.get(Simd.FLOAT, rstd.element(r));
                    gradRow(x, r, w, m, s, dy, dx, sums.segment, sums.offset(chunk));
                }
            });
            sums.into(dw.segment, dw.element(0), 0, x.width);
            sums.into(db.segment, db.element(0), x.width, x.width);
        }
    }

    private static void gradRow(Rows x, long r, Rows w, float mean, float rstd, Rows dy, Rows dx, MemorySegment sums,
            long at) {
        gradRow(x.segment, x.offset(r), x.width, mean, rstd, w.segment, w.element(0), dy.segment, dy.offset(r),
                dx.segment, dx.offset(r), sums, at, at + 4L * x.width);
    }

    /// The two means of a row that its gradient needs.
    private static void gradRow(MemorySegment x, long xo, int d, float mean, float rstd, MemorySegment w, long wo,
            MemorySegment dy, long dyo, MemorySegment dx, long dxo, MemorySegment sums, long dwo, long dbo) {
        var first = FloatVector.zero(Simd.F32);
        var second = first;
        int whole = d - d % LANES;
        for (int i = 0; i < whole; i += LANES) {
            var g = Simd.loadF32(dy, dyo + 4L * i).mul(Simd.loadF32(w, wo + 4L * i));
            first = first.add(g);
            second = g.fma(Simd.loadF32(x, xo + 4L * i).sub(mean), second);
        }
        if (whole < d) {
            long n = 4L * whole;
            var lanes = Simd.firstF32(d - whole);
            var g = Simd.loadF32(dy, dyo + n, lanes).mul(Simd.loadF32(w, wo + n, lanes));
            first = first.add(g);
            second = second.add(Simd.loadF32(x, xo + n, lanes).sub(mean).mul(g), lanes);
        }
        float dot = Simd.sum(first) / d;
        float dotH = Simd.sum(second) * rstd / d;
        gradRow(x, xo, d, mean, rstd, w, wo, dy, dyo, dot, dotH, dx, dxo, sums, dwo, dbo);
    }

    /// One row of dx, and what it adds to dw and db.
    private static void gradRow(MemorySegment x, long xo, int d, float mean, float rstd, MemorySegment w, long wo,
            MemorySegment dy, long dyo, float dot, float dotH, MemorySegment dx, long dxo, MemorySegment sums,
            long dwo, long dbo) {
        var minus = FloatVector.broadcast(Simd.F32, -dotH);
        int i = 0;
        for (; i <= d - LANES; i += LANES) {
            long n = 4L * i;
            var h = Simd.loadF32(x, xo + n).sub(mean).mul(rstd);
            var g = Simd.loadF32(dy, dyo + n);
            Simd.store(dx, dxo + n, h.fma(minus, g.mul(Simd.loadF32(w, wo + n)).sub(dot)).mul(rstd));
            Simd.store(sums, dwo + n, g.fma(h, Simd.loadF32(sums, dwo + n)));
            Simd.store(sums, dbo + n, g.add(Simd.loadF32(sums, dbo + n)));
        }
        if (i < d) {
            long n = 4L * i;
            var lanes = Simd.firstF32(d - i);
            var h = Simd.loadF32(x, xo + n, lanes).sub(mean).mul(rstd);
            var g = Simd.loadF32(dy, dyo + n, lanes);
            Simd.store(dx, dxo + n, h.fma(minus, g.mul(Simd.loadF32(w, wo + n, lanes)).sub(dot)).mul(rstd), lanes);
            Simd.store(sums, dwo + n, g.fma(h, Simd.loadF32(sums, dwo + n, lanes)), lanes);
            Simd.store(sums, dbo + n, g.add(Simd.loadF32(sums, dbo + n, lanes)), lanes);
        }
    }
}
