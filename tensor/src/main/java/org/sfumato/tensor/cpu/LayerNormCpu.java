package org.sfumato.tensor.cpu;

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
    private static final long V = Simd.BYTES;

    /// Of a row: its rounded mean and what that is off.
    private static final int NOTES = 2 * Float.BYTES;

    private LayerNormCpu() { }

    /// [LayerNormOp]: y, mean, rstd.
    static void norm(LayerNormOp op, Operand[] in, Operand[] out) {
        try (var x = Rows.of(in[0]); var w = Rows.flat(in[1]); var b = Rows.flat(in[2]);
                var y = Rows.of(out[0]); var mean = Rows.flat(out[1]); var rstd = Rows.flat(out[2])) {
            int d = x.width;
            long scales = w.address(0);
            long shifts = b.address(0);
            long means = mean.address(0);
            long rstds = rstd.address(0);
            new Phases(NOTES, (r0, r1, notes) -> {
                for (long r = r0; r < r1; r++, notes += NOTES) {
                    Simd.setF32(notes, RowKernels.sum(x.address(r), d) / d);
                }
            }, (r0, r1, notes) -> {
                for (long r = r0; r < r1; r++, notes += NOTES) {
                    moments(x.address(r), d, op.eps(), notes, means + 4 * r, rstds + 4 * r);
                }
            }, (r0, r1, notes) -> {
                for (long r = r0; r < r1; r++, notes += NOTES) {
                    affine(x.address(r), d, notes, Simd.getF32(rstds + 4 * r), scales, shifts, y.address(r));
                }
            }).all(x.count, d);
        }
    }

    private static float value(Rows row, long i) {
        return row.segment.get(Simd.FLOAT, row.element(i));
    }

    /// The mean and the reciprocal of the deviation, and how far the mean of `shifts` is off.
    private static void moments(long x, int d, double eps, long shifts, long mean, long rstd) {
        x = Simd.bounded(x);
        float shift = Simd.getF32(shifts);
        var first = FloatVector.zero(Simd.F32);
        var second = first;
        long end = Simd.whole(d);
        for (long at = 0; at < end; at += V) {
            var c = Simd.loadF32(x + at).sub(shift);
            first = first.add(c);
            second = c.fma(c, second);
        }
        float sum = Simd.sum(first);
        float squares = Simd.sum(second);
        for (long at = end; at < 4L * d; at += Float.BYTES) {
            float c = Simd.getF32(x + at) - shift;
            sum += c;
            squares = Math.fma(c, c, squares);
        }
        float off = sum / d;
        Simd.setF32(shifts + 4, off);
        Simd.setF32(mean, shift + off);
        Simd.setF32(rstd, (float) (1 / Math.sqrt(squares / d - off * off + eps)));
    }

    /// `y_i = ((x_i - shift) - off) * scale * w_i + b_i`.
    private static void affine(long x, int d, long shifts, float scale, long w, long b, long y) {
        x = Simd.bounded(x);
        w = Simd.bounded(w);
        b = Simd.bounded(b);
        y = Simd.bounded(y);
        float shift = Simd.getF32(shifts);
        float add = -Simd.getF32(shifts + 4) * scale;
        var scales = FloatVector.broadcast(Simd.F32, scale);
        var adds = FloatVector.broadcast(Simd.F32, add);
        long end = Simd.whole(d);
        for (long at = 0; at < end; at += V) {
            var h = Simd.loadF32(x + at).sub(shift).fma(scales, adds);
            Simd.store(y + at, h.fma(Simd.loadF32(w + at), Simd.loadF32(b + at)));
        }
        for (long at = end; at < 4L * d; at += Float.BYTES) {
            float h = Math.fma(Simd.getF32(x + at) - shift, scale, add);
            Simd.setF32(y + at, Math.fma(h, Simd.getF32(w + at), Simd.getF32(b + at)));
        }
    }

    /// [LayerNormGrad]: dx, dw, db.
    static void grad(Operand[] in, Operand[] out) {
        try (var x = Rows.of(in[0]); var w = Rows.flat(in[1]); var mean = Rows.flat(in[2]); var rstd = Rows.flat(in[3]);
                var dy = Rows.of(in[4]); var dx = Rows.of(out[0]);
                var dw = Rows.flat(out[1]); var db = Rows.flat(out[2]);
                var sums = new ColumnSums(x.count, x.width, 2L * x.width)) {
            int d = x.width;
            long scales = w.address(0);
            long total = sums.segment.address();
            var phases = new Phases(16, (r0, r1, notes) -> {    // of a row: mean, rstd and two means
                for (long r = r0; r < r1; r++, notes += 16) {
                    means(x.address(r), d, value(mean, r), value(rstd, r), scales, dy.address(r), notes);
                }
            }, (r0, r1, notes) -> {
                long to = total + sums.offset((int) (r0 / sums.rows));
                long r = r0;
                for (; r < r1 - 1; r += 2, notes += 32) {
                    gradRows(x.address(r), x.address(r + 1), d, notes, scales, dy.address(r), dy.address(r + 1),
                            dx.address(r), dx.address(r + 1), to);
                }
                if (r < r1) {
                    gradRow(x.address(r), d, notes, scales, dy.address(r), dx.address(r), to);
                }
            });
            Parallel.run(sums.chunks, chunk -> phases.each(sums.row(chunk), sums.row(chunk + 1), d));
            sums.into(dw.segment, dw.element(0), 0, d);
            sums.into(db.segment, db.element(0), d, d);
        }
    }

    /// The two means of a row that its gradient needs: of `g` and of `g h`.
    private static void means(long x, int d, float mean, float rstd, long w, long dy, long to) {
        x = Simd.bounded(x);
        w = Simd.bounded(w);
        dy = Simd.bounded(dy);
        var first = FloatVector.zero(Simd.F32);
        var second = first;
        long end = Simd.whole(d);
        for (long at = 0; at < end; at += V) {
            var g = Simd.loadF32(dy + at).mul(Simd.loadF32(w + at));
            first = first.add(g);
            second = g.fma(Simd.loadF32(x + at).sub(mean), second);
        }
        float sum = Simd.sum(first);
        float dot = Simd.sum(second);
        for (long at = end; at < 4L * d; at += Float.BYTES) {
            float g = Simd.getF32(dy + at) * Simd.getF32(w + at);
            sum += g;
            dot = Math.fma(g, Simd.getF32(x + at) - mean, dot);
        }
        Simd.setF32(to, mean);
        Simd.setF32(to + 4, rstd);
        Simd.setF32(to + 8, sum / d);
        Simd.setF32(to + 12, dot * rstd / d);
    }

    /// Two rows of dx, and what they add to dw and, `d` floats on, to db: one row after the other.
    private static void gradRows(long x0, long x1, int d, long numbers, long w, long dy0, long dy1, long dx0, long dx1,
            long dw) {
        x0 = Simd.bounded(x0);
        x1 = Simd.bounded(x1);
        w = Simd.bounded(w);
        dy0 = Simd.bounded(dy0);
        dy1 = Simd.bounded(dy1);
        dx0 = Simd.bounded(dx0);
        dx1 = Simd.bounded(dx1);
        dw = Simd.bounded(dw);
        var mean0 = Simd.splatF32(numbers);
        var rstd0 = Simd.splatF32(numbers + 4);
        var dot0 = Simd.splatF32(numbers + 8);
        var minus0 = FloatVector.broadcast(Simd.F32, -Simd.getF32(numbers + 12));
        var mean1 = Simd.splatF32(numbers + 16);
        var rstd1 = Simd.splatF32(numbers + 20);
        var dot1 = Simd.splatF32(numbers + 24);
        var minus1 = FloatVector.broadcast(Simd.F32, -Simd.getF32(numbers + 28));
        long db = Simd.bounded(dw + 4L * d);
        long end = Simd.whole(d);
        for (long at = 0; at < end; at += V) {
            var scale = Simd.loadF32(w + at);
            var h0 = Simd.loadF32(x0 + at).sub(mean0).mul(rstd0);
            var g0 = Simd.loadF32(dy0 + at);
            Simd.store(dx0 + at, h0.fma(minus0, g0.mul(scale).sub(dot0)).mul(rstd0));
            var h1 = Simd.loadF32(x1 + at).sub(mean1).mul(rstd1);
            var g1 = Simd.loadF32(dy1 + at);
            Simd.store(dx1 + at, h1.fma(minus1, g1.mul(scale).sub(dot1)).mul(rstd1));
            Simd.store(dw + at, g1.fma(h1, g0.fma(h0, Simd.loadF32(dw + at))));
            Simd.store(db + at, Simd.loadF32(db + at).add(g0).add(g1));
        }
        if (end < 4L * d) {
            gradEnd(x0, end, d, numbers, w, dy0, dx0, dw);
            gradEnd(x1, end, d, numbers + 16, w, dy1, dx1, dw);
        }
    }

    /// As [#gradRows], a single row.
    private static void gradRow(long x, int d, long numbers, long w, long dy, long dx, long dw) {
        x = Simd.bounded(x);
        w = Simd.bounded(w);
        dy = Simd.bounded(dy);
        dx = Simd.bounded(dx);
        dw = Simd.bounded(dw);
        var mean = Simd.splatF32(numbers);
        var rstd = Simd.splatF32(numbers + 4);
        var dot = Simd.splatF32(numbers + 8);
        var minus = FloatVector.broadcast(Simd.F32, -Simd.getF32(numbers + 12));
        long db = Simd.bounded(dw + 4L * d);
        long end = Simd.whole(d);
        for (long at = 0; at < end; at += V) {
            var h = Simd.loadF32(x + at).sub(mean).mul(rstd);
            var g = Simd.loadF32(dy + at);
            Simd.store(dx + at, h.fma(minus, g.mul(Simd.loadF32(w + at)).sub(dot)).mul(rstd));
            Simd.store(dw + at, g.fma(h, Simd.loadF32(dw + at)));
            Simd.store(db + at, Simd.loadF32(db + at).add(g));
        }
        gradEnd(x, end, d, numbers, w, dy, dx, dw);
    }

    /// The elements of a row from `i` on, which fill no vector.
    private static void gradEnd(long x, long from, int d, long numbers, long w, long dy, long dx, long dw) {
        float mean = Simd.getF32(numbers);
        float rstd = Simd.getF32(numbers + 4);
        float dot = Simd.getF32(numbers + 8);
        float dotH = Simd.getF32(numbers + 12);
        long db = dw + 4L * d;
        for (long at = from; at < 4L * d; at += Float.BYTES) {
            float h = (Simd.getF32(x + at) - mean) * rstd;
            float g = Simd.getF32(dy + at);
            Simd.setF32(dx + at, Math.fma(h, -dotH, g * Simd.getF32(w + at) - dot) * rstd);
            Simd.setF32(dw + at, Math.fma(g, h, Simd.getF32(dw + at)));
            Simd.setF32(db + at, Simd.getF32(db + at) + g);
        }
    }
}
