package org.sfumato.tensor.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Layout;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.spi.HostBuffer;
import org.sfumato.tensor.spi.HostPool;
import org.sfumato.tensor.spi.Operand;

/// Whole rows at indices: the embedding of tokens and its gradient. A tensor is seen as (outer, axis, inner).
final class IndexRows {
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final long GRAIN = 64 * 1024;    // bytes
    private static final long STRIP = 128;          // columns at least that one thread adds

    private IndexRows() { }

    /// `out[.., i, ..] = x[.., index[i], ..]`.
    static void select(HostPool pool, int axis, Operand x, Operand index, Operand out) {
        long size = x.shape().size(axis);
        IndexCpu.check("indexSelect", index, size);
        if (out.shape().count() == 0) {
            return;
        }
        var buffers = new HostBuffer[1];
        try {
            var table = rowsDense(axis, x) ? x : dense(pool, buffers, 0, x);
            select(axis, table, size, index, out);
        } finally {
            free(pool, buffers);
        }
    }

    private static void select(int axis, Operand table, long size, Operand index, Operand out) {
        long rows = index.shape().count();
        long bytes = inner(axis, out) * out.dtype().bytes();
        long outer = out.shape().count() / rows / inner(axis, out);
        long step = outer > 1 ? bytes : table.layout().strides()[axis] * table.dtype().bytes();
        long next = size * bytes;                   // only rows of a dense tensor have an outer axis
        long indexStep = index.layout().strides()[0] * Long.BYTES;
        var s = table.segment();
        var d = out.segment();
        Parallel.grains(outer * rows, Math.max(1, GRAIN / bytes), (r0, r1) -> {
            for (long r = r0; r < r1; r++) {
                long row = index.segment().get(LONG, index.byteOffset() + r % rows * indexStep);
                MemorySegment.copy(s, table.byteOffset() + r / rows * next + row * step, d,
                        out.byteOffset() + r * bytes, bytes);
            }
        });
    }

    /// Zeros of `size` along the axis, to which the rows of `source` are added at `index`, in their order.
    static void add(HostPool pool, int axis, long size, Operand source, Operand index, Operand out) {
        IndexCpu.check("indexAdd", index, size);
        if (out.shape().count() == 0) {
            return;
        }
        var compute = out.dtype().compute();
        var buffers = new HostBuffer[2];
        try {
            var rows = source;
            if (source.dtype() != compute || !source.layout().isDense()) {
                buffers[0] = pool.allocate(new Spec(source.shape(), compute).bytes());
                rows = new Operand(buffers[0], compute, Layout.dense(source.shape()));
                CastCpu.run(pool, source, rows);
            }
            var sum = out;
            if (out.dtype() != compute) {
                buffers[1] = pool.allocate(new Spec(out.shape(), compute).bytes());
                sum = new Operand(buffers[1], compute, Layout.dense(out.shape()));
            }
            SourceCpu.fill(sum, 0);
            add(axis, size, rows, index, sum);
            if (sum != out) {
                CastCpu.run(pool, sum, out);
            }
        } finally {
            free(pool, buffers);
        }
    }

    /// Each task adds a strip of columns of all rows, so that each place belongs to one task.
    private static void add(int axis, long size, Operand rows, Operand index, Operand sum) {
        long count = index.shape().count();
        long inner = inner(axis, sum);
        long outer = sum.shape().count() / size / inner;
        int width = sum.dtype().bytes();
        long strip = Math.max(STRIP, (inner + 7) / 8);
        long strips = (inner + strip - 1) / strip;
        long indexStep = index.layout().strides()[0] * Long.BYTES;
        long work = Math.max(1, count * Math.min(strip, inner) * width);
        Parallel.grains(outer * strips, Math.max(1, GRAIN / work), (t0, t1) -> {
            for (long t = t0; t < t1; t++) {
                long column = t % strips * strip;
                long n = Math.min(strip, inner - column);
                long from = rows.byteOffset() + (t / strips * count * inner + column) * width;
                long to = sum.byteOffset() + (t / strips * size * inner + column) * width;
                for (long i = 0; i < count; i++) {
                    long row = index.segment().get(LONG, index.byteOffset() + i * indexStep);
                    addRow(sum.dtype(), rows.segment(), from + i * inner * width, sum.segment(),
                            to + row * inner * width, n);
                }
            }
        });
    }

    private static void addRow(DType type, MemorySegment s, long at, MemorySegment d, long to, long n) {
        switch (type) {
            case F32 -> addF32(s, at, d, to, n);
            case F64 -> addF64(s, at, d, to, n);
            case I64 -> addI64(s, at, d, to, n);
            case BF16, F16, I32, BOOL -> throw new IllegalArgumentException("indexAdd: " + type + " is a storage type");
        }
    }

    private static void addF32(MemorySegment s, long at, MemorySegment d, long to, long n) {
        long i = 0;
        for (; i <= n - Simd.F32_LANES; i += Simd.F32_LANES) {
            Simd.store(d, to + 4 * i, Simd.loadF32(d, to + 4 * i).add(Simd.loadF32(s, at + 4 * i)));
        }
        for (; i < n; i++) {
            d.set(Simd.FLOAT, to + 4 * i, d.get(Simd.FLOAT, to + 4 * i) + s.get(Simd.FLOAT, at + 4 * i));
        }
    }

    private static void addF64(MemorySegment s, long at, MemorySegment d, long to, long n) {
        for (long i = 0; i < n; i++) {
            d.set(Simd.DOUBLE, to + 8 * i, d.get(Simd.DOUBLE, to + 8 * i) + s.get(Simd.DOUBLE, at + 8 * i));
        }
    }

    private static void addI64(MemorySegment s, long at, MemorySegment d, long to, long n) {
        for (long i = 0; i < n; i++) {
            d.set(LONG, to + 8 * i, d.get(LONG, to + 8 * i) + s.get(LONG, at + 8 * i));
        }
    }

    private static long inner(int axis, Operand x) {
        return x.shape().range(axis + 1, x.shape().rank()).count();
    }

    /// True if each row is dense, and where rows lie can be told from two strides.
    private static boolean rowsDense(int axis, Operand x) {
        var shape = x.shape();
        var strides = x.layout().strides();
        long outer = shape.range(0, axis).count();
        if (outer > 1) {
            return x.layout().isDense();
        }
        var rest = java.util.Arrays.copyOfRange(strides, axis + 1, strides.length);
        return new Layout(shape.range(axis + 1, shape.rank()), rest, 0).isDense();
    }

    private static Operand dense(HostPool pool, HostBuffer[] buffers, int i, Operand x) {
        buffers[i] = pool.allocate(x.spec().bytes());
        var copy = new Operand(buffers[i], x.dtype(), Layout.dense(x.shape()));
        CopyCpu.copy(x, copy);
        return copy;
    }

    private static void free(HostPool pool, HostBuffer[] buffers) {
        for (var buffer : buffers) {
            if (buffer != null) {
                pool.free(buffer);
            }
        }
    }
}
