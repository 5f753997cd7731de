package org.sfumato.tensor.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.op.ArgReduce;
import org.sfumato.tensor.spi.HostPool;
import org.sfumato.tensor.spi.Operand;

/// The index of the first largest or smallest element along an axis.
final class ArgReduceCpu {
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final long GRAIN = 32 * 1024;

    private ArgReduceCpu() { }

    /// `out = op(in)`; `out` is dense.
    static void run(HostPool pool, ArgReduce op, Operand in, Operand out) {
        if (out.shape().count() == 0) {
            return;
        }
        var lines = new Lines(op.axis(), in);
        var type = in.dtype();
        var compute = type.compute();
        long n = lines.size(0);
        boolean straight = type == compute && lines.step(0) == compute.bytes();
        boolean largest = op.kind() == ArgReduce.Kind.ARGMAX;
        Parallel.grains(lines.count, Math.max(1, GRAIN / n), (r0, r1) -> {
            var buffer = pool.allocate(straight ? 0 : n * compute.bytes());
            try {
                var cursor = lines.from(r0);
                for (long r = r0; r < r1; r++) {
                    var s = in.segment();
                    long at = cursor.at[0];
                    if (!straight) {
                        Unpack.run(type, s, at, lines.step(0), compute, buffer.host(), 0, n);
                        s = buffer.host();
                        at = 0;
                    }
                    out.segment().set(LONG, out.byteOffset() + 8 * r, find(compute, largest, s, at, n));
                    cursor.next();
                }
            } finally {
                pool.free(buffer);
            }
        });
    }

    private static long find(DType compute, boolean largest, MemorySegment s, long at, long n) {
        return switch (compute) {
            case F32 -> first(s, at, n, largest ? FoldF32.max(s.address() + at, n)
                    : FoldF32.min(s.address() + at, n));
            case F64 -> largest ? largest64(s, at, n) : smallest64(s, at, n);
            case I64 -> largest ? largestLong(s, at, n) : smallestLong(s, at, n);
            case BF16, F16, I32, BOOL -> throw new IllegalArgumentException("argmax: " + compute);
        };
    }

    /// Where `value`, or a NaN if it is one, is first found.
    private static long first(MemorySegment s, long at, long n, float value) {
        if (value != value) {
            for (long i = 0; i < n; i++) {
                if (Float.isNaN(s.get(Simd.FLOAT, at + 4 * i))) {
                    return i;
                }
            }
        }
        long i = 0;
        while (i < n && s.get(Simd.FLOAT, at + 4 * i) != value) {
            i++;
        }
        return i;
    }

    private static long largest64(MemorySegment s, long at, long n) {
        long best = 0;
        double value = s.get(Simd.DOUBLE, at);
        for (long i = 1; i < n && value == value; i++) {
            double x = s.get(Simd.DOUBLE, at + 8 * i);
            if (!(x <= value)) {
                value = x;
                best = i;
            }
        }
        return best;
    }

    private static long smallest64(MemorySegment s, long at, long n) {
        long best = 0;
        double value = s.get(Simd.DOUBLE, at);
        for (long i = 1; i < n && value == value; i++) {
            double x = s.get(Simd.DOUBLE, at + 8 * i);
            if (!(x >= value)) {
                value = x;
                best = i;
            }
        }
        return best;
    }

    private static long largestLong(MemorySegment s, long at, long n) {
        long best = 0;
        long value = s.get(LONG, at);
        for (long i = 1; i < n; i++) {
            long x = s.get(LONG, at + 8 * i);
            if (x > value) {
                value = x;
                best = i;
            }
        }
        return best;
    }

    private static long smallestLong(MemorySegment s, long at, long n) {
        long best = 0;
        long value = s.get(LONG, at);
        for (long i = 1; i < n; i++) {
            long x = s.get(LONG, at + 8 * i);
            if (x < value) {
                value = x;
                best = i;
            }
        }
        return best;
    }
}
