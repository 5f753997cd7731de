package org.sfumato.tensor.cpu;

import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LT;

import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import org.sfumato.tensor.expr.RawMemory;
import org.sfumato.tensor.expr.VectorMath;

/// What attention does with a block of scores between its matrix products: masks, the running softmax and the gradient
/// of a softmax. All by address, in bytes; the rows of a block lie [Tiles#SCORES] apart. Masks touch nothing beside the
/// columns that they are given; the others work on whole vectors.
final class AttentionScores {
    private static final int LANES = Simd.F32_LANES;
    private static final long V = Simd.BYTES;
    private static final long ROW = Tiles.SCORES;
    private static final float NEVER = Float.NEGATIVE_INFINITY;

    /// The steps of [#softmax] and of [#gradient]. Called from one place, so that C2 compiles each by itself: see
    /// [Phases].
    private static final Pass[] SOFTMAX =
            {AttentionScores::maxima, AttentionScores::rescale, AttentionScores::exponentials};
    private static final Pass[] GRADIENT = {AttentionScores::gradientRows};

    private AttentionScores() { }

    /// A step, with the arguments of [#gradient]; those of [#softmax] have one block and, as `shifts`, its `stats`.
    private interface Pass {
        void run(long s, long g, int rows, int columns, long shifts, long deltas);
    }

    private static void run(Pass[] passes, long s, long g, int rows, int columns, long shifts, long deltas) {
        for (var pass : passes) {
            pass.run(s, g, rows, columns, shifts, deltas);
        }
    }

    /// Applies to each row one element of a mask, `step` apart.
    static void maskRows(long s, int rows, int columns, long m, long step, boolean bool) {
        for (int r = 0; r < rows; r++) {
            if (!bool) {
                add(s, columns, Simd.getF32(m));
            } else if (RawMemory.ALL.get(ValueLayout.JAVA_BYTE, m) == 0) {
                hide(s, columns);
            }
            m += step;
            s += ROW;
        }
    }

    /// Fills a row with a value, up to the next whole vector.
    static void fill(long s, int columns, float value) {
        var v = FloatVector.broadcast(Simd.F32, value);
        long to = Simd.bounded(s);
        long end = Simd.whole(columns + LANES - 1);
        for (long at = 0; at < end; at += V) {
            Simd.store(to + at, v);
        }
    }

    private static void hide(long s, int columns) {
        var never = FloatVector.broadcast(Simd.F32, NEVER);
        for (int c = 0; c < columns; c += LANES) {
            Simd.store(s + 4L * c, never, Simd.upTo(columns - c));
        }
    }

    private static void add(long s, int columns, float value) {
        for (int c = 0; c < columns; c += LANES) {
            Simd.store(s + 4L * c, Simd.loadF32(s + 4L * c).add(value), Simd.upTo(columns - c));
        }
    }

    /// Copies a block of a mask whose elements are `mr` apart down and `mc` apart across, as floats; what a boolean
    /// mask hides is -1, the rest 0.
    static void turnMask(long to, int rows, int columns, long m, long mr, long mc, boolean bool) {
        for (int c = 0; c < columns; c++) {
            if (bool) {
                maskColumn(to + 4L * c, rows, m + c * mc, mr);
            } else {
                floatColumn(to + 4L * c, rows, m + c * mc, mr);
            }
        }
    }

    private static void maskColumn(long to, int rows, long m, long step) {
        for (int r = 0; r < rows; r++) {
            int hidden = RawMemory.ALL.get(ValueLayout.JAVA_BYTE, m) - 1 >> 31;
            Simd.setF32(to, hidden);
            m += step;
            to += ROW;
        }
    }

    private static void floatColumn(long to, int rows, long m, long step) {
        for (int r = 0; r < rows; r++) {
            Simd.setF32(to, Simd.getF32(m));
            m += step;
            to += ROW;
        }
    }

    /// Adds a block of a mask, or hides what it says; of the mask exactly `columns` floats of a row are read.
    static void mask(long s, int rows, int columns, long m, long step, boolean bool) {
        for (int r = 0; r < rows; r++) {
            if (bool) {
                hideRow(s, columns, m);
            } else {
                addRow(s, columns, m);
            }
            m += step;
            s += ROW;
        }
    }

    private static void hideRow(long s, int columns, long m) {
        var never = FloatVector.broadcast(Simd.F32, NEVER);
        for (int c = 0; c < columns; c += LANES) {
            var lanes = Simd.upTo(columns - c);
            var hidden = Simd.loadF32(m + 4L * c, lanes).compare(LT, 0);
            Simd.store(s + 4L * c, never, hidden);
        }
    }

    private static void addRow(long s, int columns, long m) {
        for (int c = 0; c < columns; c += LANES) {
            var lanes = Simd.upTo(columns - c);
            Simd.store(s + 4L * c, Simd.loadF32(s + 4L * c).add(Simd.loadF32(m + 4L * c, lanes)), lanes);
        }
    }

    /// Row `r` keeps the columns from `first + r` on.
    static void hideBefore(long s, int rows, int columns, long first) {
        var never = FloatVector.broadcast(Simd.F32, NEVER);
        for (int r = Math.clamp(1 - first, 0, rows); r < rows; r++) {
            long end = Math.min(columns, first + r);
            for (int c = 0; c < end; c += LANES) {
                Simd.store(s + r * ROW + 4L * c, never, Simd.upTo((int) end - c));
            }
        }
    }

    /// Row `r` keeps the columns up to `last + r`.
    static void hideAfter(long s, int rows, int columns, long last) {
        var never = FloatVector.broadcast(Simd.F32, NEVER);
        int end = Math.clamp(columns - 1 - last, 0, rows);
        for (int r = 0; r < end; r++) {
            int begin = Math.clamp(last + r + 1, 0, columns);
            for (int c = begin; c < columns; c += LANES) {
                Simd.store(s + r * ROW + 4L * c, never, Simd.upTo(columns - c));
            }
        }
    }

    /// One step of a softmax down the columns that sees its rows block by block: turns scores into `exp(s - max)`,
    /// where `max` is that of all blocks so far. `stats` has four such rows: the maximum, the sum, by
    /// what all before must be multiplied, and what was subtracted, which is 0 while a column has seen nothing and its
    /// maximum is minus infinity. Source: Milakov and Gimelshein 2018, arXiv 1805.02867, algorithm 3.
    static void softmax(long s, int rows, int columns, long stats) {
        run(SOFTMAX, s, 0, rows, columns, stats, 0);
    }

    private static void maxima(long s, long g, int rows, int columns, long stats, long deltas) {
        for (int c = 0; c < columns; c += LANES) {
            columnMax(s + 4L * c, rows, stats + 4L * c);
        }
    }

    private static void columnMax(long s, int rows, long stats) {
        s = Simd.bounded(s);
        stats = Simd.bounded(stats);
        var before = Simd.loadF32(stats);
        var m0 = before;
        var m1 = before;
        var m2 = before;
        var m3 = before;
        int r = 0;
        for (; r <= rows - 4; r += 4) {
            var a = Simd.loadF32(s);
            var b = Simd.loadF32(s + ROW);
            var c = Simd.loadF32(s + 2 * ROW);
            var d = Simd.loadF32(s + 3 * ROW);
            m0 = m0.blend(a, a.compare(GT, m0));
            m1 = m1.blend(b, b.compare(GT, m1));
            m2 = m2.blend(c, c.compare(GT, m2));
            m3 = m3.blend(d, d.compare(GT, m3));
            s = Simd.bounded(s + 4 * ROW);
        }
        for (; r < rows; r++) {
            var a = Simd.loadF32(s);
            m0 = m0.blend(a, a.compare(GT, m0));
            s = Simd.bounded(s + ROW);
        }
        m0 = m0.blend(m1, m1.compare(GT, m0));
        m2 = m2.blend(m3, m3.compare(GT, m2));
        m0 = m0.blend(m2, m2.compare(GT, m0));
        var shift = m0.blend(FloatVector.zero(Simd.F32), m0.compare(EQ, NEVER));
        Simd.store(stats, m0);
        Simd.store(stats + 2 * ROW, before.sub(shift));
        Simd.store(stats + 3 * ROW, shift);
    }

    /// The third row of `stats` to its exponential, and the sums times that.
    private static void rescale(long s, long g, int rows, int columns, long stats, long deltas) {
        for (int c = 0; c < columns; c += LANES) {
            var ratio = VectorMath.expBelow(Simd.loadF32(stats + 2 * ROW));
            Simd.store(stats + 2 * ROW, ratio);
            Simd.store(stats + ROW, Simd.loadF32(stats + ROW).mul(ratio));
            stats += V;
        }
    }

    private static void exponentials(long s, long g, int rows, int columns, long stats, long deltas) {
        for (int c = 0; c < columns; c += LANES) {
            columnExp(s + 4L * c, rows, stats + 3 * ROW + 4L * c, stats + ROW + 4L * c);
        }
    }

    private static void columnExp(long s, int rows, long shiftAt, long sumAt) {
        s = Simd.bounded(s);
        var shift = Simd.loadF32(shiftAt);
        var sum = Simd.loadF32(sumAt);
        for (int r = 0; r < rows; r++) {
            var e = VectorMath.expBelow(Simd.loadF32(s).sub(shift));
            Simd.store(s, e);
            sum = sum.add(e);
            s = Simd.bounded(s + ROW);
        }
        Simd.store(sumAt, sum);
    }

    /// The end of [#softmax]: the sums become what the columns are to be multiplied by, the maxima log-sum-exps. Plain
    /// floats: there are few, and C2 boxes a vector's logarithm where it has inlined as much as it does here.
    static void end(int columns, long stats) {
        for (int c = 0; c < columns; c++) {
            float sum = Simd.getF32(stats + ROW);
            Simd.setF32(stats, Simd.getF32(stats) + (float) Math.log(sum));
            Simd.setF32(stats + ROW, 1 / (sum == 0 ? 1 : sum));
            stats += 4;
        }
    }

    /// With scores in `s` and the gradients of the probabilities in `g`, a query to a row:
    /// `p = exp(s - shift)` into `s` and `p (g - delta)` into `g`.
    static void gradient(long s, long g, int rows, int columns, long shifts, long deltas) {
        run(GRADIENT, s, g, rows, columns, shifts, deltas);
    }

    private static void gradientRows(long s, long g, int rows, int columns, long shifts, long deltas) {
        for (int r = 0; r < rows; r++) {
            gradientRow(s, g, columns, shifts + 4L * r, deltas + 4L * r);
            s += ROW;
            g += ROW;
        }
    }

    private static void gradientRow(long s, long g, int columns, long shiftAt, long deltaAt) {
        s = Simd.bounded(s);
        g = Simd.bounded(g);
        var shift = Simd.splatF32(shiftAt);
        var delta = Simd.splatF32(deltaAt);
        long end = Simd.whole(columns + LANES - 1);
        for (long at = 0; at < end; at += V) {
            var p = VectorMath.expBelow(Simd.loadF32(s + at).sub(shift));
            Simd.store(s + at, p);
            Simd.store(g + at, Simd.loadF32(g + at).sub(delta).mul(p));
        }
    }
}
