package org.sfumato.tensor.cpu;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.sfumato.tensor.expr.RawMemory;

/// The matrix products of attention on the register tiles of [Tiles], and how their operands are laid out: left ones
/// lie where they lie, right ones in panels of [#PANEL] columns. Addresses and strides are in bytes.
final class AttentionTile {
    /// Floats in a row of a panel of a right operand.
    static final int PANEL = Tiles.F32.width();

    /// Bytes in a row of a panel.
    static final long BYTES = Tiles.PANEL;

    private static final int LANES = Simd.F32_LANES;
    private static final long V = Simd.BYTES;
    private static final boolean LITTLE = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final long LOW = 0xffff_ffffL;

    private AttentionTile() { }

    /// `n` rounded up to whole panels.
    static int padded(int n) {
        return (n + PANEL - 1) / PANEL * PANEL;
    }

    /// Bytes of `rows` rows of `n` floats, filled up to whole panels.
    static long panelBytes(int rows, int n) {
        return 4L * rows * padded(n);
    }

    /// `C = A B`, or `C += A B`, for `rows` rows and `width` columns. A: rows `ar` apart, elements `ac`; B: panels
    /// `next` apart with rows `br` apart; C: rows `cr` apart, written up to the next whole vector or panel.
    static void multiply(int rows, int depth, int width, long a, long ar, long ac, long b, long br, long next,
            long c, long cr, boolean add) {
        long strip = Tiles.ROWS * ar;
        for (int j = 0; j < width; j += PANEL) {
            long from = add ? c : Tiles.ZEROS;
            long fr = add ? cr : 0;
            int vectors = Math.min(Tiles.VECTORS, (width - j + LANES - 1) / LANES);
            Tiles.F32.rows(vectors, rows, depth, a, strip, ar, ac, b, br, c, cr, from, fr);
            b += next;
            c += BYTES;
        }
    }

    /// The same where A is a block of scores, or of rows that lie so: its element (i, p) is at `a + 4 i + ROW p`, or
    /// with `down` at `a + ROW i + 4 p`, ROW that of [Tiles#SCORES]; panels without gaps.
    static void multiplyScores(boolean down, int rows, int depth, int width, long a, long b, long next, long c, long cr,
            boolean add) {
        multiply(rows, depth, width, a, down ? Tiles.SCORES : 4, down ? 4 : Tiles.SCORES, b, BYTES, next, c, cr, add);
    }

    /// Turns `rows` rows of `d` floats, `step` apart, into panels (d, rows), times `factor`; columns that fill the last
    /// panel are zero. Panels are `d` rows long.
    static void turn(long x, long step, int rows, int d, float factor, long to) {
        for (int i = 0; i < rows; i += PANEL) {
            int width = Math.min(PANEL, rows - i);
            if (width < PANEL) {
                AttentionScores.fill(to, d * PANEL, 0);
            }
            turnPanel(x + i * step, step, width, d, to);
            scale(to, d * PANEL, factor);
            to += panelBytes(d, 1);
        }
    }

    private static void turnPanel(long x, long step, int width, int d, long to) {
        int whole = LITTLE ? width / 4 * 4 : 0;
        int even = d / 2 * 2;
        for (int j = 0; j < whole; j += 4) {
            turnFour(x + j * step, step, even, to + 4L * j);
        }
        for (int j = 0; j < width; j++) {
            for (int p = j < whole ? even : 0; p < d; p++) {
                Simd.setF32(to + p * BYTES + 4L * j, Simd.getF32(x + j * step + 4L * p));
            }
        }
    }

    // Four rows become four columns: 2 x 2 elements are turned in two longs.
    private static void turnFour(long x, long step, int d, long to) {
        for (int p = 0; p < d; p += 2) {
            long x0 = RawMemory.ALL.get(LONG, x);
            long x1 = RawMemory.ALL.get(LONG, x + step);
            long x2 = RawMemory.ALL.get(LONG, x + 2 * step);
            long x3 = RawMemory.ALL.get(LONG, x + 3 * step);
            RawMemory.ALL.set(LONG, to, x0 & LOW | x1 << 32);
            RawMemory.ALL.set(LONG, to + 8, x2 & LOW | x3 << 32);
            RawMemory.ALL.set(LONG, to + BYTES, x0 >>> 32 | x1 & ~LOW);
            RawMemory.ALL.set(LONG, to + BYTES + 8, x2 >>> 32 | x3 & ~LOW);
            x += 8;
            to += 2 * BYTES;
        }
    }

    /// Copies `rows` rows of `d` floats, `step` apart, to rows `toStep` apart, which are filled up with zeros to whole
    /// vectors.
    static void copy(long x, long step, int rows, int d, long to, long toStep) {
        for (int i = 0; i < rows; i++) {
            copyRow(x, d, to);
            x += step;
            to += toStep;
        }
    }

    /// Copies `rows` rows of `d` floats, `step` apart, to panels that lie `next` apart; the last is filled up with
    /// zeros to a whole vector.
    static void panels(long x, long step, int rows, int d, long to, long next) {
        for (int j = 0; j < d; j += PANEL) {
            copy(x + 4L * j, step, rows, Math.min(PANEL, d - j), to, BYTES);
            to += next;
        }
    }

    private static void copyRow(long x, int d, long to) {
        x = Simd.bounded(x);
        to = Simd.bounded(to);
        long end = Simd.whole(d);
        for (long at = 0; at < end; at += V) {
            Simd.store(to + at, Simd.loadF32(x + at));
        }
        if (end != 4L * d) {
            Simd.store(to + end, Simd.loadF32(x + end, Simd.firstF32(d & LANES - 1)));
        }
    }

    /// Writes `rows` rows of `d` floats, times `factor`, and nothing beside them.
    static void unpack(long x, long step, int rows, int d, float factor, long to, long toStep) {
        for (int i = 0; i < rows; i++) {
            unpackRow(x + i * step, d, factor, to + i * toStep);
        }
    }

    /// Copies `n` floats and touches nothing beside them.
    static void copyExactly(long x, int n, long to) {
        unpackRow(x, n, 1, to);
    }

    /// The same with a factor for each row.
    static void unpackEach(long x, long step, int rows, int d, long factors, long to, long toStep) {
        for (int i = 0; i < rows; i++) {
            unpackRow(x + i * step, d, Simd.getF32(factors + 4L * i), to + i * toStep);
        }
    }

    private static void unpackRow(long x, int d, float factor, long to) {
        x = Simd.bounded(x);
        to = Simd.bounded(to);
        long end = Simd.whole(d);
        for (long at = 0; at < end; at += V) {
            Simd.store(to + at, Simd.loadF32(x + at).mul(factor));
        }
        if (end != 4L * d) {
            Simd.store(to + end, Simd.loadF32(x + end).mul(factor), Simd.firstF32(d & LANES - 1));
        }
    }

    /// Multiplies row `r` of `rows` rows of `d` floats, filled up to whole vectors, by factor number `r`.
    static void scaleRows(long x, long step, int rows, int d, long factors) {
        for (int r = 0; r < rows; r++) {
            float factor = Simd.getF32(factors + 4L * r);
            if (factor != 1) {
                scale(x + r * step, d, factor);
            }
        }
    }

    private static void scale(long x, int d, float factor) {
        long from = Simd.bounded(x);
        long end = Simd.whole(d + LANES - 1);
        for (long at = 0; at < end; at += V) {
            Simd.store(from + at, Simd.loadF32(from + at).mul(factor));
        }
    }

    /// The products of `rows` rows of `d` floats, `step` apart, with one row, written `toStep` apart.
    static void dots(long x, long step, int rows, long y, int d, long to, long toStep) {
        for (int r = 0; r < rows; r++) {
            Simd.setF32(to, dot(x, y, d));
            x += step;
            to += toStep;
        }
    }

    /// `sum_i x_i y_i` of `d` floats.
    static float dot(long x, long y, int d) {
        var s0 = Simd.loadF32(Tiles.ZEROS);
        var s1 = s0;
        x = Simd.bounded(x);
        y = Simd.bounded(y);
        int whole = d & -2 * LANES;
        long end = Simd.bounded(4L * whole);
        for (long at = 0; at < end; at += 2 * V) {
            s0 = Simd.loadF32(x + at).fma(Simd.loadF32(y + at), s0);
            s1 = Simd.loadF32(x + at + V).fma(Simd.loadF32(y + at + V), s1);
        }
        for (int i = whole; i < d; i += LANES) {
            var lanes = Simd.firstF32(d - i);
            s0 = Simd.loadF32(x + 4L * i, lanes).fma(Simd.loadF32(y + 4L * i, lanes), s0);
        }
        return Simd.sum(s0.add(s1));
    }
}
