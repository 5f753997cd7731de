package org.sfumato.cuda;

import org.sfumato.tensor.DType;
import org.sfumato.tensor.op.Sort;
import org.sfumato.tensor.op.TopK;
import org.sfumato.tensor.spi.Operand;

/// [Sort] and [TopK]: lines along an axis, sorted by merging.
final class SortCuda {
    private static final String MODULE = "sort";
    /// Elements of a thread.
    private static final int EACH = 4;
    /// Elements of a tile that one block sorts, at most.
    private static final int TILE = 1024;
    private static final int WARP = 32;
    private static final int THREADS = 256;
    /// Lines in the y direction of a grid.
    private static final int LINES = 32_768;

    private SortCuda() { }

    /// Sorted lines in the memory of the device: keys of 64 bits and, of each, the place it came from, 32 bits.
    record Sorted(long keys, long order) { }

    /// [Sort].
    static void run(Workspace work, Sort op, Operand in, Operand[] out) {
        run(work, op.axis(), op.descending(), in, out);
    }

    /// [TopK].
    static void run(Workspace work, TopK op, Operand in, Operand[] out) {
        run(work, op.axis(), true, in, out);
    }

    private static void run(Workspace work, int axis, boolean descending, Operand in, Operand[] out) {
        long n = out[0].shape().count();
        if (n == 0) {
            return;
        }
        var x = work.dense(in);
        var shape = x.shape();
        long size = shape.size(axis);
        long kept = out[0].shape().size(axis);
        long inner = shape.range(axis + 1, shape.rank()).count();
        var lines = new Lines(x.dtype(), x.address(), shape.range(0, axis).count() * inner, size, inner, descending);
        boolean few = size > TILE && kept <= TILE / 2;
        var sorted = few ? first(work, lines, (int) kept) : sort(work, lines);
        work.kernel(MODULE, "sorted_" + x.dtype().bytes()).address(x).i64(sorted.order).address(out[0])
                .address(out[1]).i64(n).i64(size).i64(kept).i64(inner).i64(few ? kept : size)
                .launch(Driver.Grid.of(Launcher.blocks(n, THREADS), THREADS));
    }

    /// Lines along the middle axis of dense (outer, size, inner) at `x`, of which there are outer * inner.
    ///
    /// @param count how many lines there are
    record Lines(DType dtype, long x, long count, long size, long inner, boolean descending) {
        /// @throws IllegalArgumentException if a line is too long to be sorted
        Lines {
            if (size > Integer.MAX_VALUE) {
                throw new IllegalArgumentException("sort: " + size + " elements in a line, more than 2^31 - 1");
            }
        }
    }

    /// The first `kept` of each sorted line, at most half a tile of them: of each tile the first ones are kept, and of
    /// these again, until they are one tile.
    private static Sorted first(Workspace work, Lines lines, int kept) {
        var at = sorted(work, lines.count * kept(lines.size, kept));
        long size = kept(lines.size, kept);
        tiles(work, lines, TILE, kept, size, at);
        while (size > kept) {
            long next = kept(size, kept);
            var to = sorted(work, lines.count * next);
            work.kernel(MODULE, "sortKeys").i64(at.keys).i64(at.order).i64(to.keys).i64(to.order).i64(lines.count)
                    .i64(size).i32(kept).i64(next)
                    .launch(grid(Math.ceilDiv(size, (long) TILE), lines.count, TILE / EACH));
            size = next;
            at = to;
        }
        return at;
    }

    /// How many of a line are left if of each tile at most `kept` are.
    private static long kept(long size, int kept) {
        return size / TILE * kept + Math.min(kept, size % TILE);
    }

    private static void tiles(Workspace work, Lines lines, int tile, int kept, long length, Sorted to) {
        work.kernel(MODULE, "sortTiles_" + lines.dtype).i64(lines.x).i64(to.keys).i64(to.order).i64(lines.count)
                .i64(lines.size).i64(lines.inner).i32(lines.descending ? 1 : 0).i32(kept).i64(length)
                .launch(grid(Math.ceilDiv(lines.size, (long) tile), lines.count, tile / EACH));
    }

    /// Sorts lines.
    static Sorted sort(Workspace work, Lines lines) {
        long size = lines.size;
        int tile = Math.clamp(Long.highestOneBit(Math.max(1, size - 1)) * 2, WARP * EACH, TILE);
        var at = sorted(work, lines.count * size);
        tiles(work, lines, tile, tile, size, at);
        if (size <= tile) {
            return at;
        }
        var to = sorted(work, lines.count * size);
        for (long width = tile; width < size; width *= 2) {
            work.kernel(MODULE, "mergeRuns").i64(at.keys).i64(at.order).i64(to.keys).i64(to.order).i64(lines.count)
                    .i64(size).i64(width).launch(grid(Math.ceilDiv(size, (long) THREADS * EACH), lines.count, THREADS));
            var from = at;
            at = to;
            to = from;
        }
        return at;
    }

    private static Sorted sorted(Workspace work, long count) {
        return new Sorted(work.bytes(count * Long.BYTES).address(), work.bytes(count * Integer.BYTES).address());
    }

    private static Driver.Grid grid(long blocks, long lines, int threads) {
        int y = (int) Math.min(lines, LINES);
        return new Driver.Grid(Math.toIntExact(blocks), y, Math.toIntExact(Math.ceilDiv(lines, (long) y)), threads, 1,
                1, 0);
    }
}
