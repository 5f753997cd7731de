package org.sfumato.tensor.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Layout;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.op.Index;
import org.sfumato.tensor.spi.HostPool;
import org.sfumato.tensor.spi.Operand;

/// Reading and adding at indices. All indices are checked before anything is written.
///
/// Sums are taken in the order of the source, in f32, f64 or i64, and rounded once at the end. Work is cut so that no
/// two threads add to one place.
final class IndexCpu {
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final long GRAIN = 16 * 1024;

    private IndexCpu() { }

    /// `out = op(in)`; `out` is dense.
    ///
    /// @throws IndexOutOfBoundsException if an index lies outside, naming it
    static void run(HostPool pool, Index op, Operand[] in, Operand out) {
        switch (op) {
            case Index.Gather(int axis) -> gather(axis, in[0], in[1], out);
            case Index.ScatterAdd(int axis) -> scatterAdd(pool, axis, in, out);
            case Index.IndexSelect(int axis) -> IndexRows.select(pool, axis, in[0], in[1], out);
            case Index.IndexAdd(int axis, long size) -> IndexRows.add(pool, axis, size, in[0], in[1], out);
        }
    }

    /// Throws if an index is outside [0, bound).
    static void check(String op, Operand index, long bound) {
        if (index.shape().count() == 0) {
            return;
        }
        var walk = Walk.of(index.shape(), index);
        int last = walk.rank - 1;
        var cursor = new Walk.Cursor(walk, last, 0);
        long length = walk.sizes[last];
        for (long line = 0; line < walk.countBefore(last); line++) {
            long bad = outside(index.segment(), cursor.at[0], walk.strides[0][last], length, bound);
            if (bad >= 0) {
                long value = index.segment().get(LONG, cursor.at[0] + bad * walk.strides[0][last]);
                throw new IndexOutOfBoundsException(op + ": index " + value + " at position "
                        + position(index, line * length + bad) + " is outside [0, " + bound + ")");
            }
            cursor.next();
        }
    }

    private static long outside(MemorySegment s, long at, long step, long n, long bound) {
        for (long i = 0; i < n; i++) {
            if (Long.compareUnsigned(s.get(LONG, at + i * step), bound) >= 0) {
                return i;
            }
        }
        return -1;
    }

    private static String position(Operand index, long place) {
        var sizes = index.shape().sizes();
        var at = new long[sizes.length];
        long rest = place;
        for (int i = sizes.length - 1; i >= 0; i--) {
            at[i] = rest % sizes[i];
            rest /= sizes[i];
        }
        return Arrays.stream(at).mapToObj(Long::toString).collect(Collectors.joining(", ", "(", ")"));
    }

    private static void gather(int axis, Operand x, Operand index, Operand out) {
        check("gather", index, x.shape().size(axis));
        if (out.shape().count() == 0) {
            return;
        }
        var lines = new Lines(axis, out, x, index);
        int width = x.dtype().bytes();
        Parallel.grains(lines.count, Math.max(1, GRAIN / lines.size(0)), (r0, r1) -> {
            var cursor = lines.from(r0);
            for (long r = r0; r < r1; r++) {
                gatherLine(lines, cursor.at, width, x.segment(), index.segment(), out.segment());
                cursor.next();
            }
        });
    }

    private static void gatherLine(Lines lines, long[] at, int width, MemorySegment x, MemorySegment index,
            MemorySegment out) {
        for (long i = 0; i < lines.size(0); i++) {
            long from = index.get(LONG, at[2] + i * lines.step(2));
            move(width, x, at[1] + from * lines.step(1), out, at[0] + i * lines.step(0));
        }
    }

    /// Copies one element of `width` bytes.
    static void move(int width, MemorySegment s, long from, MemorySegment d, long to) {
        switch (width) {
            case 8 -> d.set(LONG, to, s.get(LONG, from));
            case 4 -> d.set(INT, to, s.get(INT, from));
            case 2 -> d.set(SHORT, to, s.get(SHORT, from));
            default -> d.set(ValueLayout.JAVA_BYTE, to, s.get(ValueLayout.JAVA_BYTE, from));
        }
    }

    private static void scatterAdd(HostPool pool, int axis, Operand[] in, Operand out) {
        check("scatterAdd", in[1], out.shape().size(axis));
        if (out.shape().count() == 0) {
            return;
        }
        var compute = out.dtype().compute();
        if (compute == out.dtype()) {
            CopyCpu.copy(in[0], out);
            addLines(pool, new Lines(axis, out, in[1], in[2]), in[1], in[2], out);
            return;
        }
        var buffer = pool.allocate(new Spec(out.shape(), compute).bytes());
        try {
            var wide = new Operand(buffer, compute, Layout.dense(out.shape()));
            CastCpu.run(pool, in[0], wide);
            addLines(pool, new Lines(axis, wide, in[1], in[2]), in[1], in[2], wide);
            CastCpu.run(pool, wide, out);
        } finally {
            pool.free(buffer);
        }
    }

    private static void addLines(HostPool pool, Lines lines, Operand index, Operand source, Operand sum) {
        long n = lines.size(1);
        if (n == 0) {
            return;
        }
        var compute = sum.dtype();
        Parallel.grains(lines.count, Math.max(1, GRAIN / n), (r0, r1) -> {
            var buffer = pool.allocate(n * compute.bytes());
            var scratch = buffer.host();
            try {
                var cursor = lines.from(r0);
                for (long r = r0; r < r1; r++) {
                    Unpack.run(source.dtype(), source.segment(), cursor.at[2], lines.step(2), compute, scratch, 0, n);
                    addLine(lines, cursor.at, compute, scratch, index.segment(), sum.segment());
                    cursor.next();
                }
            } finally {
                pool.free(buffer);
            }
        });
    }

    private static void addLine(Lines lines, long[] at, DType compute, MemorySegment s, MemorySegment index,
            MemorySegment sum) {
        for (long i = 0; i < lines.size(1); i++) {
            long to = at[0] + index.get(LONG, at[1] + i * lines.step(1)) * lines.step(0);
            switch (compute) {
                case F32 -> sum.set(Simd.FLOAT, to, sum.get(Simd.FLOAT, to) + s.get(Simd.FLOAT, 4 * i));
                case F64 -> sum.set(Simd.DOUBLE, to, sum.get(Simd.DOUBLE, to) + s.get(Simd.DOUBLE, 8 * i));
                case I64 -> sum.set(LONG, to, sum.get(LONG, to) + s.get(LONG, 8 * i));
                case BF16, F16, I32, BOOL -> throw new IllegalArgumentException("scatterAdd: " + compute);
            }
        }
    }
}
