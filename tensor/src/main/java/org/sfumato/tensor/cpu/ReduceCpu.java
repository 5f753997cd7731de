package org.sfumato.tensor.cpu;

import java.lang.foreign.MemorySegment;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Layout;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.op.Reduce;
import org.sfumato.tensor.spi.HostPool;
import org.sfumato.tensor.spi.Operand;

/// Sums, products, maxima and minima over any axes.
///
/// If elements that are combined lie closest together in memory, each result is folded from its elements in turn
/// (rows); if elements of different results do, many results are folded side by side (columns). The elements of a
/// result are cut into chunks by the sizes alone; each chunk gives a partial result in f64 or i64, and these are
/// combined in their order.
final class ReduceCpu {
    private static final long CHUNK = 32 * 1024;    // elements that a thread folds in one go
    private static final long PIECE = 2048;         // elements that are converted in one go
    private static final long TILE = 1024;          // columns that are folded side by side
    private static final long ENOUGH = 64;          // tasks; with so many results, none is cut

    private final HostPool pool;
    private final Reduce.Kind kind;
    private final MemorySegment x;
    private final DType type;
    private final DType compute;
    private final DType partial;                    // f64 or i64
    private final int width;
    private final Walk kept;                        // the axes of the results
    private final Walk folded;                      // the axes along which is combined
    private final Operand out;
    private final long results;
    private final long each;                        // elements combined into a result

    private ReduceCpu(HostPool pool, Reduce op, Operand in, Operand out) {
        this.pool = pool;
        this.out = out;
        kind = op.kind();
        x = in.segment();
        type = in.dtype();
        compute = type.compute();
        partial = compute == DType.I64 ? DType.I64 : DType.F64;
        width = compute.bytes();
        kept = walk(in, op, false);
        folded = walk(in, op, true);
        results = kept.countBefore(kept.rank);
        each = folded.countBefore(folded.rank);
    }

    /// The axes along which is combined, that of the longest strides first, or the others in their order.
    private static Walk walk(Operand in, Reduce op, boolean folded) {
        var layout = in.layout();
        int rank = layout.shape().rank();
        var sizes = new long[folded ? op.axes().size() : rank - op.axes().size()];
        var strides = new long[sizes.length];
        int n = 0;
        for (int axis = 0; axis < rank; axis++) {
            if (op.axes().contains(axis) == folded) {
                long stride = layout.strides()[axis];
                int at = n++;
                for (; folded && at > 0 && Math.abs(strides[at - 1]) < Math.abs(stride); at--) {
                    sizes[at] = sizes[at - 1];
                    strides[at] = strides[at - 1];
                }
                sizes[at] = layout.shape().size(axis);
                strides[at] = stride;
            }
        }
        var shape = Shape.of(sizes);
        return Walk.of(shape, new Operand(in.buffer(), in.dtype(), new Layout(shape, strides, layout.offset())));
    }

    /// `out = op(in)`.
    static void run(HostPool pool, Reduce op, Operand in, Operand out) {
        if (out.shape().count() == 0) {
            return;
        }
        if (in.shape().count() == 0) {
            SourceCpu.fill(out, op.kind() == Reduce.Kind.PROD ? 1 : 0);
            return;
        }
        in.address();                               // it lies in its buffer: the folds do not look
        var reduction = new ReduceCpu(pool, op, in, out);
        if (reduction.isByColumns()) {
            reduction.columns();
        } else {
            reduction.rows();
        }
    }

    private boolean isByColumns() {
        long across = Math.abs(kept.strides[0][kept.rank - 1]);
        long along = Math.abs(folded.strides[0][folded.rank - 1]);
        return results > 1 && across > 0 && (across < along && each > 1);
    }

    // ---- rows ---------------------------------------------------------------------------------------------------

    private void rows() {
        long wanted = Math.min((each + CHUNK - 1) / CHUNK, (ENOUGH + results - 1) / results);
        long length = folded.sizes[folded.rank - 1];
        long pieces = (length + PIECE - 1) / PIECE;
        long all = folded.countBefore(folded.rank - 1) * pieces;
        long perChunk = (all + wanted - 1) / wanted;
        int chunks = (int) ((all + perChunk - 1) / perChunk);
        try (var sums = new Partials(chunks)) {
            Parallel.grains(results * chunks, Math.max(1, CHUNK * chunks / each), (t0, t1) -> {
                if (all == 1 && type == compute && folded.strides[0][0] == width) {
                    wholeRows(t0, t1, sums.memory);
                    return;
                }
                var scratch = pool.allocate(PIECE * width);
                try {
                    for (long t = t0; t < t1; t++) {
                        long chunk = t / results;
                        rowChunk(new Walk.Cursor(kept, kept.rank, t % results).at[0], chunk * perChunk,
                                Math.min(all, (chunk + 1) * perChunk), pieces, scratch.host(), sums.memory, 8 * t);
                    }
                } finally {
                    pool.free(scratch);
                }
            });
            sums.finish();
        }
    }

    /// Results [r0, r1), each of one contiguous piece.
    private void wholeRows(long r0, long r1, MemorySegment acc) {
        var cursor = new Walk.Cursor(kept, kept.rank, r0);
        for (long r = r0; r < r1; r++) {
            foldRow(x, cursor.at[0], each, acc, 8 * r);
            cursor.next();
        }
    }

    /// Pieces [p0, p1) of one result.
    private void rowChunk(long at, long p0, long p1, long pieces, MemorySegment scratch, MemorySegment acc, long slot) {
        int last = folded.rank - 1;
        long stride = folded.strides[0][last];
        long length = folded.sizes[last];
        boolean straight = type == compute && stride == width;
        var cursor = new Walk.Cursor(folded, last, p0 / pieces);
        long start = at - folded.offsets[0];
        long c = p0 % pieces;
        for (long p = p0; p < p1; p++) {
            long from = start + cursor.at[0] + c * PIECE * stride;
            long n = Math.min(PIECE, length - c * PIECE);
            if (straight) {
                foldRow(x, from, n, acc, slot);
            } else {
                Unpack.run(type, x, from, stride, compute, scratch, 0, n);
                foldRow(scratch, 0, n, acc, slot);
            }
            if (++c == pieces) {
                c = 0;
                cursor.next();
            }
        }
    }

    private void foldRow(MemorySegment s, long at, long n, MemorySegment acc, long slot) {
        switch (compute) {
            case F32 -> FoldF32.row(kind, s.address() + at, n, acc.address() + slot);
            case F64 -> FoldF64.row(kind, s, at, n, acc, slot);
            case I64 -> FoldI64.row(kind, s, at, n, acc, slot);
            case BF16, F16, I32, BOOL -> throw new IllegalStateException("reduce: " + compute + " is a storage type");
        }
    }

    // ---- columns ------------------------------------------------------------------------------------------------

    private void columns() {
        int last = kept.rank - 1;
        long columns = kept.sizes[last];
        long tiles = (columns + TILE - 1) / TILE;
        long tasks = results / columns * tiles;
        long wanted = Math.min((each * Math.min(columns, TILE) + CHUNK - 1) / CHUNK, (ENOUGH + tasks - 1) / tasks);
        long perChunk = Math.max(16, (each + wanted - 1) / wanted);
        int chunks = (int) ((each + perChunk - 1) / perChunk);
        long work = perChunk * Math.min(columns, TILE);
        try (var sums = new Partials(chunks)) {
            Parallel.grains(tasks * chunks, Math.max(1, CHUNK / work), (t0, t1) -> {
                var scratch = pool.allocate(PIECE * width);
                try {
                    for (long t = t0; t < t1; t++) {
                        long chunk = t / tasks;
                        long row = t % tasks / tiles;
                        long j0 = t % tiles * TILE;
                        long at = new Walk.Cursor(kept, last, row).at[0] + j0 * kept.strides[0][last];
                        columnChunk(at, chunk * perChunk, Math.min(each, (chunk + 1) * perChunk),
                                Math.min(TILE, columns - j0), scratch.host(), sums.memory,
                                8 * (chunk * results + row * columns + j0));
                    }
                } finally {
                    pool.free(scratch);
                }
            });
            sums.finish();
        }
    }

    /// Elements [e0, e1) of `n` results that lie side by side.
    private void columnChunk(long at, long e0, long e1, long n, MemorySegment scratch, MemorySegment acc, long slot) {
        int last = folded.rank - 1;
        long length = folded.sizes[last];
        long stride = folded.strides[0][last];
        long step = kept.strides[0][kept.rank - 1];
        boolean straight = type == compute && step == width;
        var cursor = new Walk.Cursor(folded, last, e0 / length);
        long i = e0 % length;
        for (long e = e0; e < e1;) {
            long rows = Math.min(length - i, e1 - e);
            long from = at - folded.offsets[0] + cursor.at[0] + i * stride;
            if (straight) {
                foldColumns(x, from, rows, stride, n, acc, slot);
            } else {
                rows = Math.min(rows, Math.max(1, PIECE / n));
                for (long r = 0; r < rows; r++) {
                    Unpack.run(type, x, from + r * stride, step, compute, scratch, r * n * width, n);
                }
                foldColumns(scratch, 0, rows, n * width, n, acc, slot);
            }
            e += rows;
            i += rows;
            if (i == length) {
                i = 0;
                cursor.next();
            }
        }
    }

    private void foldColumns(MemorySegment s, long at, long rows, long stride, long n, MemorySegment acc, long slot) {
        switch (compute) {
            case F32 -> FoldF32.columns(kind, s.address() + at, rows, stride, n, acc.address() + slot);
            case F64 -> FoldF64.columns(kind, s, at, rows, stride, n, acc, slot);
            case I64 -> FoldI64.columns(kind, s, at, rows, stride, n, acc, slot);
            case BF16, F16, I32, BOOL -> throw new IllegalStateException("reduce: " + compute + " is a storage type");
        }
    }

    // ---- partial results ----------------------------------------------------------------------------------------

    /// A partial result for each chunk of each result, chunk after chunk.
    private final class Partials implements AutoCloseable {
        private final int chunks;
        private final org.sfumato.tensor.spi.HostBuffer buffer;
        private final MemorySegment memory;

        Partials(int chunks) {
            this.chunks = chunks;
            buffer = pool.allocate(8 * results * chunks);
            memory = buffer.host();
            SourceCpu.fill8(memory, 0, results * chunks, identity());
        }

        private long identity() {
            boolean whole = partial == DType.I64;
            return switch (kind) {
                case SUM -> 0;
                case PROD -> whole ? 1 : Double.doubleToRawLongBits(1);
                case MAX -> whole ? Long.MIN_VALUE : Double.doubleToRawLongBits(Double.NEGATIVE_INFINITY);
                case MIN -> whole ? Long.MAX_VALUE : Double.doubleToRawLongBits(Double.POSITIVE_INFINITY);
            };
        }

        /// Adds the later chunks to the first and writes the results.
        void finish() {
            if (chunks > 1) {
                long bytes = 8 * results;
                if (partial == DType.I64) {
                    FoldI64.columns(kind, memory, bytes, chunks - 1, bytes, results, memory, 0);
                } else {
                    FoldF64.columns(kind, memory, bytes, chunks - 1, bytes, results, memory, 0);
                }
            }
            Pack.run(partial, memory, 0, out.dtype(), out.segment(), out.byteOffset(), out.dtype().bytes(), results);
        }

        @Override
        public void close() {
            pool.free(buffer);
        }
    }
}
