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
    /// Up to so many rows, each element of the result is a sum that a warp makes.
    private static final int FEW = 4;
    /// K is cut where fewer tiles than this are to be made ...
    static final long TILES = 128;
    /// ... into parts that are not shorter than this.
    private static final long SHORTEST = 512;
    private static final int WARP = 32;
    private static final int WARPS = 8;

    private MatMulCuda() { }

    /// [MatMul].
    static void run(Workspace work, Operand a, Operand b, Operand out) {
        if (out.shape().count() == 0) {
            return;
        }
        int rank = out.shape().rank();
        var leading = out.shape().range(0, rank - 2);
        var x = a.layout().expand(leading.append(a.shape().size(-2), a.shape().size(-1)));
        var y = b.layout().expand(leading.append(b.shape().size(-2), b.shape().size(-1)));
        var batch = Product.Batch.of(x, y);
        if (batch == null) {
            var left = work.dense(new Operand(a.buffer(), a.dtype(), x));
            var right = work.dense(new Operand(b.buffer(), b.dtype(), y));
            run(work, left, right, out);
            return;
        }
        long k = x.shape().size(-1);
        run(work, new Product(a, b, null, x.shape().size(-2), y.shape().size(-1), k, Product.step(x, -2),
                Product.step(x, -1), Product.step(y, -2), Product.step(y, -1), batch), out);
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
                w.shape().size(0), i, Product.step(x.layout(), -2), Product.step(x.layout(), -1),
                Product.step(w, -1), Product.step(w, -2), Product.Batch.ONE), out);
    }

    /// True if the vendor's library has started the product: if it is there and takes operands as they lie.
    private static boolean byLibrary(Workspace work, Product p, Operand out) {
        var library = work.products();
        if (library.isEmpty() || p.batch().sizes()[0] != 1 || p.batch().sizes()[1] != 1 || p.k() == 0) {
            return false;
        }
        var shape = new Products.Shape(out.dtype(), p.m(), p.n(), p.k(),
                new Products.Matrix(p.am(), p.ak(), p.batch().a()[2]),
                new Products.Matrix(p.bk(), p.bn(), p.batch().b()[2]), p.bias() != null, p.batch().count());
        long bias = p.bias() == null ? 0 : p.bias().address();
        long odd = (p.a().address() | p.b().address() | bias | out.address()) % Products.ALIGNMENT;
        if (odd != 0 || !library.get().supports(shape)) {
            return false;
        }
        library.get().multiply(shape, p.a().address(), p.b().address(), bias, out.address());
        return true;
    }

    private static void run(Workspace work, Product p, Operand out) {
        if (byLibrary(work, p, out)) {
            return;
        }
        boolean alongK = p.ak() == 1 && p.bk() == 1 && p.k() >= WARP;
        if (alongK && p.m() <= FEW) {
            dots(work, p, out);
        } else if (alongK && p.n() == 1 && p.bias() == null) {
            var turned = new Product.Batch(p.batch().sizes(), p.batch().b(), p.batch().a());
            dots(work, new Product(p.b(), p.a(), null, 1, p.m(), p.k(), p.bn(), p.bk(), p.ak(), p.am(), turned), out);
        } else {
            tiles(work, p, out);
        }
    }

    private static void dots(Workspace work, Product p, Operand out) {
        long count = p.batch().count();
        for (long z = 0; z < count; z += Product.LARGEST_Z) {
            var kernel = work.kernel(MODULE, "gemmDots_" + out.dtype()).address(p.a()).address(p.b())
                    .i64(p.bias() == null ? 0 : p.bias().address()).address(out).i32(p.m()).i32(p.n()).i32(p.k())
                    .i64(p.am()).i64(p.bn());
            p.put(kernel).i64(z).launch(new Driver.Grid(Launcher.blocks(p.n(), WARPS), (int) p.m(),
                    (int) Math.min(count - z, Product.LARGEST_Z), WARP, WARPS, 1, 0));
        }
    }

    /// A kernel that makes `side` x `side` of the result in a block.
    private enum Tile {
        SMALL("gemmSmall_", 32, 64), MEDIUM("gemmMedium_", 64, 256), LARGE("gemmLarge_", 128, 256),
        TENSOR_MEDIUM("gemmMedium_", 64, 128), TENSOR_LARGE("gemmLarge_", 128, 256);

        final String kernel;
        final int side;
        final int threads;

        Tile(String kernel, int side, int threads) {
            this.kernel = kernel;
            this.side = side;
            this.threads = threads;
        }

        long count(Product p) {
            return Math.ceilDiv(p.m(), (long) side) * Math.ceilDiv(p.n(), (long) side) * p.batch().count();
        }

        static Tile of(Workspace work, Product p) {
            if (isForTensorCores(work, p) && p.isAligned()) {
                return TENSOR_LARGE.count(p) >= TILES / 2 ? TENSOR_LARGE : TENSOR_MEDIUM;
            }
            if (p.a().dtype() == DType.F32 && LARGE.count(p) >= TILES && p.m() > MEDIUM.side && p.n() > MEDIUM.side) {
                return LARGE;
            }
            return p.m() > SMALL.side && p.n() > SMALL.side ? MEDIUM : SMALL;
        }

        static boolean isForTensorCores(Workspace work, Product p) {
            return work.has(8, 0) && (p.a().dtype() == DType.BF16 || p.a().dtype() == DType.F16);
        }
    }

    /// How a result is written: in the type of the operands, in that which is computed in, or added in that.
    private enum Write { NARROW, WIDE, ADD }

    /// `out = a b + bias`, or with `add` `out += a b + bias`, for matrices: (M, K), (K, N), (N) or `null`, (M, N). The
    /// result is dense and of the type in which products of the operands are computed.
    static void sums(Workspace work, Operand a, Operand b, Operand bias, Operand out, boolean add) {
        if (out.shape().count() > 0) {
            var x = a.layout();
            var y = b.layout();
            var p = best(work, new Product(a, b, bias, x.shape().size(0), y.shape().size(1), x.shape().size(1),
                    Product.step(x, -2), Product.step(x, -1), Product.step(y, -2), Product.step(y, -1),
                    Product.Batch.ONE));
            tiles(work, Tile.of(work, p), p, p.k(), a.dtype(), out.address(), add ? Write.ADD : Write.WIDE);
        }
    }

    /// The product with operands as tensor cores can read them, if these can do it.
    private static Product best(Workspace work, Product p) {
        return Tile.isForTensorCores(work, p) ? p.aligned(work) : p;
    }

    private static void tiles(Workspace work, Product p, Operand out) {
        var best = best(work, p);
        tiles(work, Tile.of(work, best), best, out);
    }

    /// How long the parts are into which K is cut for a result of so many tiles: a multiple of 32, or K itself.
    static long part(long k, long tiles) {
        long parts = Math.clamp(2 * TILES / tiles, 1, Math.max(1, k / SHORTEST));
        return parts == 1 ? Math.max(1, k) : Math.ceilDiv(Math.ceilDiv(k, parts), (long) WARP) * WARP;
    }

    private static void tiles(Workspace work, Tile tile, Product p, Operand out) {
        long part = part(p.k(), tile.count(p));
        long count = Math.ceilDiv(p.k(), part);
        if (count <= 1) {
            tiles(work, tile, p, p.k(), out.dtype(), out.address(), Write.NARROW);
            return;
        }
        var type = out.dtype().compute();
        long sums = work.bytes(count * out.shape().count() * type.bytes()).address();
        tiles(work, tile, p, part, out.dtype(), sums, Write.WIDE);
        ReduceCuda.sumParts(work, type, sums, count, out.shape().count(), out.dtype(), out.address());
    }

    private static void tiles(Workspace work, Tile tile, Product p, long part, DType dtype, long to, Write write) {
        long count = p.batch().count();
        long tiles = Math.ceilDiv(p.m(), (long) tile.side) * Math.ceilDiv(p.n(), (long) tile.side);
        int parts = (int) Math.max(1, Math.ceilDiv(p.k(), Math.max(1, part)));
        for (long z = 0; z < count; z += Product.LARGEST_Z) {
            var kernel = kernel(work, tile, p, dtype).address(p.a()).address(p.b())
                    .i64(p.bias() == null ? 0 : p.bias().address()).i64(to).i32(p.m()).i32(p.n()).i32(p.k());
            kernel = switch (tile) {
                case SMALL, MEDIUM, LARGE -> kernel.i64(p.am()).i64(p.ak()).i64(p.bk()).i64(p.bn());
                case TENSOR_MEDIUM, TENSOR_LARGE -> kernel.i64(p.isTurnedA() ? p.ak() : p.am())
                        .i64(p.isTurnedB() ? p.bk() : p.bn());
            };
            p.put(kernel).i64(z).i64(count).i32(part).i32(write.ordinal())
                    .launch(new Driver.Grid(Math.toIntExact(tiles), parts,
                            (int) Math.min(count - z, Product.LARGEST_Z), tile.threads, 1, 1, 0));
        }
    }

    private static Kernel kernel(Workspace work, Tile tile, Product p, DType dtype) {
        return switch (tile) {
            case SMALL, MEDIUM, LARGE -> work.kernel(MODULE, tile.kernel + dtype);
            case TENSOR_MEDIUM, TENSOR_LARGE -> work.kernel(dtype == DType.BF16 ? "gemmBf16_80" : "gemmF16_80",
                    tile.kernel + (p.isTurnedA() ? 1 : 0) + (p.isTurnedB() ? 1 : 0) + "_" + dtype);
        };
    }
}
