package org.sfumato.cuda;

import org.sfumato.tensor.DType;
import org.sfumato.tensor.Layout;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.op.LinearOp;
import org.sfumato.tensor.op.MatMul;
import org.sfumato.tensor.spi.Operand;

/// [MatMul] and [LinearOp]. Operands are read where they lie, by their strides. Which kernel runs, and how K is cut,
/// follows from sizes alone.
final class MatMulCuda {
    private static final String MODULE = "gemm";
    /// Leading axes that the kernels know.
    private static final int AXES = 3;
    /// Up to so many rows, each element of the result is a sum that a warp makes.
    private static final int FEW = 4;
    /// K is cut where fewer tiles than this are to be made ...
    private static final long TILES = 128;
    /// ... into parts that are not shorter than this.
    private static final long SHORTEST = 512;
    private static final int WARP = 32;
    private static final int WARPS = 8;
    private static final int LARGEST_Z = 65_535;

    private MatMulCuda() { }

    /// A product as the kernels see it: sizes, strides in elements and up to three leading axes.
    private record Product(Operand a, Operand b, Operand bias, long m, long n, long k, long am, long ak, long bk,
            long bn, Batch batch) { }

    /// Leading axes that both operands walk along together.
    private record Batch(long[] sizes, long[] a, long[] b) {
        long count() {
            return sizes[0] * sizes[1] * sizes[2];
        }
    }

    /// [MatMul].
    static void run(Workspace work, Operand a, Operand b, Operand out) {
        if (out.shape().count() == 0) {
            return;
        }
        int rank = out.shape().rank();
        var leading = out.shape().range(0, rank - 2);
        var x = a.layout().expand(leading.append(a.shape().size(-2), a.shape().size(-1)));
        var y = b.layout().expand(leading.append(b.shape().size(-2), b.shape().size(-1)));
        var batch = batch(x, y);
        if (batch == null) {
            var left = work.dense(new Operand(a.buffer(), a.dtype(), x));
            var right = work.dense(new Operand(b.buffer(), b.dtype(), y));
            run(work, left, right, out);
            return;
        }
        long k = x.shape().size(-1);
        run(work, new Product(a, b, null, x.shape().size(-2), y.shape().size(-1), k, step(x, -2), step(x, -1),
                step(y, -2), step(y, -1), batch), out);
    }

    /// The stride of an axis; one of a single element is as good as dense.
    private static long step(Layout layout, int axis) {
        return layout.shape().size(axis) == 1 ? 1 : layout.strides()[layout.shape().rank() + axis];
    }

    /// [LinearOp].
    static void linear(Workspace work, Operand[] in, Operand out) {
        if (out.shape().count() == 0) {
            return;
        }
        long i = in[0].shape().size(-1);
        var rows = Shape.of(out.shape().count() / out.shape().size(-1), i);
        var layout = in[0].layout().reshape(rows);
        var x = layout.isPresent() ? new Operand(in[0].buffer(), in[0].dtype(), layout.get())
                : new Operand(work.dense(in[0]).buffer(), in[0].dtype(), Layout.dense(rows));
        var w = in[1].layout();
        run(work, new Product(x, in[1], in.length > 2 ? work.dense(in[2]) : null, rows.size(0),
                w.shape().size(0), i, step(x.layout(), -2), step(x.layout(), -1), step(w, -1), step(w, -2),
                batch(Layout.dense(Shape.of(1, 1)), Layout.dense(Shape.of(1, 1)))), out);
    }

    /// The leading axes, neighbours put together where both operands allow it; `null` if too many are left.
    private static Batch batch(Layout a, Layout b) {
        var batch = new Batch(new long[] {1, 1, 1}, new long[AXES], new long[AXES]);
        int at = AXES;
        for (int axis = a.shape().rank() - 3; axis >= 0; axis--) {
            long size = a.shape().size(axis);
            if (size == 1) {
                continue;
            }
            boolean joins = at < AXES && a.strides()[axis] == batch.a[at] * batch.sizes[at]
                    && b.strides()[axis] == batch.b[at] * batch.sizes[at];
            if (joins) {
                batch.sizes[at] *= size;
                continue;
            }
            if (at == 0) {
                return null;
            }
            at--;
            batch.sizes[at] = size;
            batch.a[at] = a.strides()[axis];
            batch.b[at] = b.strides()[axis];
        }
        return batch;
    }

    /// True if the vendor's library has started the product: if it is there and takes operands as they lie.
    private static boolean byLibrary(Workspace work, Product p, Operand out) {
        var library = work.products();
        if (library.isEmpty() || p.batch.sizes[0] != 1 || p.batch.sizes[1] != 1 || p.k == 0) {
            return false;
        }
        var shape = new Products.Shape(out.dtype(), p.m, p.n, p.k, new Products.Matrix(p.am, p.ak, p.batch.a[2]),
                new Products.Matrix(p.bk, p.bn, p.batch.b[2]), p.bias != null, p.batch.count());
        if (!library.get().supports(shape)) {
            return false;
        }
        library.get().multiply(shape, p.a.address(), p.b.address(), p.bias == null ? 0 : p.bias.address(),
                out.address());
        return true;
    }

    private static void run(Workspace work, Product p, Operand out) {
        if (byLibrary(work, p, out)) {
            return;
        }
        boolean alongK = p.ak == 1 && p.bk == 1;
        if (alongK && p.m <= FEW) {
            dots(work, p, out);
        } else if (alongK && p.n == 1 && p.bias == null) {
            var turned = new Batch(p.batch.sizes, p.batch.b, p.batch.a);
            dots(work, new Product(p.b, p.a, null, 1, p.m, p.k, p.bn, p.bk, p.ak, p.am, turned), out);
        } else {
            tiles(work, p, out);
        }
    }

    private static void dots(Workspace work, Product p, Operand out) {
        long count = p.batch.count();
        for (long z = 0; z < count; z += LARGEST_Z) {
            var kernel = work.kernel(MODULE, "gemmDots_" + out.dtype()).address(p.a).address(p.b)
                    .i64(p.bias == null ? 0 : p.bias.address()).address(out).i32(p.m).i32(p.n).i32(p.k).i64(p.am)
                    .i64(p.bn);
            put(kernel, p.batch).i64(z).launch(new Driver.Grid(Launcher.blocks(p.n, WARPS), (int) p.m,
                    (int) Math.min(count - z, LARGEST_Z), WARP, WARPS, 1, 0));
        }
    }

    private static Kernel put(Kernel kernel, Batch batch) {
        for (var numbers : new long[][] {batch.sizes, batch.a, batch.b}) {
            for (long number : numbers) {
                kernel.i64(number);
            }
        }
        return kernel;
    }

    /// A kernel of `gemm.cu` that makes `side` x `side` of the result in a block.
    private enum Tile {
        SMALL("gemmSmall_", 32, 64), MEDIUM("gemmMedium_", 64, 256), LARGE("gemmLarge_", 128, 256);

        final String kernel;
        final int side;
        final int threads;

        Tile(String kernel, int side, int threads) {
            this.kernel = kernel;
            this.side = side;
            this.threads = threads;
        }

        long count(Product p) {
            return Math.ceilDiv(p.m, (long) side) * Math.ceilDiv(p.n, (long) side) * p.batch.count();
        }

        static Tile of(Product p, DType dtype) {
            if (dtype == DType.F32 && LARGE.count(p) >= TILES && p.m > MEDIUM.side && p.n > MEDIUM.side) {
                return LARGE;
            }
            return p.m > SMALL.side && p.n > SMALL.side ? MEDIUM : SMALL;
        }
    }

    private static void tiles(Workspace work, Product p, Operand out) {
        var tile = Tile.of(p, out.dtype());
        long parts = Math.clamp(2 * TILES / tile.count(p), 1, Math.max(1, p.k / SHORTEST));
        if (parts == 1) {
            tiles(work, tile, p, p.k, out.dtype(), out.address(), false);
            return;
        }
        long part = Math.ceilDiv(Math.ceilDiv(p.k, parts), (long) WARP) * WARP;
        long count = Math.ceilDiv(p.k, part);
        var type = out.dtype().compute();
        long sums = work.bytes(count * out.shape().count() * type.bytes()).address();
        tiles(work, tile, p, part, out.dtype(), sums, true);
        ReduceCuda.sumParts(work, type, sums, count, out.shape().count(), out.dtype(), out.address());
    }

    private static void tiles(Workspace work, Tile tile, Product p, long part, DType dtype, long to, boolean wide) {
        long count = p.batch.count();
        long tiles = Math.ceilDiv(p.m, (long) tile.side) * Math.ceilDiv(p.n, (long) tile.side);
        int parts = (int) Math.max(1, Math.ceilDiv(p.k, Math.max(1, part)));
        for (long z = 0; z < count; z += LARGEST_Z) {
            var kernel = work.kernel(MODULE, tile.kernel + dtype).address(p.a).address(p.b)
                    .i64(p.bias == null ? 0 : p.bias.address()).i64(to).i32(p.m).i32(p.n).i32(p.k).i64(p.am)
                    .i64(p.ak).i64(p.bk).i64(p.bn);
            put(kernel, p.batch).i64(z).i64(count).i32(part).i32(wide ? 1 : 0)
                    .launch(new Driver.Grid(Math.toIntExact(tiles), parts, (int) Math.min(count - z, LARGEST_Z),
                            tile.threads, 1, 1, 0));
        }
    }
}
