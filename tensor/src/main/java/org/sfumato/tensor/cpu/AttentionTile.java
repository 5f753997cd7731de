package org.sfumato.tensor.cpu;

import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.GT;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import org.sfumato.tensor.expr.VectorMath;

/// What forward and backward attention do with a block of scores.
///
/// Scores are held keys down, queries across: `S^T = K Q^T`. So K and V are read where they lie, as left operands, only
/// the queries are turned, once for all keys; maximum and sum of a softmax run down the columns, sixteen queries at a
/// time; and a product with `P` or `P^T` from the left reads the same block by other strides.
///
/// Offsets and strides are in bytes.
final class AttentionTile {
    /// Queries in a block.
    static final int QUERIES = 64;
    /// Keys in a block: the scores then fill 32 KiB.
    static final int KEYS = 128;
    /// Bytes of a row of scores.
    static final long ROW = 4L * QUERIES;
    /// Where the scores begin in the working memory; before them lies the scratch tile of the matrix product.
    static final long SCORES = (long) GemmRegion.TILE_ROWS * GemmRegion.PANEL_BYTES;
    /// Floats in a panel of a right operand.
    static final int PANEL = GemmRegion.PANEL_BYTES / Float.BYTES;

    /// So many queries or fewer are worth a narrow tile.
    static final int FEW = 4;

    private static final int LANES = Simd.F32_LANES;
    private static final FloatVector IOTA = FloatVector.zero(Simd.F32).addIndex(1);
    private static final float NEVER = Float.NEGATIVE_INFINITY;

    private AttentionTile() { }

    /// `n` rounded up to whole panels.
    static int padded(int n) {
        return (n + PANEL - 1) / PANEL * PANEL;
    }

    /// Bytes of a right operand of `depth` rows and `n` columns in panels.
    static long panelBytes(int depth, int n) {
        return 4L * depth * padded(n);
    }

    /// `C = A B` for A (rows, depth) and B one panel of which `width` columns count, few enough for a narrow tile; the
    /// other columns of C are left as they are.
    static void multiplyNarrow(int rows, int depth, int width, MemorySegment a, long ao, long ar,
            MemorySegment w, long bo, long co) {
        GemmF32.rows(rows, depth, width, a, ao, ar, 4, w, bo, GemmRegion.PANEL_BYTES, w, co, ROW, false, w);
    }

    /// `C = A B`, or `C += A B`: A (rows, depth) of any strides, B in `panels` panels that lie `next` bytes apart, with
    /// rows `br` apart; C in working memory.
    static void multiply(int rows, int depth, int panels, MemorySegment a, long ao, long ar, long ac,
            MemorySegment b, long bo, long br, long next, MemorySegment c, long co, long cr, boolean add) {
        for (int p = 0; p < panels; p++) {
            GemmF32.rows(rows, depth, PANEL, a, ao, ar, ac, b, bo, br, c, co, cr, add, c);
            bo += next;
            co += GemmRegion.PANEL_BYTES;
        }
    }

    /// Turns `rows` rows of `d` floats into panels (d, rows), times `factor`; columns that fill the last panel are
    /// zero.
    static void packTurned(MemorySegment x, long xo, long step, int rows, int d, float factor, MemorySegment to,
            long at) {
        long bytes = panelBytes(d, 1);
        for (int i = 0; i < rows; i += PANEL) {
            int width = Math.min(PANEL, rows - i);
            GemmPack.pack(Float.BYTES, x, xo + i * step, Float.BYTES, step, d, width, to.asSlice(at, bytes));
            if (factor != 1) {
                RowSums.scale(to, at, d * PANEL, factor);
            }
            at += bytes;
        }
    }

    /// Copies `rows` rows of `d` floats into panels; columns that fill the last panel are zero.
    static void pack(MemorySegment x, long xo, long step, int rows, int d, MemorySegment to, long at) {
        for (int j = 0; j < padded(d); j += LANES) {
            var lanes = Simd.firstF32(Math.clamp(d - j, 0, LANES));
            long column = at + (j / PANEL) * panelBytes(rows, 1) + j % PANEL * 4L;
            for (int i = 0; i < rows; i++) {
                Simd.store(to, column + (long) i * GemmRegion.PANEL_BYTES, Simd.loadF32(x, xo + i * step + 4L * j,
                        lanes));
            }
        }
    }

    /// Writes `rows` rows of `d` floats, times `factor`.
    static void unpack(MemorySegment x, long xo, long step, int rows, int d, float factor, MemorySegment to, long at,
            long toStep) {
        for (int i = 0; i < rows; i++) {
            unpackRow(x, xo + i * step, d, factor, to, at + i * toStep);
        }
    }

    private static void unpackRow(MemorySegment x, long xo, int d, float factor, MemorySegment to, long at) {
        int j = 0;
        for (; j <= d - LANES; j += LANES) {
            Simd.store(to, at + 4L * j, Simd.loadF32(x, xo + 4L * j).mul(factor));
        }
        if (j < d) {
            Simd.store(to, at + 4L * j, Simd.loadF32(x, xo + 4L * j).mul(factor), Simd.firstF32(d - j));
        }
    }

    /// Hides the future: key `j` of the block is for queries from `first + j` of the block on.
    static void causal(MemorySegment s, int keys, int queries, long first) {
        for (int j = Math.clamp(1 - first, 0, keys); j < keys; j++) {
            causalRow(s, SCORES + j * ROW, queries, first + j);
        }
    }

    private static void causalRow(MemorySegment s, long at, int queries, float first) {
        var never = FloatVector.broadcast(Simd.F32, NEVER);
        for (int i = 0; i < queries; i += LANES) {
            var v = Simd.loadF32(s, at + 4L * i);
            Simd.store(s, at + 4L * i, never.blend(v, IOTA.add(i).compare(GE, first)));
        }
    }

    /// Applies a block of a mask whose element for query `i` and key `j` is at `mo + i * mi + j * mj`.
    static void mask(MemorySegment s, int keys, int queries, MemorySegment m, long mo, long mi, long mj, boolean bool) {
        for (int j = 0; j < keys; j++) {
            long at = mo + j * mj;
            if (mi == 0 && bool) {
                if (m.get(ValueLayout.JAVA_BYTE, at) == 0) {
                    fill(s, SCORES + j * ROW, queries, NEVER);
                }
            } else if (mi == 0) {
                add(s, SCORES + j * ROW, queries, m.get(Simd.FLOAT, at));
            } else if (bool) {
                maskBool(s, SCORES + j * ROW, queries, m, at, mi);
            } else {
                maskAdd(s, SCORES + j * ROW, queries, m, at, mi);
            }
        }
    }

    private static void fill(MemorySegment s, long at, int queries, float value) {
        for (int i = 0; i < queries; i += LANES) {
            Simd.store(s, at + 4L * i, FloatVector.broadcast(Simd.F32, value));
        }
    }

    private static void add(MemorySegment s, long at, int queries, float value) {
        for (int i = 0; i < queries; i += LANES) {
            Simd.store(s, at + 4L * i, Simd.loadF32(s, at + 4L * i).add(value));
        }
    }

    private static void maskBool(MemorySegment s, long at, int queries, MemorySegment m, long mo, long step) {
        for (int i = 0; i < queries; i++) {
            if (m.get(ValueLayout.JAVA_BYTE, mo + i * step) == 0) {
                s.set(Simd.FLOAT, at + 4L * i, NEVER);
            }
        }
    }

    private static void maskAdd(MemorySegment s, long at, int queries, MemorySegment m, long mo, long step) {
        for (int i = 0; i < queries; i++) {
            s.set(Simd.FLOAT, at + 4L * i, s.get(Simd.FLOAT, at + 4L * i) + m.get(Simd.FLOAT, mo + i * step));
        }
    }

    /// The state of [#softmax] before any key: maximum minus infinity, sum 0.
    static void begin(MemorySegment stats, long so) {
        fill(stats, so, QUERIES, NEVER);
        fill(stats, so + ROW, QUERIES, 0);
    }

    /// One step of a softmax that sees its keys block by block: turns scores into `exp(s - max)`, where `max` is that
    /// of all blocks so far. `stats` has rows of QUERIES floats: max, the sum, by what all before must be multiplied,
    /// and what was subtracted, which is 0 while a query has seen nothing and its maximum is minus infinity. Source:
    /// Milakov and Gimelshein 2018, arXiv 1805.02867, algorithm 3.
    static void softmax(MemorySegment s, int keys, int queries, MemorySegment stats, long so) {
        for (int i = 0; i < queries; i += LANES) {
            columnMax(s, SCORES + 4L * i, keys, stats, so + 4L * i);
        }
        rescale(queries, stats, so);
        exponentials(s, keys, queries, stats, so + 3 * ROW, so + ROW);
    }

    private static void columnMax(MemorySegment s, long at, int keys, MemorySegment stats, long so) {
        var before = Simd.loadF32(stats, so);
        var m0 = before;
        var m1 = before;
        int j = 0;
        for (; j <= keys - 2; j += 2) {
            var a = Simd.loadF32(s, at);
            var b = Simd.loadF32(s, at + ROW);
            m0 = m0.blend(a, a.compare(GT, m0));
            m1 = m1.blend(b, b.compare(GT, m1));
            at += 2 * ROW;
        }
        if (j < keys) {
            var a = Simd.loadF32(s, at);
            m0 = m0.blend(a, a.compare(GT, m0));
        }
        m0 = m0.blend(m1, m1.compare(GT, m0));
        var shift = m0.blend(FloatVector.zero(Simd.F32), m0.compare(EQ, NEVER));
        Simd.store(stats, so, m0);
        Simd.store(stats, so + 2 * ROW, before.sub(shift));
        Simd.store(stats, so + 3 * ROW, shift);
    }

    /// The third row of `stats` to its exponential, and the sums times that.
    private static void rescale(int queries, MemorySegment stats, long so) {
        for (int i = 0; i < queries; i += LANES) {
            long at = so + 4L * i;
            var ratio = VectorMath.expBelow(Simd.loadF32(stats, at + 2 * ROW));
            Simd.store(stats, at + 2 * ROW, ratio);
            Simd.store(stats, at + ROW, Simd.loadF32(stats, at + ROW).mul(ratio));
        }
    }

    /// Turns scores into `exp(s - shift)` and adds them to the sums, one shift and one sum for each query.
    static void exponentials(MemorySegment s, int keys, int queries, MemorySegment stats, long shifts, long sums) {
        for (int i = 0; i < queries; i += LANES) {
            columnExp(s, SCORES + 4L * i, keys, stats, shifts + 4L * i, sums + 4L * i);
        }
    }

    private static void columnExp(MemorySegment s, long at, int keys, MemorySegment stats, long shiftAt, long sumAt) {
        var shift = Simd.loadF32(stats, shiftAt);
        var sum = Simd.loadF32(stats, sumAt);
        for (int j = 0; j < keys; j++) {
            var e = VectorMath.expBelow(Simd.loadF32(s, at).sub(shift));
            Simd.store(s, at, e);
            sum = sum.add(e);
            at += ROW;
        }
        Simd.store(stats, sumAt, sum);
    }

    /// The end of [#softmax]: the sums become what the rows are to be multiplied by, the maxima log-sum-exps.
    static void end(MemorySegment stats, long so) {
        for (long at = so; at < so + ROW; at += Simd.BYTES) {
            var sum = Simd.loadF32(stats, at + ROW);
            var log = VectorMath.log(sum);
            Simd.store(stats, at, Simd.loadF32(stats, at).add(log));
            var one = FloatVector.broadcast(Simd.F32, 1);
            Simd.store(stats, at + ROW, one.div(sum.blend(one, sum.compare(EQ, 0))));
        }
    }

    /// Multiplies row `r` of `rows` rows of `d` floats by factor number `r`.
    static void scaleRows(MemorySegment x, long xo, long step, int rows, int d, MemorySegment factors, long fo) {
        for (int r = 0; r < rows; r++) {
            float factor = factors.get(Simd.FLOAT, fo + 4L * r);
            if (factor != 1) {
                RowSums.scale(x, xo + r * step, d, factor);
            }
        }
    }

    /// `g = p * (g - delta)` where g lies `grads` bytes after p; delta has one value for each query.
    static void scoreGrad(MemorySegment s, long grads, int keys, int queries, MemorySegment stats, long delta) {
        for (int i = 0; i < queries; i += LANES) {
            var minus = Simd.loadF32(stats, delta + 4L * i);
            long at = SCORES + 4L * i;
            for (int j = 0; j < keys; j++) {
                Simd.store(s, grads + at, Simd.loadF32(s, grads + at).sub(minus).mul(Simd.loadF32(s, at)));
                at += ROW;
            }
        }
    }
}
