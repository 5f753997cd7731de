package org.sfumato.tensor.cpu;

import static jdk.incubator.vector.VectorOperators.F2D;
import static jdk.incubator.vector.VectorOperators.MAX;
import static jdk.incubator.vector.VectorOperators.MIN;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import org.sfumato.tensor.op.Reduce.Kind;

/// Combines f32 elements into f64 results. Offsets and strides are in bytes.
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

    private FoldF32() { }

    /// Combines the `n` floats at `at` and the double at `slot`, into which the result goes.
    static void row(Kind kind, MemorySegment s, long at, long n, MemorySegment acc, long slot) {
        double before = acc.get(Simd.DOUBLE, slot);
        acc.set(Simd.DOUBLE, slot, switch (kind) {
            case SUM -> before + sums(s, at, n);
            case PROD -> prod(s, at, n, before);
            case MAX -> Math.max(before, max(s, at, n));
            case MIN -> Math.min(before, min(s, at, n));
        });
    }

    /// Combines each of `columns` columns of `rows` rows with a double; the doubles begin at `slot`.
    static void columns(Kind kind, MemorySegment s, long at, long rows, long stride, long columns, MemorySegment acc,
            long slot) {
        switch (kind) {
            case SUM -> {
                for (long r = 0; r < rows; r += ROW_BLOCK) {
                    sumColumns(s, at + r * stride, Math.min(ROW_BLOCK, rows - r), stride, columns, acc, slot);
                }
            }
            case PROD -> prodColumns(s, at, rows, stride, columns, acc, slot);
            case MAX -> maxColumns(s, at, rows, stride, columns, acc, slot);
            case MIN -> minColumns(s, at, rows, stride, columns, acc, slot);
        }
    }

    private static double sums(MemorySegment s, long at, long n) {
        double total = 0;
        for (long i = 0; i < n; i += SUM_BLOCK) {
            total += sum(s, at + 4 * i, Math.min(SUM_BLOCK, n - i));
        }
        return total;
    }

    private static float sum(MemorySegment s, long at, long n) {
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
                a = a.add(Simd.loadF32(s, p));
                b = b.add(Simd.loadF32(s, p + V));
                c = c.add(Simd.loadF32(s, p + 2 * V));
                d = d.add(Simd.loadF32(s, p + 3 * V));
                e = e.add(Simd.loadF32(s, p + 4 * V));
                f = f.add(Simd.loadF32(s, p + 5 * V));
                g = g.add(Simd.loadF32(s, p + 6 * V));
                h = h.add(Simd.loadF32(s, p + 7 * V));
            }
            a = a.add(e);
            b = b.add(f);
            c = c.add(g);
            d = d.add(h);
        }
        for (; i <= n - LANES; i += LANES) {
            a = a.add(Simd.loadF32(s, at + 4 * i));
        }
        if (i < n) {
            b = b.add(FloatVector.fromMemorySegment(Simd.F32, s, at + 4 * i, Simd.ORDER, first(n - i)));
        }
        return Simd.sum(a.add(b).add(c.add(d)));
    }

    private static VectorMask<Float> first(long n) {
        return Simd.F32.indexInRange(0, n);
    }

    private static double prod(MemorySegment s, long at, long n, double before) {
        double product = before;
        for (long i = 0; i < n; i++) {
            product *= s.get(Simd.FLOAT, at + 4 * i);
        }
        return product;
    }

    /// The largest of `n` floats, NaN if there is one, minus infinity if `n` is 0.
    static float max(MemorySegment s, long at, long n) {
        var a = FloatVector.broadcast(Simd.F32, Float.NEGATIVE_INFINITY);
        var b = a;
        long i = 0;
        for (; i <= n - 2 * LANES; i += 2 * LANES) {
            a = a.max(Simd.loadF32(s, at + 4 * i));
            b = b.max(Simd.loadF32(s, at + 4 * i + V));
        }
        float best = a.max(b).reduceLanes(MAX);
        for (; i < n; i++) {
            best = Math.max(best, s.get(Simd.FLOAT, at + 4 * i));
        }
        return best;
    }

    /// The smallest of `n` floats, NaN if there is one, infinity if `n` is 0.
    static float min(MemorySegment s, long at, long n) {
        var a = FloatVector.broadcast(Simd.F32, Float.POSITIVE_INFINITY);
        var b = a;
        long i = 0;
        for (; i <= n - 2 * LANES; i += 2 * LANES) {
            a = a.min(Simd.loadF32(s, at + 4 * i));
            b = b.min(Simd.loadF32(s, at + 4 * i + V));
        }
        float best = a.min(b).reduceLanes(MIN);
        for (; i < n; i++) {
            best = Math.min(best, s.get(Simd.FLOAT, at + 4 * i));
        }
        return best;
    }

    private static void sumColumns(MemorySegment s, long at, long rows, long stride, long columns, MemorySegment acc,
            long slot) {
        long j = 0;
        for (; j <= columns - 4 * LANES; j += 4 * LANES) {
            sumFour(s, at + 4 * j, rows, stride, acc, slot + 8 * j);
        }
        for (; j <= columns - LANES; j += LANES) {
            sumOne(s, at + 4 * j, rows, stride, acc, slot + 8 * j);
        }
        for (; j < columns; j++) {
            float sum = 0;
            for (long r = 0; r < rows; r++) {
                sum += s.get(Simd.FLOAT, at + 4 * j + r * stride);
            }
            acc.set(Simd.DOUBLE, slot + 8 * j, acc.get(Simd.DOUBLE, slot + 8 * j) + sum);
        }
    }

    private static void sumFour(MemorySegment s, long at, long rows, long stride, MemorySegment acc, long slot) {
        var a = FloatVector.zero(Simd.F32);
        var b = a;
        var c = a;
        var d = a;
        for (long r = 0; r < rows; r++) {
            long p = at + r * stride;
            a = a.add(Simd.loadF32(s, p));
            b = b.add(Simd.loadF32(s, p + V));
            c = c.add(Simd.loadF32(s, p + 2 * V));
            d = d.add(Simd.loadF32(s, p + 3 * V));
        }
        addHalf(acc, slot, a, 0);
        addHalf(acc, slot + V, a, 1);
        addHalf(acc, slot + 2 * V, b, 0);
        addHalf(acc, slot + 3 * V, b, 1);
        addHalf(acc, slot + 4 * V, c, 0);
        addHalf(acc, slot + 5 * V, c, 1);
        addHalf(acc, slot + 6 * V, d, 0);
        addHalf(acc, slot + 7 * V, d, 1);
    }

    private static void sumOne(MemorySegment s, long at, long rows, long stride, MemorySegment acc, long slot) {
        var a = FloatVector.zero(Simd.F32);
        for (long r = 0; r < rows; r++) {
            a = a.add(Simd.loadF32(s, at + r * stride));
        }
        addHalf(acc, slot, a, 0);
        addHalf(acc, slot + V, a, 1);
    }

    // At most 35 bytes of code, which are always inlined: a vector handed to a method that is not would be boxed.
    private static void addHalf(MemorySegment acc, long slot, FloatVector v, int part) {
        Simd.store(acc, slot, Simd.loadF64(acc, slot).add(v.convertShape(F2D, Simd.F64, part)));
    }

    private static void prodColumns(MemorySegment s, long at, long rows, long stride, long columns, MemorySegment acc,
            long slot) {
        for (long r = 0; r < rows; r++) {
            for (long j = 0; j < columns; j++) {
                long p = slot + 8 * j;
                acc.set(Simd.DOUBLE, p, acc.get(Simd.DOUBLE, p) * s.get(Simd.FLOAT, at + r * stride + 4 * j));
            }
        }
    }

    private static void maxColumns(MemorySegment s, long at, long rows, long stride, long columns, MemorySegment acc,
            long slot) {
        long j = 0;
        for (; j <= columns - LANES; j += LANES) {
            var a = FloatVector.broadcast(Simd.F32, Float.NEGATIVE_INFINITY);
            for (long r = 0; r < rows; r++) {
                a = a.max(Simd.loadF32(s, at + 4 * j + r * stride));
            }
            long p = slot + 8 * j;
            Simd.store(acc, p, Simd.loadF64(acc, p).max(a.convertShape(F2D, Simd.F64, 0)));
            p += V;
            Simd.store(acc, p, Simd.loadF64(acc, p).max(a.convertShape(F2D, Simd.F64, 1)));
        }
        for (; j < columns; j++) {
            double best = acc.get(Simd.DOUBLE, slot + 8 * j);
            for (long r = 0; r < rows; r++) {
                best = Math.max(best, s.get(Simd.FLOAT, at + 4 * j + r * stride));
            }
            acc.set(Simd.DOUBLE, slot + 8 * j, best);
        }
    }

    private static void minColumns(MemorySegment s, long at, long rows, long stride, long columns, MemorySegment acc,
            long slot) {
        long j = 0;
        for (; j <= columns - LANES; j += LANES) {
            var a = FloatVector.broadcast(Simd.F32, Float.POSITIVE_INFINITY);
            for (long r = 0; r < rows; r++) {
                a = a.min(Simd.loadF32(s, at + 4 * j + r * stride));
            }
            long p = slot + 8 * j;
            Simd.store(acc, p, Simd.loadF64(acc, p).min(a.convertShape(F2D, Simd.F64, 0)));
            p += V;
            Simd.store(acc, p, Simd.loadF64(acc, p).min(a.convertShape(F2D, Simd.F64, 1)));
        }
        for (; j < columns; j++) {
            double best = acc.get(Simd.DOUBLE, slot + 8 * j);
            for (long r = 0; r < rows; r++) {
                best = Math.min(best, s.get(Simd.FLOAT, at + 4 * j + r * stride));
            }
            acc.set(Simd.DOUBLE, slot + 8 * j, best);
        }
    }
}
