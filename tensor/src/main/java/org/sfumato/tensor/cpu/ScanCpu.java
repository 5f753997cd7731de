package org.sfumato.tensor.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.op.Scan;
import org.sfumato.tensor.spi.HostPool;
import org.sfumato.tensor.spi.Operand;

/// Running sums and products: lines are read into f64, or i64 for whole numbers, run through and rounded.
final class ScanCpu {
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final long GRAIN = 16 * 1024;

    private ScanCpu() { }

    /// `out = op(in)`; `out` is dense.
    static void run(HostPool pool, Scan op, Operand in, Operand out) {
        if (out.shape().count() == 0) {
            return;
        }
        var lines = new Lines(op.axis(), in, out);
        var wide = in.dtype().isFloating() ? DType.F64 : DType.I64;
        long n = lines.size(0);
        Parallel.grains(lines.count, Math.max(1, GRAIN / n), (r0, r1) -> {
            var buffer = pool.allocate(8 * n);
            var scratch = buffer.host();
            try {
                var cursor = lines.from(r0);
                for (long r = r0; r < r1; r++) {
                    Unpack.run(in.dtype(), in.segment(), cursor.at[0], lines.step(0), wide, scratch, 0, n);
                    scan(op, wide, scratch, n);
                    Pack.run(wide, scratch, 0, out.dtype(), out.segment(), cursor.at[1], lines.step(1), n);
                    cursor.next();
                }
            } finally {
                pool.free(buffer);
            }
        });
    }

    private static void scan(Scan op, DType wide, MemorySegment s, long n) {
        long start = op.reverse() ? 8 * (n - 1) : 0;
        long step = op.reverse() ? -8 : 8;
        switch (op) {
            case Scan.CumSum _ when wide == DType.F64 -> add(s, start, step, n);
            case Scan.CumSum _ -> addLongs(s, start, step, n);
            case Scan.CumProd _ when wide == DType.F64 -> multiply(s, start, step, n);
            case Scan.CumProd _ -> multiplyLongs(s, start, step, n);
        }
    }

    private static void add(MemorySegment s, long at, long step, long n) {
        double sum = 0;
        for (long i = 0; i < n; i++) {
            sum += s.get(Simd.DOUBLE, at + i * step);
            s.set(Simd.DOUBLE, at + i * step, sum);
        }
    }

    private static void addLongs(MemorySegment s, long at, long step, long n) {
        long sum = 0;
        for (long i = 0; i < n; i++) {
            sum += s.get(LONG, at + i * step);
            s.set(LONG, at + i * step, sum);
        }
    }

    private static void multiply(MemorySegment s, long at, long step, long n) {
        double product = 1;
        for (long i = 0; i < n; i++) {
            product *= s.get(Simd.DOUBLE, at + i * step);
            s.set(Simd.DOUBLE, at + i * step, product);
        }
    }

    private static void multiplyLongs(MemorySegment s, long at, long step, long n) {
        long product = 1;
        for (long i = 0; i < n; i++) {
            product *= s.get(LONG, at + i * step);
            s.set(LONG, at + i * step, product);
        }
    }
}
