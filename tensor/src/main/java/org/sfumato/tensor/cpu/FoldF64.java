package org.sfumato.tensor.cpu;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorShuffle;
import org.sfumato.tensor.op.Reduce.Kind;

/// Combines f64 elements into f64 results. Offsets and strides are in bytes.
final class FoldF64 {
    private static final long V = Simd.BYTES;
    private static final int LANES = Simd.F64_LANES;

    private static final VectorShuffle<Double> TURN_2 = turn(2);
    private static final VectorShuffle<Double> TURN_4 = turn(4);
    private static final VectorShuffle<Double> TURN_8 = turn(8);

    private FoldF64() { }

    private static VectorShuffle<Double> turn(int parts) {
        return VectorShuffle.iota(Simd.F64, LANES / parts, 1, true);
    }

    /// Combines the `n` doubles at `at` and the double at `slot`, into which the result goes.
    static void row(Kind kind, MemorySegment s, long at, long n, MemorySegment acc, long slot) {
        double before = acc.get(Simd.DOUBLE, slot);
        acc.set(Simd.DOUBLE, slot, switch (kind) {
            case SUM -> before + sum(s, at, n);
            case PROD -> prod(s, at, n, before);
            case MAX -> max(s, at, n, before);
            case MIN -> min(s, at, n, before);
        });
    }

    /// Combines each of `columns` columns of `rows` rows with a double; the doubles begin at `slot`.
    static void columns(Kind kind, MemorySegment s, long at, long rows, long stride, long columns, MemorySegment acc,
            long slot) {
        for (long r = 0; r < rows; r++) {
            long from = at + r * stride;
            switch (kind) {
                case SUM -> add(s, from, columns, acc, slot);
                case PROD -> multiply(s, from, columns, acc, slot);
                case MAX -> raise(s, from, columns, acc, slot);
                case MIN -> lower(s, from, columns, acc, slot);
            }
        }
    }

    private static double sum(MemorySegment s, long at, long n) {
        var a = DoubleVector.zero(Simd.F64);
        var b = a;
        var c = a;
        var d = a;
        long i = 0;
        for (; i <= n - 4 * LANES; i += 4 * LANES) {
            long p = at + 8 * i;
            a = a.add(Simd.loadF64(s, p));
            b = b.add(Simd.loadF64(s, p + V));
            c = c.add(Simd.loadF64(s, p + 2 * V));
            d = d.add(Simd.loadF64(s, p + 3 * V));
        }
        double rest = 0;
        for (; i < n; i++) {
            rest += s.get(Simd.DOUBLE, at + 8 * i);
        }
        return lanes(a.add(b).add(c.add(d))) + rest;
    }

    /// The sum of all lanes, in an order of its own: `reduceLanes` leaves it open.
    private static double lanes(DoubleVector v) {
        if (LANES >= 16) {                          // wider than any machine of today; correct, not fast
            double sum = 0;
            for (double x : v.toArray()) {
                sum += x;
            }
            return sum;
        }
        var sum = LANES >= 2 ? v.add(v.rearrange(TURN_2)) : v;
        sum = LANES >= 4 ? sum.add(sum.rearrange(TURN_4)) : sum;
        sum = LANES >= 8 ? sum.add(sum.rearrange(TURN_8)) : sum;
        return sum.lane(0);
    }

    private static double prod(MemorySegment s, long at, long n, double before) {
        double product = before;
        for (long i = 0; i < n; i++) {
            product *= s.get(Simd.DOUBLE, at + 8 * i);
        }
        return product;
    }

    private static double max(MemorySegment s, long at, long n, double before) {
        double best = before;
        for (long i = 0; i < n; i++) {
            best = Math.max(best, s.get(Simd.DOUBLE, at + 8 * i));
        }
        return best;
    }

    private static double min(MemorySegment s, long at, long n, double before) {
        double best = before;
        for (long i = 0; i < n; i++) {
            best = Math.min(best, s.get(Simd.DOUBLE, at + 8 * i));
        }
        return best;
    }

    private static void add(MemorySegment s, long at, long n, MemorySegment acc, long slot) {
        long j = 0;
        for (; j <= n - LANES; j += LANES) {
            Simd.store(acc, slot + 8 * j, Simd.loadF64(acc, slot + 8 * j).add(Simd.loadF64(s, at + 8 * j)));
        }
        for (; j < n; j++) {
            acc.set(Simd.DOUBLE, slot + 8 * j, acc.get(Simd.DOUBLE, slot + 8 * j) + s.get(Simd.DOUBLE, at + 8 * j));
        }
    }

    private static void multiply(MemorySegment s, long at, long n, MemorySegment acc, long slot) {
        for (long j = 0; j < n; j++) {
            acc.set(Simd.DOUBLE, slot + 8 * j, acc.get(Simd.DOUBLE, slot + 8 * j) * s.get(Simd.DOUBLE, at + 8 * j));
        }
    }

    private static void raise(MemorySegment s, long at, long n, MemorySegment acc, long slot) {
        for (long j = 0; j < n; j++) {
            double best = Math.max(acc.get(Simd.DOUBLE, slot + 8 * j), s.get(Simd.DOUBLE, at + 8 * j));
            acc.set(Simd.DOUBLE, slot + 8 * j, best);
        }
    }

    private static void lower(MemorySegment s, long at, long n, MemorySegment acc, long slot) {
        for (long j = 0; j < n; j++) {
            double best = Math.min(acc.get(Simd.DOUBLE, slot + 8 * j), s.get(Simd.DOUBLE, at + 8 * j));
            acc.set(Simd.DOUBLE, slot + 8 * j, best);
        }
    }
}
