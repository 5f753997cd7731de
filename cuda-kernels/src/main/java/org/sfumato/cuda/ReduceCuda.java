package org.sfumato.cuda;

import java.util.ArrayList;
import java.util.List;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.op.ArgReduce;
import org.sfumato.tensor.op.Reduce;
import org.sfumato.tensor.op.Scan;
import org.sfumato.tensor.op.SquareSumOp;
import org.sfumato.tensor.spi.Operand;

/// [Reduce], [ArgReduce], [Scan] and [SquareSumOp]. Long sums are cut into pieces by the sizes alone, and the sums of
/// the pieces are added in their order.
final class ReduceCuda {
    private static final String MODULE = "reduce";
    /// Kinds of the kernels beyond those of [Reduce.Kind].
    private static final int SQUARES = 4;
    /// Elements of a piece of a row that is cut.
    private static final long PIECE = 8192;
    /// Rows of a piece of columns that are cut, at least.
    private static final long FEW_ROWS = 64;
    /// Pieces that are enough for any device.
    private static final long ENOUGH = 1024;
    /// Rows up to so many elements are read by one warp.
    private static final long SHORT = 1024;
    /// Pieces of a row, at most.
    private static final int PIECES = 65_535;
    private static final int WARP = 32;
    private static final int WARPS = 8;
    private static final int THREADS = WARP * WARPS;

    private ReduceCuda() { }

    /// [Reduce].
    static void run(Workspace work, Reduce op, Operand in, Operand out) {
        if (out.shape().count() == 0) {
            return;
        }
        var reduced = new ArrayList<Integer>();
        var kept = new ArrayList<Integer>();
        for (int axis = 0; axis < in.shape().rank(); axis++) {
            if (in.shape().size(axis) != 1) {
                (op.axes().contains(axis) ? reduced : kept).add(axis);
            }
        }
        boolean together = reduced.isEmpty()
                || reduced.getLast() - reduced.getFirst() + 1 == reduced.size() + between(in.shape(), reduced);
        if (together && in.layout().isDense()) {
            int first = reduced.isEmpty() ? in.shape().rank() : reduced.getFirst();
            int end = reduced.isEmpty() ? first : reduced.getLast() + 1;
            middle(work, op.kind().ordinal(), in, size(in, 0, first), size(in, first, end),
                    size(in, end, in.shape().rank()), out);
            return;
        }
        var order = order(in.shape().rank(), kept, reduced);
        var moved = work.permuted(in, order);
        int first = in.shape().rank() - reduced.size();
        middle(work, op.kind().ordinal(), moved, size(moved, 0, first), size(moved, first, order.length), 1, out);
    }

    /// Axes of size 1 between the first and the last of `axes`.
    private static long between(Shape shape, List<Integer> axes) {
        long count = 0;
        for (int axis = axes.getFirst(); axis < axes.getLast(); axis++) {
            count += shape.size(axis) == 1 ? 1 : 0;
        }
        return count;
    }

    /// Axes of size 1, then those that stay, then those that go.
    private static int[] order(int rank, List<Integer> kept, List<Integer> reduced) {
        var order = new ArrayList<Integer>();
        for (int axis = 0; axis < rank; axis++) {
            if (!kept.contains(axis) && !reduced.contains(axis)) {
                order.add(axis);
            }
        }
        order.addAll(kept);
        order.addAll(reduced);
        return order.stream().mapToInt(Integer::intValue).toArray();
    }

    private static long size(Operand x, int from, int to) {
        return x.shape().range(from, to).count();
    }

    /// Along the middle axis of a dense `x`, (outer, size, inner).
    private static void middle(Workspace work, int kind, Operand x, long outer, long size, long inner, Operand out) {
        if (inner == 1) {
            rows(work, kind, x, outer, size, out);
        } else {
            columns(work, kind, x.dtype(), x.address(), outer, size, inner, out.dtype(), out.address());
        }
    }

    private static void rows(Workspace work, int kind, Operand x, long rows, long size, Operand out) {
        if (rows >= ENOUGH || size <= PIECE) {
            rows(work, kind, x.dtype(), x.address(), rows, size, size, out.dtype(), out.address());
            return;
        }
        long chunk = chunk(size);
        long chunks = Math.ceilDiv(size, chunk);
        var type = sums(kind, x.dtype());
        long parts = work.bytes(rows * chunks * type.bytes()).address();
        rows(work, kind, x.dtype(), x.address(), rows, size, chunk, type, parts);
        rows(work, kind == SQUARES ? Reduce.Kind.SUM.ordinal() : kind, type, parts, rows, chunks, chunks, out.dtype(),
                out.address());
    }

    /// Elements of a piece of a row.
    private static long chunk(long size) {
        return Math.max(PIECE, Math.ceilDiv(size, (long) PIECES));
    }

    /// The type in which sums are made: products of many f32 lose too much.
    private static DType sums(int kind, DType dtype) {
        return isProduct(kind, dtype) ? DType.F64 : dtype.compute();
    }

    private static boolean isProduct(int kind, DType dtype) {
        return kind == Reduce.Kind.PROD.ordinal() && dtype.compute() == DType.F32;
    }

    private static void rows(Workspace work, int kind, DType from, long x, long rows, long size, long chunk, DType to,
            long y) {
        boolean product = isProduct(kind, from);
        var kernel = work.kernel(MODULE, (product ? "productRows_" : "reduceRows_") + from).i64(x).i64(y).i64(rows)
                .i64(size).i64(chunk);
        kernel = product ? kernel : kernel.i32(kind);
        int across = chunk > SHORT ? THREADS : (int) Math.min(WARP, Long.highestOneBit(Math.max(1, chunk - 1) / 2 + 1));
        kernel.i32(to.ordinal()).launch(new Driver.Grid(Launcher.blocks(rows, THREADS / across),
                (int) Math.max(1, Math.ceilDiv(size, Math.max(1, chunk))), 1, across, THREADS / across, 1, 0));
    }

    /// Sums over the first axis of dense (size, inner) at `x`, as those of parts that kernels left.
    static void sumParts(Workspace work, DType from, long x, long size, long inner, DType to, long y) {
        columns(work, Reduce.Kind.SUM.ordinal(), from, x, 1, size, inner, to, y);
    }

    private static void columns(Workspace work, int kind, DType from, long x, long outer, long size, long inner,
            DType to, long y) {
        long tiles = Math.ceilDiv(inner, (long) WARP) * outer;
        long chunks = Math.clamp(ENOUGH / tiles, 1, Math.max(1, size / FEW_ROWS));
        if (chunks == 1) {
            columns(work, kind, from, x, outer, size, inner, size, to, y);
            return;
        }
        long chunk = Math.ceilDiv(size, chunks);
        long count = Math.ceilDiv(size, chunk);
        var type = sums(kind, from);
        long parts = work.bytes(count * outer * inner * type.bytes()).address();
        columns(work, kind, from, x, outer, size, inner, chunk, type, parts);
        columns(work, kind, type, parts, 1, count, outer * inner, count, to, y);
    }

    private static void columns(Workspace work, int kind, DType from, long x, long outer, long size, long inner,
            long chunk, DType to, long y) {
        boolean product = isProduct(kind, from);
        long blocks = Math.ceilDiv(inner, (long) WARP) * outer * Math.max(1, Math.ceilDiv(size, Math.max(1, chunk)));
        var kernel = work.kernel(MODULE, (product ? "productColumns_" : "reduceColumns_") + from).i64(x).i64(y)
                .i64(outer).i64(size).i64(inner).i64(chunk);
        kernel = product ? kernel : kernel.i32(kind);
        kernel.i32(to.ordinal()).launch(grid(Launcher.blocks(blocks, 1), WARP, WARPS));
    }

    /// [ArgReduce].
    static void run(Workspace work, ArgReduce op, Operand in, Operand out) {
        if (out.shape().count() == 0) {
            return;
        }
        var x = work.dense(in);
        long outer = size(x, 0, op.axis());
        long inner = size(x, op.axis() + 1, x.shape().rank());
        long blocks = inner == 1 ? Math.ceilDiv(outer, WARPS) : Math.ceilDiv(inner, (long) WARP) * outer;
        work.kernel(MODULE, "argReduce_" + x.dtype()).address(x).address(out).i64(outer)
                .i64(x.shape().size(op.axis())).i64(inner).i32(op.kind() == ArgReduce.Kind.ARGMAX ? 1 : 0)
                .launch(grid(Launcher.blocks(blocks, 1), WARP, WARPS));
    }

    /// [Scan].
    static void run(Workspace work, Scan op, Operand in, Operand out) {
        if (out.shape().count() == 0) {
            return;
        }
        int product = switch (op) {
            case Scan.CumSum _ -> 0;
            case Scan.CumProd _ -> 1;
        };
        var x = work.dense(in);
        long outer = size(x, 0, op.axis());
        long size = x.shape().size(op.axis());
        long inner = size(x, op.axis() + 1, x.shape().rank());
        if (inner == 1) {
            work.kernel(MODULE, "scanRows_" + x.dtype()).address(x).address(out).i64(outer).i64(size).i32(product)
                    .i32(op.reverse() ? 1 : 0).i32(out.dtype().ordinal())
                    .launch(grid(Launcher.blocks(outer, WARPS), WARP, WARPS));
        } else {
            work.kernel(MODULE, "scanColumns_" + x.dtype()).address(x).address(out).i64(outer).i64(size).i64(inner)
                    .i32(product).i32(op.reverse() ? 1 : 0).i32(out.dtype().ordinal())
                    .launch(Driver.Grid.of(Launcher.blocks(outer * inner, THREADS), THREADS));
        }
    }

    /// [SquareSumOp]: the pieces of all inputs one after another, then their sum.
    static void squareSum(Workspace work, Operand[] in, Operand out) {
        var from = in[0].dtype();
        var type = from.compute();
        long count = 0;
        for (var x : in) {
            count += Math.ceilDiv(x.shape().count(), chunk(x.shape().count()));
        }
        long parts = work.bytes(count * type.bytes()).address();
        long at = parts;
        for (var x : in) {
            long n = x.shape().count();
            if (n > 0) {
                rows(work, SQUARES, from, work.dense(x).address(), 1, n, chunk(n), type, at);
                at += Math.ceilDiv(n, chunk(n)) * type.bytes();
            }
        }
        rows(work, Reduce.Kind.SUM.ordinal(), type, parts, 1, count, count, out.dtype(), out.address());
    }

    private static Driver.Grid grid(int blocks, int x, int y) {
        return new Driver.Grid(blocks, 1, 1, x, y, 1, 0);
    }
}
