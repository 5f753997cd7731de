package org.sfumato.tensor.cpu;

import static jdk.incubator.vector.VectorOperators.F2D;
import static jdk.incubator.vector.VectorOperators.MAX;
import static jdk.incubator.vector.VectorOperators.MIN;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import org.sfumato.tensor.expr.RawMemory;
import org.sfumato.tensor.op.Reduce.Kind;

/// Combines f32 elements into f64 results. Elements and results lie at addresses; strides are in
/// bytes.
///
/// A sum is taken in f32 over at most some tens of elements in a row and goes on in f64: the error stays at a few units
/// of the last place of f32, however many elements there are.
final class FoldF32 {
    private static final long V = Simd.BYTES;
    private static final int LANES = Simd.F32_LANES;

    /// Elements added in f32 by [#sum] at most: 32 in each lane.
    private static final long SUM_BLOCK = 8L * 32 * LANES;

    /// Rows added in f32 by [#sumColumns] at most.
    private static final long ROW_BLOCK = 32;
    private static final long ROWS = 8;             // that are added in one go
    private static final long WIDE = 1024;          // columns: a page

    private FoldF32() { }

    /// Combines the `n` floats at `at` and the double at `slot`, into which the result goes.
    static void row(Kind kind, long at, long n, long slot) {
        double before = Simd.getF64(slot);
        Simd.setF64(slot, switch (kind) {
            case SUM -> before + sums(at, n);
            case PROD -> prod(at, n, before);
            case MAX -> Math.max(before, max(at, n));
            case MIN -> Math.min(before, min(at, n));
        });
    }

    /// Combines each of `columns` columns of `rows` rows with a double; the doubles begin at `slot`.
    static void columns(Kind kind, long at, long rows, long stride, long columns, long slot) {
        switch (kind) {
            case SUM -> {
                try (var block = Scratch.of(4 * columns)) {
                    long sums = block.segment.address();
                    for (long r = 0; r < rows; r += ROW_BLOCK) {
                        sumColumns(at + r * stride, Math.min(ROW_BLOCK, rows - r), stride, columns, sums);
                        addWide(sums, columns, slot);
                    }
                }
            }
            case PROD -> prodColumns(at, rows, stride, columns, slot);
            case MAX -> maxColumns(at, rows, stride, columns, slot);
            case MIN -> minColumns(at, rows, stride, columns, slot);
        }
    }

    private static double sums(long at, long n) {
        double total = 0;
        for (long i = 0; i < n; i += SUM_BLOCK) {
            total += sum(at + 4 * i, Math.min(SUM_BLOCK, n - i));
        }
        return total;
    }

    private static float sum(long at, long n) {
        long i = 0;
        var a = FloatVector.zero(Simd.F32);
        var b = a;
        var c = a;
        var d = a;
        if (n >= 8 * LANES) {
            var e = a;
            var f = a;
            var g = a;
            var h = a;
            for (; i <= n - 8 * LANES; i += 8 * LANES) {
                long p = at + 4 * i;
                a = a.add(Simd.loadF32(p));
                b = b.add(Simd.loadF32(p + V));
                c = c.add(Simd.loadF32(p + 2 * V));
                d = d.add(Simd.loadF32(p + 3 * V));
                e = e.add(Simd.loadF32(p + 4 * V));
                f = f.add(Simd.loadF32(p + 5 * V));
                g = g.add(Simd.loadF32(p + 6 * V));
                h = h.add(Simd.loadF32(p + 7 * V));
            }
            a = a.add(e);
            b = b.add(f);
            c = c.add(g);
            d = d.add(h);
        }
        for (; i <= n - LANES; i += LANES) {
            a = a.add(Simd.loadF32(at + 4 * i));
        }
        if (i < n) {
            b = b.add(Simd.loadF32(at + 4 * i, first(n - i)));
        }
        return Simd.sum(a.add(b).add(c.add(d)));
    }

    private static VectorMask<Float> first(long n) {
        return Simd.F32.indexInRange(0, n);
    }

    private static double prod(long at, long n, double before) {
        double product = before;
        for (long i = 0; i < n; i++) {
            product *= Simd.getF32(at + 4 * i);
        }
        return product;
    }

    /// The largest of `n` floats, NaN if there is one, minus infinity if `n` is 0.
    static float max(long at, long n) {
        var a = FloatVector.broadcast(Simd.F32, Float.NEGATIVE_INFINITY);
        var b = a;
        long i = 0;
        for (; i <= n - 2 * LANES; i += 2 * LANES) {
            a = a.max(Simd.loadF32(at + 4 * i));
            b = b.max(Simd.loadF32(at + 4 * i + V));
        }
        for (; i < n; i += LANES) {
            var lanes = first(Math.min(LANES, n - i));
            b = b.lanewise(MAX, Simd.loadF32(at + 4 * i, lanes), lanes);
        }
        return a.max(b).reduceLanes(MAX);
    }

    /// The smallest of `n` floats, NaN if there is one, infinity if `n` is 0.
    static float min(long at, long n) {
        var a = FloatVector.broadcast(Simd.F32, Float.POSITIVE_INFINITY);
        var b = a;
        long i = 0;
        for (; i <= n - 2 * LANES; i += 2 * LANES) {
            a = a.min(Simd.loadF32(at + 4 * i));
            b = b.min(Simd.loadF32(at + 4 * i + V));
        }
        for (; i < n; i += LANES) {
            var lanes = first(Math.min(LANES, n - i));
            b = b.lanewise(MIN, Simd.loadF32(at + 4 * i, lanes), lanes);
        }
        return a.min(b).reduceLanes(MIN);
    }

    /// The f32 sums of `columns` columns, to `to`; the same bits by either way.
    private static void sumColumns(long at, long rows, long stride, long columns, long to) {
        if (columns >= WIDE) {
            sumWide(at, rows, stride, columns, to);
            return;
        }
        long j = 0;
        for (; j <= columns - 4 * LANES; j += 4 * LANES) {
            sumFour(at + 4 * j, rows, stride, to + 4 * j);
        }
        for (; j < columns; j += LANES) {
            sumOne(at + 4 * j, rows, stride, Math.min(LANES, columns - j), to + 4 * j);
        }
    }

    private static void sumFour(long at, long rows, long stride, long to) {
        var a = FloatVector.zero(Simd.F32);
        var b = a;
        var c = a;
        var d = a;
        for (long r = 0; r < rows; r++) {
            long p = at + r * stride;
            a = a.add(Simd.loadF32(p));
            b = b.add(Simd.loadF32(p + V));
            c = c.add(Simd.loadF32(p + 2 * V));
            d = d.add(Simd.loadF32(p + 3 * V));
        }
        Simd.store(to, a);
        Simd.store(to + V, b);
        Simd.store(to + 2 * V, c);
        Simd.store(to + 3 * V, d);
    }

    /// Row after row: memory is read in the order in which it lies, twice as fast where it is no cache.
    private static void sumWide(long at, long rows, long stride, long columns, long to) {
        int whole = (int) (columns & -LANES);
        RawMemory.ALL.asSlice(to, 4L * whole).fill((byte) 0);
        long r = 0;
        for (; r <= rows - ROWS; r += ROWS) {
            addRows(at + r * stride, stride, whole, to);
        }
        for (; r < rows; r++) {
            addRow(at + r * stride, whole, to);
        }
        if (whole < columns) {
            sumOne(at + 4L * whole, rows, stride, columns - whole, to + 4L * whole);
        }
    }

    /// Adds eight rows to the sums.
    private static void addRows(long at, long stride, int columns, long to) {
        long half = at + 4 * stride;
        for (int j = 0; j < columns; j += LANES) {
            long p = at + 4L * j;
            long q = half + 4L * j;
            var a = Simd.loadF32(to + 4L * j).add(Simd.loadF32(p)).add(Simd.loadF32(p + stride))
                .add(Simd.loadF32(p + 2 * stride)).add(Simd.loadF32(p + 3 * stride)).add(Simd.loadF32(q))
                .add(Simd.loadF32(q + stride)).add(Simd.loadF32(q + 2 * stride)).add(Simd.loadF32(q + 3 * stride));
            Simd.store(to + 4L * j, a);
        }
    }

    private static void addRow(long at, int columns, long to) {
        for (int j = 0; j < columns; j += LANES) {
            Simd.store(to + 4L * j, Simd.loadF32(to + 4L * j).add(Simd.loadF32(at + 4L * j)));
        }
    }

    /// The sums of at most a vector of columns.
    private static void sumOne(long at, long rows, long stride, long columns, long to) {
        var lanes = first(columns);
        var a = FloatVector.zero(Simd.F32);
        for (long r = 0; r < rows; r++) {
            a = a.add(Simd.loadF32(at + r * stride, lanes));
        }
        Simd.store(to, a, lanes);
    }

    /// Adds `n` floats at `sums` to the doubles at `slot`: a loop of its own, for C2 inlines no more conversions into
    /// those above, and boxes instead.
    private static void addWide(long sums, long n, long slot) {
        long j = 0;
        for (; j <= n - LANES; j += LANES) {
            var x = Simd.loadF32(sums + 4 * j);
            long p = slot + 8 * j;
            Simd.store(p, Simd.loadF64(p).add(x.convertShape(F2D, Simd.F64, 0)));
            Simd.store(p + V, Simd.loadF64(p + V).add(x.convertShape(F2D, Simd.F64, 1)));
        }
        for (; j < n; j++) {
            Simd.setF64(slot + 8 * j, Simd.getF64(slot + 8 * j) + Simd.getF32(sums + 4 * j));
        }
    }

    private static void prodColumns(long at, long rows, long stride, long columns, long slot) {
        for (long r = 0; r < rows; r++) {
            for (long j = 0; j < columns; j++) {
                long p = slot + 8 * j;
                Simd.setF64(p, Simd.getF64(p) * Simd.getF32(at + r * stride + 4 * j));
            }
        }
    }

    private static void maxColumns(long at, long rows, long stride, long columns, long slot) {
        long j = 0;
        for (; j <= columns - LANES; j += LANES) {
            var a = FloatVector.broadcast(Simd.F32, Float.NEGATIVE_INFINITY);
            for (long r = 0; r < rows; r++) {
                a = a.max(Simd.loadF32(at + 4 * j + r * stride));
            }
            long p = slot + 8 * j;
            Simd.store(p, Simd.loadF64(p).max(a.convertShape(F2D, Simd.F64, 0)));
            p += V;
            Simd.store(p, Simd.loadF64(p).max(a.convertShape(F2D, Simd.F64, 1)));
        }
        for (; j < columns; j++) {
            double best = Simd.getF64(slot + 8 * j);
            for (long r = 0; r < rows; r++) {
                best = Math.max(best, Simd.getF32(at + 4 * j + r * stride));
            }
            Simd.setF64(slot + 8 * j, best);
        }
    }

    private static void minColumns(long at, long rows, long stride, long columns, long slot) {
        long j = 0;
        for (; j <= columns - LANES; j += LANES) {
            var a = FloatVector.broadcast(Simd.F32, Float.POSITIVE_INFINITY);
            for (long r = 0; r < rows; r++) {
                a = a.min(Simd.loadF32(at + 4 * j + r * stride));
            }
            long p = slot + 8 * j;
            Simd.store(p, Simd.loadF64(p).min(a.convertShape(F2D, Simd.F64, 0)));
            p += V;
            Simd.store(p, Simd.loadF64(p).min(a.convertShape(F2D, Simd.F64, 1)));
        }
        for (; j < columns; j++) {
            double best = Simd.getF64(slot + 8 * j);
            for (long r = 0; r < rows; r++) {
                best = Math.min(best, Simd.getF32(at + 4 * j + r * stride));
            }
            Simd.setF64(slot + 8 * j, best);
        }
    }
}
