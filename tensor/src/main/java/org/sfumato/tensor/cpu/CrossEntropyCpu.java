package org.sfumato.tensor.cpu;

import java.lang.foreign.ValueLayout;
import org.sfumato.tensor.expr.VectorMath;
import org.sfumato.tensor.op.CrossEntropyGrad;
import org.sfumato.tensor.op.CrossEntropyOp;
import org.sfumato.tensor.spi.Operand;

/// [CrossEntropyOp] and [CrossEntropyGrad], row by row.
final class CrossEntropyCpu {
    private static final int LANES = Simd.F32_LANES;

    private CrossEntropyCpu() { }

    /// [CrossEntropyOp].
    ///
    /// @throws IndexOutOfBoundsException if a target that is not ignored is outside [0, V); nothing is written then
    static void loss(CrossEntropyOp op, Operand[] in, Operand[] out) {
        try (var x = Rows.padded(in[0], Float.NEGATIVE_INFINITY); var t = Rows.flat(in[1]);
                var w = in.length > 2 ? Rows.flat(in[2]) : null; var loss = Rows.flat(out[0]);
                var lse = Rows.flat(out[1])) {
            requireTargets(op.name(), t, x.count, in[0].shape().size(1), op.ignoreIndex());
            int d = x.width;
            int whole = d & -LANES;
            new Phases(0, (r0, r1, _) -> {
                for (long r = r0; r < r1; r++) {
                    setValue(loss, r, RowKernels.max(x.address(r), d));
                }
            }, (r0, r1, _) -> {
                for (long r = r0; r < r1; r++) {
                    setValue(lse, r, RowKernels.sumExpWhole(x.address(r), whole, shift(value(loss, r))));
                }
            }, (r0, r1, _) -> {
                for (long r = r0; r < r1 && whole < d; r++) {   // two exponentials in one kernel were boxed
                    float rest = RowKernels.sumExpLast(x.address(r) + 4L * (d - LANES), LANES - (d - whole),
                            shift(value(loss, r)));
                    setValue(lse, r, value(lse, r) + rest);
                }
            }, (r0, r1, _) -> {
                for (long r = r0; r < r1; r++) {
                    lossRow(x, r, target(t, r), op.ignoreIndex(), w, loss, lse);
                }
            }).all(x.count, d);
        }
    }

    /// What is taken from the logits before their exponentials: the largest, if that is finite.
    static float shift(float max) {
        return Float.isInfinite(max) ? 0 : max;
    }

    /// [CrossEntropyGrad].
    ///
    /// @throws IndexOutOfBoundsException as [#loss]
    static void grad(CrossEntropyGrad op, Operand[] in, Operand out) {
        try (var x = Rows.padded(in[0], Float.NEGATIVE_INFINITY); var t = Rows.flat(in[1]); var lse = Rows.flat(in[2]);
                var dLoss = Rows.flat(in[3]); var w = in.length > 4 ? Rows.flat(in[4]) : null;
                var dx = Rows.padded(out, 0)) {
            requireTargets(op.name(), t, x.count, in[0].shape().size(1), op.ignoreIndex());
            new Phases(0, (r0, r1, _) -> {
                for (long r = r0; r < r1; r++) {
                    gradRow(x, r, target(t, r), op.ignoreIndex(), lse, dLoss, w, dx);
                }
            }).all(x.count, x.width);
            dx.into(out);
        }
    }

    /// Throws if a target that is not ignored is outside [0, classes).
    static void requireTargets(String op, Rows t, long rows, long classes, long ignored) {
        for (long r = 0; r < rows; r++) {
            long target = target(t, r);
            if ((target < 0 || target >= classes) && target != ignored) {
                throw new IndexOutOfBoundsException(op + ": target " + target + " at position " + r
                        + " is outside [0, " + classes + ")\nhint: the ignored target is " + ignored);
            }
        }
    }

    static long target(Rows t, long r) {
        return t.segment.get(ValueLayout.JAVA_LONG_UNALIGNED, t.element(r));
    }

    static float value(Rows row, long i) {
        return row.segment.get(Simd.FLOAT, row.element(i));
    }

    static void setValue(Rows row, long i, float value) {
        row.segment.set(Simd.FLOAT, row.element(i), value);
    }

    /// The loss and the log-sum-exp of a row, whose places hold the largest logit and the sum of exponentials.
    private static void lossRow(Rows x, long r, long target, long ignored, Rows w, Rows loss, Rows lse) {
        float max = value(loss, r);
        float shift = shift(max);
        double log = max == Float.POSITIVE_INFINITY ? infinityOrNan(x.address(r), x.width) : Math.log(value(lse, r));
        setValue(lse, r, (float) (shift + log));
        double nats = 0;
        if (target != ignored) {
            nats = log + ((double) shift - Simd.getF32(x.address(r) + 4 * target));
            nats = w == null ? nats : nats * value(w, target);
        }
        setValue(loss, r, (float) nats);
    }

    /// The logarithm of a sum with an infinite term.
    static double infinityOrNan(long x, int d) {
        for (int i = 0; i < d; i++) {
            if (Float.isNaN(Simd.getF32(x + 4L * i))) {
                return Double.NaN;
            }
        }
        return Double.POSITIVE_INFINITY;
    }

    private static void gradRow(Rows x, long r, long target, long ignored, Rows lse, Rows dLoss, Rows w, Rows dx) {
        if (target == ignored) {
            dx.segment.asSlice(dx.offset(r), 4L * dx.width).fill((byte) 0);
            return;
        }
        float factor = w == null ? value(dLoss, r) : value(dLoss, r) * value(w, target);
        scaledExp(x.address(r), x.width, value(lse, r), factor, dx.address(r));
        long hit = dx.address(r) + 4 * target;
        Simd.setF32(hit, Simd.getF32(hit) - factor);
    }

    /// `y_i = exp(x_i - shift) * factor`; in place if the row is whole vectors.
    static void scaledExp(long x, int d, float shift, float factor, long y) {
        for (int i = 0; i < d; i += LANES) {
            long at = 4L * Math.min(i, d - LANES);
            Simd.store(y + at, VectorMath.expBelow(Simd.loadF32(x + at).sub(shift)).mul(factor));
        }
    }
}
