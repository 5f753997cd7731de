package org.sfumato.tensor.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.sfumato.tensor.expr.VectorMath;
import org.sfumato.tensor.op.CrossEntropyGrad;
import org.sfumato.tensor.op.CrossEntropyOp;
import org.sfumato.tensor.spi.Operand;

/// [CrossEntropyOp] and [CrossEntropyGrad], row by row.
final class CrossEntropyCpu {
    private static final int LANES = Simd.F32_LANES;
    private static final long COST = 16;

    private CrossEntropyCpu() { }

    /// [CrossEntropyOp].
    ///
    /// @throws IndexOutOfBoundsException if a target that is not ignored is outside [0, V); nothing is written then
    static void loss(CrossEntropyOp op, Operand[] in, Operand[] out) {
        try (var x = Rows.of(in[0]); var t = Rows.flat(in[1]); var w = in.length > 2 ? Rows.flat(in[2]) : null;
                var loss = Rows.flat(out[0]); var lse = Rows.flat(out[1])) {
            requireTargets(op.name(), t, x.count, x.width, op.ignoreIndex());
            Parallel.rows(x.count, COST * x.width, (r0, r1) -> {
                for (long r = r0; r < r1; r++) {
                    lossRow(x, r, target(t, r), op.ignoreIndex(), w, loss, lse);
                }
            });
        }
    }

    /// [CrossEntropyGrad].
    ///
    /// @throws IndexOutOfBoundsException as [#loss]
    static void grad(CrossEntropyGrad op, Operand[] in, Operand out) {
        try (var x = Rows.of(in[0]); var t = Rows.flat(in[1]); var lse = Rows.flat(in[2]); var dLoss = Rows.flat(in[3]);
                var w = in.length > 4 ? Rows.flat(in[4]) : null; var dx = Rows.of(out)) {
            requireTargets(op.name(), t, x.count, x.width, op.ignoreIndex());
            Parallel.rows(x.count, COST * x.width, (r0, r1) -> {
                for (long r = r0; r < r1; r++) {
                    gradRow(x, r, target(t, r), op.ignoreIndex(), lse, dLoss, w, dx);
                }
            });
        }
    }

    private static void requireTargets(String op, Rows t, long rows, long classes, long ignored) {
        for (long r = 0; r < rows; r++) {
            long target = target(t, r);
            if ((target < 0 || target >= classes) && target != ignored) {
                throw new IndexOutOfBoundsException(op + ": target " + target + " at position " + r
                        + " is outside [0, " + classes + ")\nhint: the ignored target is " + ignored);
            }
        }
    }

    private static long target(Rows t, long r) {
        return t.segment.get(ValueLayout.JAVA_LONG_UNALIGNED, t.element(r));
    }

    private static float value(Rows row, long i) {
        return row.segment.get(Simd.FLOAT, row.element(i));
    }

    private static void lossRow(Rows x, long r, long target, long ignored, Rows w, Rows loss, Rows lse) {
        long at = x.offset(r);
        float max = RowSums.max(x.segment, at, x.width);
        float shift = Float.isInfinite(max) ? 0 : max;
        double log = max == Float.POSITIVE_INFINITY
                ? infinityOrNan(x.segment, at, x.width) : Math.log(RowSums.sumExp(x.segment, at, x.width, shift));
        lse.segment.set(Simd.FLOAT, lse.element(r), (float) (shift + log));
        double nats = 0;
        if (target != ignored) {
            nats = log + ((double) shift - x.segment.get(Simd.FLOAT, at + 4 * target));
            nats = w == null ? nats : nats * value(w, target);
        }
        loss.segment.set(Simd.FLOAT, loss.element(r), (float) nats);
    }

    /// The logarithm of a sum with an infinite term.
    private static double infinityOrNan(MemorySegment x, long xo, int d) {
        for (int i = 0; i < d; i++) {
            if (Float.isNaN(x.get(Simd.FLOAT, xo + 4L * i))) {
                return Double.NaN;
            }
        }
        return Double.POSITIVE_INFINITY;
    }

    private static void gradRow(Rows x, long r, long target, long ignored, Rows lse, Rows dLoss, Rows w, Rows dx) {
        long to = dx.offset(r);
        if (target == ignored) {
            dx.segment.asSlice(to, 4L * dx.width).fill((byte) 0);
            return;
        }
        float factor = w == null ? value(dLoss, r) : value(dLoss, r) * value(w, target);
        scaledExp(x.segment, x.offset(r), x.width, value(lse, r), factor, dx.segment, to);
        float p = dx.segment.get(Simd.FLOAT, to + 4 * target);
        dx.segment.set(Simd.FLOAT, to + 4 * target, p - factor);
    }

    /// `y_i = exp(x_i - shift) * factor`.
    private static void scaledExp(MemorySegment x, long xo, int d, float shift, float factor, MemorySegment y,
            long yo) {
        for (int i = 0; i < d; i += LANES) {
            var lanes = Simd.upTo(d - i);
            var e = VectorMath.expBelow(Simd.loadF32(x, xo + 4L * i, lanes).sub(shift));
            Simd.store(y, yo + 4L * i, e.mul(factor), lanes);
        }
    }
}
