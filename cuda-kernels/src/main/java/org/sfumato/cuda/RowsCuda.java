package org.sfumato.cuda;

import org.sfumato.tensor.DType;
import org.sfumato.tensor.op.CrossEntropyGrad;
import org.sfumato.tensor.op.CrossEntropyOp;
import org.sfumato.tensor.op.DropoutOp;
import org.sfumato.tensor.op.LayerNormOp;
import org.sfumato.tensor.op.RmsNormOp;
import org.sfumato.tensor.spi.Operand;

/// Operations on rows along the last axis: softmax, cross-entropy, normalisation, rotary embedding; and dropout.
final class RowsCuda {
    private static final String MODULE = "rows";
    private static final String NORMS = "norm";
    /// Rows up to so many elements are worked on by one warp, longer ones by a block.
    private static final long SHORT = 1024;
    /// Rows from so many elements on by a large block.
    private static final long LONG = 8192;
    private static final int WARP = 32;
    private static final int WARPS = 4;
    /// Sums over rows are cut into parts of at least so many ...
    private static final long FEW_ROWS = 64;
    /// ... until there are enough blocks.
    private static final long ENOUGH = 1024;
    private static final int THREADS = 256;
    private static final int COLUMN_WARPS = 8;

    private RowsCuda() { }

    private static long width(Operand x) {
        return x.shape().size(-1);
    }

    private static long rows(Operand x) {
        return x.shape().count() / Math.max(1, width(x));
    }

    /// One row to a warp or to a block.
    static Driver.Grid grid(Operand x) {
        if (width(x) <= SHORT) {
            return new Driver.Grid(Launcher.blocks(rows(x), WARPS), 1, 1, WARP, WARPS, 1, 0);
        }
        return Driver.Grid.of(Launcher.blocks(rows(x), 1), width(x) < LONG ? THREADS : 4 * THREADS);
    }

    /// [org.sfumato.tensor.op.SoftmaxOp], or its logarithm.
    static void softmax(Workspace work, boolean logarithm, Operand in, Operand out) {
        if (out.shape().count() == 0) {
            return;
        }
        work.kernel(MODULE, "softmax_" + in.dtype()).address(work.dense(in)).address(out).i64(rows(in))
                .i64(width(in)).i32(logarithm ? 1 : 0).launch(grid(in));
    }

    /// [org.sfumato.tensor.op.SoftmaxGrad] or [org.sfumato.tensor.op.LogSoftmaxGrad].
    static void softmaxGrad(Workspace work, boolean logarithm, Operand[] in, Operand out) {
        if (out.shape().count() == 0) {
            return;
        }
        work.kernel(MODULE, "softmaxGrad_" + out.dtype()).address(work.dense(in[0])).address(work.dense(in[1]))
                .address(out).i64(rows(out)).i64(width(out)).i32(logarithm ? 1 : 0).launch(grid(out));
    }

    /// [CrossEntropyOp].
    static void crossEntropy(Workspace work, CrossEntropyOp op, Operand[] in, Operand[] out) {
        long n = in[0].shape().size(0);
        if (n == 0) {
            return;
        }
        var x = work.dense(in);
        work.look(op.name(), x[1], width(x[0]), op.ignoreIndex());
        work.kernel(MODULE, "crossEntropy_" + x[0].dtype()).address(x[0]).address(x[1])
                .i64(x.length > 2 ? x[2].address() : 0).address(out[0]).address(out[1]).i64(n).i64(width(x[0]))
                .i64(op.ignoreIndex()).launch(grid(x[0]));
    }

    /// [CrossEntropyGrad].
    static void crossEntropyGrad(Workspace work, CrossEntropyGrad op, Operand[] in, Operand out) {
        if (out.shape().count() == 0) {
            return;
        }
        var x = work.dense(in);
        work.look(op.name(), x[1], width(x[0]), op.ignoreIndex());
        work.kernel(MODULE, "crossEntropyGrad_" + x[0].dtype()).address(x[0]).address(x[1]).address(x[2])
                .address(x[3]).i64(x.length > 4 ? x[4].address() : 0).address(out).i64(rows(x[0]))
                .i64(width(x[0])).i64(op.ignoreIndex()).launch(grid(x[0]));
    }

    /// [LayerNormOp].
    static void layerNorm(Workspace work, LayerNormOp op, Operand[] in, Operand[] out) {
        if (out[0].shape().count() == 0) {
            return;
        }
        var x = work.dense(in);
        work.kernel(NORMS, "layerNorm_" + x[0].dtype()).address(x[0]).address(x[1]).address(x[2]).address(out[0])
                .address(out[1]).address(out[2]).i64(rows(x[0])).i64(width(x[0])).f32((float) op.eps())
                .launch(grid(x[0]));
    }

    /// [RmsNormOp].
    static void rmsNorm(Workspace work, RmsNormOp op, Operand[] in, Operand[] out) {
        if (out[0].shape().count() == 0) {
            return;
        }
        var x = work.dense(in);
        work.kernel(NORMS, "rmsNorm_" + x[0].dtype()).address(x[0]).address(x[1]).address(out[0]).address(out[1])
                .i64(rows(x[0])).i64(width(x[0])).f32((float) op.eps()).launch(grid(x[0]));
    }

    /// [org.sfumato.tensor.op.LayerNormGrad]: x, w, mean, rstd, dy -> dx, dw, db; or
    /// [org.sfumato.tensor.op.RmsNormGrad]: x, w, rrms, dy -> dx, dw.
    static void normGrad(Workspace work, String name, Operand[] in, Operand[] out) {
        var x = work.dense(in);
        long n = rows(x[0]);
        long d = width(x[0]);
        long tiles = Math.ceilDiv(d, (long) WARP);
        long chunk = Math.max(1, Math.ceilDiv(n, Math.clamp(ENOUGH / tiles, 1, Math.max(1, n / FEW_ROWS))));
        long chunks = Math.max(1, Math.ceilDiv(n, chunk));
        if (n > 0) {
            var kernel = work.kernel(NORMS, name + "_" + x[0].dtype());
            for (var operand : x) {
                kernel.address(operand);
            }
            kernel.address(out[0]).i64(n).i64(d).launch(grid(x[0]));
        }
        long parts = work.bytes((out.length - 1) * chunks * d * Float.BYTES).address();
        var columns = work.kernel(NORMS, name + "Columns_" + x[0].dtype()).address(x[0]);
        for (int i = 2; i < x.length; i++) {
            columns.address(x[i]);
        }
        columns.i64(parts).i64(n).i64(d).i64(chunk).launch(new Driver.Grid((int) tiles, (int) chunks, 1, WARP,
                COLUMN_WARPS, 1, 0));
        for (int i = 1; i < out.length; i++) {
            ReduceCuda.sumParts(work, DType.F32, parts + (i - 1) * chunks * d * Float.BYTES, chunks, d,
                    out[i].dtype(), out[i].address());
        }
    }

    /// [org.sfumato.tensor.op.RotaryOp].
    static void rotary(Workspace work, Operand[] in, Operand out) {
        long n = out.shape().count() / 2;
        if (n == 0) {
            return;
        }
        work.kernel(MODULE, "rotary_" + out.dtype()).address(work.dense(in[0]))
                .address(work.dense(work.as(DType.F32, in[1]))).address(work.dense(work.as(DType.F32, in[2])))
                .address(out).i64(n).i64(out.shape().size(-2)).i64(width(out) / 2)
                .launch(Driver.Grid.of(Launcher.blocks(n, THREADS), THREADS));
    }

    /// [DropoutOp].
    static void dropout(Workspace work, DropoutOp op, Operand in, Operand out) {
        long n = out.shape().count();
        if (n == 0) {
            return;
        }
        int limit = (int) Math.ceil((1 - op.p()) * 0x1p24);             // kept below it, as Rng.bernoulli draws
        work.kernel(MODULE, "dropout_" + out.dtype()).address(work.dense(in)).address(out).i64(n)
                .i64(op.rng().seed()).i64(op.rng().stream()).i64(work.key()).i32(limit).f32((float) (1 / (1 - op.p())))
                .launch(Driver.Grid.of(Launcher.blocks(Math.ceilDiv(n, 4L), THREADS), THREADS));
    }
}
