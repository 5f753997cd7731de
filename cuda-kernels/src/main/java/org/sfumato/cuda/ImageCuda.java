package org.sfumato.cuda;

import org.sfumato.tensor.DType;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.op.AvgPoolGrad;
import org.sfumato.tensor.op.AvgPoolOp;
import org.sfumato.tensor.op.GroupNormGrad;
import org.sfumato.tensor.op.GroupNormOp;
import org.sfumato.tensor.op.UpsampleOp;
import org.sfumato.tensor.spi.Operand;

/// Operations on images but convolutions: group normalisation, average pooling, nearest up-sampling.
final class ImageCuda {
    private static final String MODULE = "image";
    private static final int THREADS = 256;
    private static final int WARP = 32;
    private static final int LARGEST_BLOCK = 1024;
    /// Sums over images are cut into parts until there are so many blocks.
    private static final long ENOUGH = 1024;
    private static final int LARGEST_GRID = 65_535;

    private ImageCuda() { }

    /// True if kernels can count what is to be done: groups and planes in 32 bits.
    static boolean supports(Spec x) {
        return x.dtype() != DType.F64 && x.shape().count() < Integer.MAX_VALUE;
    }

    /// A block for each of `count` stretches of `size` elements.
    private static Driver.Grid blocks(long count, long size) {
        long warps = Math.clamp(Math.ceilDiv(size, 4L * WARP), 1, LARGEST_BLOCK / WARP);
        return Driver.Grid.of((int) count, (int) (WARP * warps));
    }

    /// Elements of a channel of x (N, C, ...).
    private static long plane(Shape x) {
        return x.range(2, x.rank()).count();
    }

    /// [GroupNormOp].
    static void groupNorm(Workspace work, GroupNormOp op, Operand[] in, Operand[] out) {
        if (out[0].shape().count() == 0) {
            return;
        }
        var x = work.dense(in);
        long count = out[1].shape().count();
        long size = x[0].shape().count() / count;
        work.kernel(MODULE, "groupNorm_" + x[0].dtype()).address(x[0]).address(x[1]).address(x[2]).address(out[0])
                .address(out[1]).address(out[2]).i64(size).i64(plane(x[0].shape())).i64(op.groups())
                .f32((float) op.eps()).launch(blocks(count, size));
    }

    /// [GroupNormGrad]: x, w, mean, rstd, dy -> dx, dw, db.
    static void groupNormGrad(Workspace work, GroupNormGrad op, Operand[] in, Operand[] out) {
        var x = work.dense(in);
        var shape = x[0].shape();
        long n = shape.size(0);
        long channels = shape.size(1);
        long plane = plane(shape);
        if (n > 0) {
            long size = channels / op.groups() * plane;
            work.kernel(MODULE, "groupNormGrad_" + x[0].dtype()).address(x[0]).address(x[1]).address(x[2])
                    .address(x[3]).address(x[4]).address(out[0]).i64(size).i64(plane).i64(op.groups())
                    .launch(blocks(n * op.groups(), size));
        }
        long chunks = Math.clamp(ENOUGH / channels, 1, Math.clamp(n, 1, LARGEST_GRID));
        long chunk = Math.max(1, Math.ceilDiv(n, chunks));
        chunks = Math.max(1, Math.ceilDiv(n, chunk));
        long sums = work.bytes(2 * chunks * channels * Float.BYTES).address();
        var grid = blocks(channels, plane);
        work.kernel(MODULE, "groupNormGradChannels_" + x[0].dtype()).address(x[0]).address(x[2]).address(x[3])
                .address(x[4]).i64(sums).i64(n).i64(channels).i64(plane).i64(op.groups()).i64(chunk)
                .launch(new Driver.Grid(grid.gridX(), (int) chunks, 1, grid.blockX(), 1, 1, 0));
        for (int i = 1; i < out.length; i++) {
            ReduceCuda.sumParts(work, DType.F32, sums + (i - 1) * chunks * channels * Float.BYTES, chunks, channels,
                    out[i].dtype(), out[i].address());
        }
    }

    /// [AvgPoolOp].
    static void avgPool(Workspace work, AvgPoolOp op, Operand in, Operand out) {
        pool(work, "avgPool_", op, in, out, in.shape(), out.shape());
    }

    /// [AvgPoolGrad].
    static void avgPoolGrad(Workspace work, AvgPoolGrad op, Operand in, Operand out) {
        pool(work, "avgPoolGrad_", op.pool(), in, out, out.shape(), in.shape());
    }

    private static void pool(Workspace work, String name, AvgPoolOp op, Operand in, Operand out, Shape x, Shape y) {
        long count = out.shape().count();
        if (count > 0) {
            work.kernel(MODULE, name + out.dtype()).address(work.dense(in)).address(out).i64(count).i32(x.size(-2))
                    .i32(x.size(-1)).i32(y.size(-2)).i32(y.size(-1)).i32(op.kernel()).i32(op.stride())
                    .i32(op.padding()).launch(Driver.Grid.of(Launcher.blocks(count, THREADS), THREADS));
        }
    }

    /// [UpsampleOp].
    static void upsample(Workspace work, UpsampleOp op, Operand in, Operand out) {
        long count = out.shape().count();
        if (count > 0) {
            work.kernel(MODULE, "upsample_" + out.dtype()).address(work.dense(in)).address(out).i64(count)
                    .i32(in.shape().size(-2)).i32(in.shape().size(-1)).i32(op.scale())
                    .launch(Driver.Grid.of(Launcher.blocks(count, THREADS), THREADS));
        }
    }
}
