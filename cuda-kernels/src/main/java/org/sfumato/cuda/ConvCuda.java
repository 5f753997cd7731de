package org.sfumato.cuda;

import org.sfumato.tensor.DType;
import org.sfumato.tensor.Layout;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.op.Conv2dInputGrad;
import org.sfumato.tensor.op.Conv2dOp;
import org.sfumato.tensor.op.Conv2dWeightGrad;
import org.sfumato.tensor.spi.Operand;

/// [Conv2dOp] and its gradients as matrix products whose right operand is gathered from images. Which kernel runs, and
/// how K is cut, follows from sizes alone.
final class ConvCuda {
    private static final String MODULE = "conv";
    /// Kernels count rows, columns and K in 32 bits.
    private static final long LARGEST = 1L << 30;
    private static final int MOST_GROUPS = 65_535;
    /// Elements that a tensor-core kernel reads at once from the left operand: 16 bytes.
    private static final long CHUNK = 8;
    private static final long CHUNK_BYTES = 16;

    private ConvCuda() { }

    /// True if kernels can count what is to be done.
    static boolean supports(Conv2dOp conv, Spec out, Spec... in) {
        boolean small = out.shape().count() < LARGEST && conv.groups() <= MOST_GROUPS;
        for (var spec : in) {
            small &= spec.dtype() != DType.F64 && spec.shape().count() < LARGEST;
        }
        return small;
    }

    /// Sizes of a convolution, as [Conv2dOp] names them, and what they make.
    private record Sizes(Conv2dOp conv, long n, long c, long h, long w, long o, long i, long j, long p, long q) {
        static Sizes of(Conv2dOp conv, Shape x, Shape w, Shape y) {
            return new Sizes(conv, x.size(0), x.size(1), x.size(2), x.size(3), y.size(1), w.size(2), w.size(3),
                    y.size(2), y.size(3));
        }

        long groups() {
            return conv.groups();
        }

        long ownC() {
            return c / groups();
        }

        long ownO() {
            return o / groups();
        }
    }

    /// The struct `Geometry` of `conv.cuh`, in its order.
    private record Geometry(long k2, long k3, long n2, long n3, long am, long ak1, long bk1, long bn1, long kStep,
            long nStep, long start, long divisor, long height, long width, long cm, long cn1, long ag, long bg,
            long cg) {
        void put(Kernel kernel) {
            kernel.i64(k2).i64(k3).i64(n2).i64(n3).i64(am).i64(ak1).i64(bk1).i64(bn1).i64(kStep).i64(nStep).i64(start)
                    .i64(divisor).i64(height).i64(width).i64(cm).i64(cn1).i64(ag).i64(bg).i64(cg);
        }
    }

    /// A product for each group.
    ///
    /// @param bias one number for each row of the result, or 0 for none
    /// @param alongK if neighbours of B along K are neighbours in memory, and not those along N
    private record Product(Operand a, Operand b, long bias, long m, long n, long k, Geometry places, boolean alongK,
            long groups) {
        /// If eight neighbours of A along K can be read at once.
        boolean isAligned() {
            long grid = places.k2 * places.k3;
            boolean runs = places.ak1 == grid || grid % CHUNK == 0 && places.ak1 % CHUNK == 0;
            return runs && k % CHUNK == 0 && places.am % CHUNK == 0 && places.ag % CHUNK == 0
                    && a.address() % CHUNK_BYTES == 0;
        }
    }

    /// [Conv2dOp].
    static void forward(Workspace work, Conv2dOp conv, Operand[] in, Operand out) {
        var x = work.dense(in);
        var z = Sizes.of(conv, x[0].shape(), x[1].shape(), out.shape());
        long k = z.ownC() * z.i * z.j;
        run(work, new Product(x[1], x[0], x.length > 2 ? x[2].address() : 0, z.ownO(), z.n * z.p * z.q, k,
                new Geometry(z.i, z.j, z.p, z.q, k, z.i * z.j, z.h * z.w, z.c * z.h * z.w, 1, conv.stride(),
                        -conv.padding(), 1, z.h, z.w, z.p * z.q, z.o * z.p * z.q, z.ownO() * k, z.ownC() * z.h * z.w,
                        z.ownO() * z.p * z.q), false, z.groups()), out);
    }

    /// [Conv2dInputGrad]: dy, w -> dx.
    static void inputGrad(Workspace work, Conv2dInputGrad op, Operand[] in, Operand out) {
        var conv = op.conv();
        var dy = work.dense(in[0]);
        var z = Sizes.of(conv, out.shape(), in[1].shape(), dy.shape());
        var layout = in[1].layout().reshape(Shape.of(z.groups(), z.ownO(), z.ownC(), z.i * z.j));
        var w = layout.isPresent() ? new Operand(in[1].buffer(), in[1].dtype(), layout.get())
                : new Operand(work.dense(in[1]).buffer(), in[1].dtype(),
                        Layout.dense(Shape.of(z.groups(), z.ownO(), z.ownC(), z.i * z.j)));
        long k = z.ownO() * z.i * z.j;
        run(work, new Product(work.permuted(w, 0, 2, 1, 3), dy, 0, z.ownC(), z.n * z.h * z.w, k,
                new Geometry(z.i, z.j, z.h, z.w, k, z.i * z.j, z.p * z.q, z.o * z.p * z.q, -1, 1, conv.padding(),
                        conv.stride(), z.p, z.q, z.h * z.w, z.c * z.h * z.w, z.ownC() * k, z.ownO() * z.p * z.q,
                        z.ownC() * z.h * z.w), false, z.groups()), out);
    }

    /// [Conv2dWeightGrad]: x, dy -> dw.
    static void weightGrad(Workspace work, Conv2dWeightGrad op, Operand[] in, Operand out) {
        var conv = op.conv();
        var x = work.dense(in);
        var z = Sizes.of(conv, x[0].shape(), out.shape(), x[1].shape());
        long n = z.ownC() * z.i * z.j;
        run(work, new Product(x[1], x[0], 0, z.ownO(), n, z.n * z.p * z.q,
                new Geometry(z.p, z.q, z.i, z.j, z.p * z.q, z.o * z.p * z.q, z.c * z.h * z.w, z.h * z.w, conv.stride(),
                        1, -conv.padding(), 1, z.h, z.w, n, z.i * z.j, z.ownO() * z.p * z.q, z.ownC() * z.h * z.w,
                        z.ownO() * n), true, z.groups()), out);
    }

    /// A kernel that makes `side` x `side` of the result in a block.
    private enum Tile {
        SMALL("convSmall_", 32, 64), MEDIUM("convMedium_", 64, 256), TENSOR_MEDIUM("convMedium_", 64, 128),
        TENSOR_LARGE("convLarge_", 128, 256);

        final String kernel;
        final int side;
        final int threads;

        Tile(String kernel, int side, int threads) {
            this.kernel = kernel;
            this.side = side;
            this.threads = threads;
        }

        long count(Product p) {
            return Math.ceilDiv(p.m, (long) side) * Math.ceilDiv(p.n, (long) side);
        }

        static Tile of(Workspace work, Product p) {
            boolean half = p.a.dtype() == DType.BF16 || p.a.dtype() == DType.F16;
            if (half && work.has(8, 0)) {
                boolean fills = p.m > TENSOR_MEDIUM.side && p.n > TENSOR_MEDIUM.side;
                return fills && TENSOR_LARGE.count(p) * p.groups >= MatMulCuda.TILES / 2 ? TENSOR_LARGE : TENSOR_MEDIUM;
            }
            return p.m > SMALL.side && p.n > SMALL.side ? MEDIUM : SMALL;
        }
    }

    private static void run(Workspace work, Product p, Operand out) {
        if (out.shape().count() == 0) {
            return;
        }
        var tile = Tile.of(work, p);
        long part = MatMulCuda.part(p.k, tile.count(p) * p.groups);
        long parts = Math.max(1, Math.ceilDiv(p.k, part));
        if (parts == 1) {
            launch(work, tile, p, part, out, out.address(), false);
            return;
        }
        long total = out.shape().count();
        long sums = work.bytes(parts * total * Float.BYTES).address();
        launch(work, tile, p, part, out, sums, true);
        ReduceCuda.sumParts(work, DType.F32, sums, parts, total, out.dtype(), out.address());
    }

    private static void launch(Workspace work, Tile tile, Product p, long part, Operand out, long to, boolean wide) {
        var type = out.dtype();
        var kernel = switch (tile) {
            case SMALL, MEDIUM -> work.kernel(MODULE, tile.kernel + type);
            case TENSOR_MEDIUM, TENSOR_LARGE ->
                work.kernel(type == DType.BF16 ? "convBf16_80" : "convF16_80", tile.kernel + type);
        };
        kernel.address(p.a).address(p.b).i64(p.bias).i64(to).i32(p.m).i32(p.n).i32(p.k);
        p.places.put(kernel);
        boolean flag = switch (tile) {
            case SMALL, MEDIUM -> p.alongK;
            case TENSOR_MEDIUM, TENSOR_LARGE -> p.isAligned();
        };
        kernel.i32(part).i64(out.shape().count()).i32(wide ? 1 : 0).i32(flag ? 1 : 0)
                .launch(new Driver.Grid(Math.toIntExact(tile.count(p)), (int) Math.max(1, Math.ceilDiv(p.k, part)),
                        (int) p.groups, tile.threads, 1, 1, 0));
    }
}
