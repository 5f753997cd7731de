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
        long outer = shape.range(0, axis).count();
        long size = shape.size(axis);
        long inner = shape.range(axis + 1, shape.rank()).count();
        var sorted = sort(work, x.dtype(), x.address(), outer * inner, size, inner, descending);
        work.kernel(MODULE, "sorted_" + x.dtype().bytes()).address(x).i64(sorted.order).address(out[0])
                .address(out[1]).i64(n).i64(size).i64(out[0].shape().size(axis)).i64(inner)
                .launch(Driver.Grid.of(Launcher.blocks(n, THREADS), THREADS));
    }

    /// Sorts lines along the middle axis of dense (outer, size, inner) at `x`, of which there are outer * inner.
    static Sorted sort(Workspace work, DType dtype, long x, long lines, long size, long inner, boolean descending) {
        if (size > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("sort: " + size + " elements in a line, more than 2^31 - 1");
        }
        int tile = Math.clamp(Long.highestOneBit(Math.max(1, size - 1)) * 2, WARP * EACH, TILE);
        var at = sorted(work, lines * size);
        work.kernel(MODULE, "sortTiles_" + dtype).i64(x).i64(at.keys).i64(at.order).i64(lines).i64(size).i64(inner)
                .i32(descending ? 1 : 0).launch(grid(Math.ceilDiv(size, (long) tile), lines, tile / EACH));
        if (size <= tile) {
            return at;
        }
        var to = sorted(work, lines * size);
        for (long width = tile; width < size; width *= 2) {
            work.kernel(MODULE, "mergeRuns").i64(at.keys).i64(at.order).i64(to.keys).i64(to.order).i64(lines).i64(size)
                    .i64(width).launch(grid(Math.ceilDiv(size, (long) THREADS * EACH), lines, THREADS));
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
