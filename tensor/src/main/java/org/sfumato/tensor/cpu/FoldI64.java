package org.sfumato.tensor.cpu;

import static jdk.incubator.vector.VectorOperators.ADD;
import static jdk.incubator.vector.VectorOperators.MAX;
import static jdk.incubator.vector.VectorOperators.MIN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorSpecies;
import org.sfumato.tensor.expr.RawMemory;
import org.sfumato.tensor.op.Reduce.Kind;

/// Combines i64 elements into i64 results, with two's complement wrap-around. Offsets and strides are in bytes.
final class FoldI64 {
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

    private static final VectorSpecies<Long> LANES = VectorSpecies.of(long.class, Simd.F32.vectorShape());

    private FoldI64() { }

    private static LongVector load(long address) {
        return LongVector.fromMemorySegment(LANES, RawMemory.ALL, address, Simd.ORDER);
    }

    /// Combines the `n` longs at `at` and the long at `slot`, into which the result goes.
    static void row(Kind kind, MemorySegment s, long at, long n, MemorySegment acc, long slot) {
        long before = acc.get(LONG, slot);
        acc.set(LONG, slot, switch (kind) {
            case SUM -> sum(s.address() + at, n, before);
            case PROD -> prod(s, at, n, before);
            case MAX -> max(s.address() + at, n, before);
            case MIN -> min(s.address() + at, n, before);
        });
    }

    /// Combines each of `columns` columns of `rows` rows with a long; the longs begin at `slot`.
    static void columns(Kind kind, MemorySegment s, long at, long rows, long stride, long columns, MemorySegment acc,
            long slot) {
        for (long r = 0; r < rows; r++) {
            long from = at + r * stride;
            switch (kind) {
                case SUM -> add(s.address() + from, columns, acc.address() + slot);
                case PROD -> multiply(s, from, columns, acc, slot);
                case MAX -> raise(s.address() + from, columns, acc.address() + slot);
                case MIN -> lower(s.address() + from, columns, acc.address() + slot);
            }
        }
    }

    private static long sum(long at, long n, long before) {
        var a = LongVector.broadcast(LANES, 0);
        var b = a;
        long i = 0;
        for (; i <= n - 2 * LANES.length(); i += 2 * LANES.length()) {
            a = a.add(load(at + 8 * i));
            b = b.add(load(at + 8 * i + Simd.BYTES));
        }
        long result = before + a.add(b).reduceLanes(ADD);
        for (; i < n; i++) {
            result = result + RawMemory.ALL.get(LONG, at + 8 * i);
        }
        return result;
    }

    private static long prod(MemorySegment s, long at, long n, long before) {
        long product = before;
        for (long i = 0; i < n; i++) {
            product *= s.get(LONG, at + 8 * i);
        }
        return product;
    }

    private static long max(long at, long n, long before) {
        var a = LongVector.broadcast(LANES, Long.MIN_VALUE);
        var b = a;
        long i = 0;
        for (; i <= n - 2 * LANES.length(); i += 2 * LANES.length()) {
            a = a.max(load(at + 8 * i));
            b = b.max(load(at + 8 * i + Simd.BYTES));
        }
        long result = Math.max(before, a.max(b).reduceLanes(MAX));
        for (; i < n; i++) {
            result = Math.max(result, RawMemory.ALL.get(LONG, at + 8 * i));
        }
        return result;
    }

    private static long min(long at, long n, long before) {
        var a = LongVector.broadcast(LANES, Long.MAX_VALUE);
        var b = a;
        long i = 0;
        for (; i <= n - 2 * LANES.length(); i += 2 * LANES.length()) {
            a = a.min(load(at + 8 * i));
            b = b.min(load(at + 8 * i + Simd.BYTES));
        }
        long result = Math.min(before, a.min(b).reduceLanes(MIN));
        for (; i < n; i++) {
            result = Math.min(result, RawMemory.ALL.get(LONG, at + 8 * i));
        }
        return result;
    }

    private static void add(long at, long n, long slot) {
        long j = 0;
        for (; j <= n - LANES.length(); j += LANES.length()) {
            load(slot + 8 * j).add(load(at + 8 * j)).intoMemorySegment(RawMemory.ALL, slot + 8 * j, Simd.ORDER);
        }
        for (; j < n; j++) {
            long x = RawMemory.ALL.get(LONG, at + 8 * j);
            long y = RawMemory.ALL.get(LONG, slot + 8 * j);
            RawMemory.ALL.set(LONG, slot + 8 * j, x + y);
        }
    }

    private static void multiply(MemorySegment s, long at, long n, MemorySegment acc, long slot) {
        for (long j = 0; j < n; j++) {
            acc.set(LONG, slot + 8 * j, acc.get(LONG, slot + 8 * j) * s.get(LONG, at + 8 * j));
        }
    }

    private static void raise(long at, long n, long slot) {
        long j = 0;
        for (; j <= n - LANES.length(); j += LANES.length()) {
            load(slot + 8 * j).max(load(at + 8 * j)).intoMemorySegment(RawMemory.ALL, slot + 8 * j, Simd.ORDER);
        }
        for (; j < n; j++) {
            long x = RawMemory.ALL.get(LONG, at + 8 * j);
            long y = RawMemory.ALL.get(LONG, slot + 8 * j);
            RawMemory.ALL.set(LONG, slot + 8 * j, Math.max(x, y));
        }
    }

    private static void lower(long at, long n, long slot) {
        long j = 0;
        for (; j <= n - LANES.length(); j += LANES.length()) {
            load(slot + 8 * j).min(load(at + 8 * j)).intoMemorySegment(RawMemory.ALL, slot + 8 * j, Simd.ORDER);
        }
        for (; j < n; j++) {
            long x = RawMemory.ALL.get(LONG, at + 8 * j);
            long y = RawMemory.ALL.get(LONG, slot + 8 * j);
            RawMemory.ALL.set(LONG, slot + 8 * j, Math.min(x, y));
        }
    }
}
