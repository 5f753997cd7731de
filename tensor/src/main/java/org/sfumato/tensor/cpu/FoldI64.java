package org.sfumato.tensor.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.sfumato.tensor.op.Reduce.Kind;

/// Combines i64 elements into i64 results, with two's complement wrap-around. Offsets and strides are in bytes.
final class FoldI64 {
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

    private FoldI64() { }

    /// Combines the `n` longs at `at` and the long at `slot`, into which the result goes.
    static void row(Kind kind, MemorySegment s, long at, long n, MemorySegment acc, long slot) {
        long before = acc.get(LONG, slot);
        acc.set(LONG, slot, switch (kind) {
            case SUM -> sum(s, at, n, before);
            case PROD -> prod(s, at, n, before);
            case MAX -> max(s, at, n, before);
            case MIN -> min(s, at, n, before);
        });
    }

    /// Combines each of `columns` columns of `rows` rows with a long; the longs begin at `slot`.
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

    private static long sum(MemorySegment s, long at, long n, long before) {
        long sum = before;
        for (long i = 0; i < n; i++) {
            sum += s.get(LONG, at + 8 * i);
        }
        return sum;
    }

    private static long prod(MemorySegment s, long at, long n, long before) {
        long product = before;
        for (long i = 0; i < n; i++) {
            product *= s.get(LONG, at + 8 * i);
        }
        return product;
    }

    private static long max(MemorySegment s, long at, long n, long before) {
        long best = before;
        for (long i = 0; i < n; i++) {
            best = Math.max(best, s.get(LONG, at + 8 * i));
        }
        return best;
    }

    private static long min(MemorySegment s, long at, long n, long before) {
        long best = before;
        for (long i = 0; i < n; i++) {
            best = Math.min(best, s.get(LONG, at + 8 * i));
        }
        return best;
    }

    private static void add(MemorySegment s, long at, long n, MemorySegment acc, long slot) {
        for (long j = 0; j < n; j++) {
            acc.set(LONG, slot + 8 * j, acc.get(LONG, slot + 8 * j) + s.get(LONG, at + 8 * j));
        }
    }

    private static void multiply(MemorySegment s, long at, long n, MemorySegment acc, long slot) {
        for (long j = 0; j < n; j++) {
            acc.set(LONG, slot + 8 * j, acc.get(LONG, slot + 8 * j) * s.get(LONG, at + 8 * j));
        }
    }

    private static void raise(MemorySegment s, long at, long n, MemorySegment acc, long slot) {
        for (long j = 0; j < n; j++) {
            acc.set(LONG, slot + 8 * j, Math.max(acc.get(LONG, slot + 8 * j), s.get(LONG, at + 8 * j)));
        }
    }

    private static void lower(MemorySegment s, long at, long n, MemorySegment acc, long slot) {
        for (long j = 0; j < n; j++) {
            acc.set(LONG, slot + 8 * j, Math.min(acc.get(LONG, slot + 8 * j), s.get(LONG, at + 8 * j)));
        }
    }
}
