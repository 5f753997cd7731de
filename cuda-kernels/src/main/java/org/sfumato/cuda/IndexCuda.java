package org.sfumato.cuda;

import org.sfumato.tensor.DType;
import org.sfumato.tensor.op.Index;
import org.sfumato.tensor.spi.Operand;

/// [Index]. Entries with one index are added in rising order: [Index.IndexAdd] sorts the indices, so that equal ones
/// are runs; in [Index.ScatterAdd] each column belongs to one thread.
final class IndexCuda {
    private static final String MODULE = "index";
    private static final int THREADS = 256;
    /// Sorted indices of a block of [Index.IndexAdd].
    private static final long CHUNK = 64;
    private static final long NOT_IGNORED = Long.MIN_VALUE;

    private IndexCuda() { }

    static void run(Workspace work, Index op, Operand[] in, Operand out) {
        var index = work.dense(in[1]);
        long bound = op instanceof Index.IndexAdd add ? add.size() : in[0].shape().size(op.axis());
        work.look(op.name(), index, bound, NOT_IGNORED);
        if (out.shape().count() == 0) {
            return;
        }
        switch (op) {
            case Index.Gather _ -> gather(work, op.axis(), work.dense(in[0]), index, out);
            case Index.IndexSelect _ -> select(work, op.axis(), work.dense(in[0]), index, out);
            case Index.ScatterAdd _ -> scatterAdd(work, op.axis(), in[0], index, work.dense(in[2]), out);
            case Index.IndexAdd _ -> add(work, op.axis(), work.dense(in[0]), index, out);
        }
    }

    private static long inner(Operand x, int axis) {
        return x.shape().range(axis + 1, x.shape().rank()).count();
    }

    private static long outer(Operand x, int axis) {
        return x.shape().range(0, axis).count();
    }

    private static void gather(Workspace work, int axis, Operand x, Operand index, Operand out) {
        long n = out.shape().count();
        work.kernel(MODULE, "gather_" + x.dtype().bytes()).address(x).address(index).address(out).i64(n)
                .i64(x.shape().size(axis)).i64(out.shape().size(axis)).i64(inner(out, axis))
                .launch(Driver.Grid.of(Launcher.blocks(n, THREADS), THREADS));
    }

    /// Rows are copied in the largest units into which they and their places divide.
    private static void select(Workspace work, int axis, Operand x, Operand index, Operand out) {
        long bytes = inner(x, axis) * x.dtype().bytes();
        long unit = Math.min(16, Long.lowestOneBit(bytes | x.address() | out.address()));
        long inner = bytes / unit;
        long rows = outer(x, axis) * index.shape().count();
        int across = across(inner);
        work.kernel(MODULE, "select_" + unit).address(x).address(index).address(out).i64(outer(x, axis))
                .i64(x.shape().size(axis)).i64(index.shape().count()).i64(inner)
                .launch(new Driver.Grid(Launcher.blocks(rows, THREADS / across), 1, 1, across, THREADS / across, 1, 0));
    }

    /// Threads that share a row of `inner` elements: a power of two.
    private static int across(long inner) {
        return (int) Math.min(THREADS, Long.highestOneBit(Math.max(1, inner - 1)) << (inner > 1 ? 1 : 0));
    }

    private static void scatterAdd(Workspace work, int axis, Operand x, Operand index, Operand source, Operand out) {
        var type = x.dtype().compute();
        boolean same = type == x.dtype();
        var sums = same ? out : work.make(type, out.shape());
        work.copy(x, sums);
        long inner = inner(x, axis);
        long outer = outer(x, axis);
        if (index.shape().count() > 0) {
            work.kernel(MODULE, "scatterAdd_" + x.dtype()).address(source).address(index).address(sums).i64(outer)
                    .i64(x.shape().size(axis)).i64(index.shape().size(axis)).i64(inner)
                    .launch(Driver.Grid.of(Launcher.blocks(outer * inner, THREADS), THREADS));
        }
        if (!same) {
            work.copy(sums, out);
        }
    }

    private static void add(Workspace work, int axis, Operand source, Operand index, Operand out) {
        long n = index.shape().count();
        long inner = inner(source, axis);
        long outer = outer(source, axis);
        work.clear(out);
        if (n == 0) {
            return;
        }
        long chunks = Math.ceilDiv(n, CHUNK);
        var sorted = SortCuda.sort(work, new SortCuda.Lines(DType.I64, index.address(), 1, n, 1, false));
        long parts = work.bytes(2 * chunks * outer * inner * source.dtype().compute().bytes()).address();
        int across = Math.max(32, across(inner));
        var grid = new Driver.Grid(Launcher.blocks(chunks * outer, 1), Launcher.blocks(inner, across), 1, across, 1, 1,
                0);
        work.kernel(MODULE, "addRuns_" + source.dtype()).address(source).i64(sorted.keys()).i64(sorted.order())
                .address(out).i64(parts).i64(n).i64(CHUNK).i64(outer).i64(out.shape().size(axis)).i64(inner)
                .launch(grid);
        if (chunks > 1) {
            work.kernel(MODULE, "joinRuns_" + source.dtype()).i64(sorted.keys()).address(out).i64(parts).i64(n)
                    .i64(CHUNK).i64(outer).i64(out.shape().size(axis)).i64(inner).launch(grid);
        }
    }
}
