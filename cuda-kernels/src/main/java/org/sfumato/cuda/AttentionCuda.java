package org.sfumato.cuda;

import org.sfumato.tensor.DType;
import org.sfumato.tensor.Layout;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.op.AttentionGrad;
import org.sfumato.tensor.op.AttentionOp;
import org.sfumato.tensor.spi.Operand;

/// [AttentionOp] and [AttentionGrad] without the matrix of all scores: half types on tensor cores where the operands
/// can be read in chunks of 16 bytes, all else in f32.
final class AttentionCuda {
    /// Threads of a block.
    private static final int THREADS = 128;
    /// Elements of a row, at most.
    private static final int LARGEST = 256;
    /// The same on tensor cores.
    private static final int LARGEST_TENSOR = 128;
    /// Rows that are a block's on tensor cores.
    private static final int TENSOR_ROWS = 64;
    /// Rows longer than this are shared by eight threads, others by four.
    private static final int SHARED_BY_FOUR = 64;
    private static final int LARGEST_GRID = 65_535;
    private static final int WARP = 32;
    private static final int CHUNK = 8;
    private static final int CHUNK_BYTES = 16;

    private AttentionCuda() { }

    /// True if there is a kernel for such inputs.
    static boolean supports(Spec... in) {
        long d = in[0].shape().size(3);
        long e = in[2].shape().size(3);
        return in[0].dtype() != DType.F64 && d > 0 && d <= LARGEST && e > 0 && e <= LARGEST
                && in[0].shape().size(0) <= LARGEST_GRID && in[0].shape().size(1) <= LARGEST_GRID;
    }

    /// What both directions read. `rows` of q or of k are a block's.
    private record Call(Workspace work, AttentionOp op, DType dtype, Operand q, Operand k, Operand v, Operand mask,
            String module, String kind, int rows) {
        /// @param rows operands that are read row by row: q, k, v and perhaps do
        static Call of(Workspace work, AttentionOp op, Operand mask, Operand... rows) {
            int widest = (int) Math.max(rows[0].shape().size(3), rows[2].shape().size(3));
            if (isForTensorCores(work, widest, rows)) {
                return new Call(work, op, rows[0].dtype(), rows[0], rows[1], rows[2],
                        bias(work, mask, rows[0].dtype()), tensorModule(rows[0].dtype()),
                        "_" + (widest > 64 ? LARGEST_TENSOR : 64) + "_" + rows[0].dtype(), TENSOR_ROWS);
            }
            int most = Math.max(WARP, Integer.highestOneBit(2 * widest - 1));
            return new Call(work, op, DType.F32, heads(work, rows[0]), heads(work, rows[1]), heads(work, rows[2]),
                    mask == null || mask.dtype() == DType.BOOL ? mask : work.as(DType.F32, mask), "attention",
                    "_" + most, THREADS / (most > SHARED_BY_FOUR ? 8 : 4));
        }

        Kernel kernel(String name) {
            var kernel = work.kernel(module, name + kind);
            for (var x : new Operand[] {q, k, v}) {
                put(kernel, x);
            }
            return kernel;
        }

        Kernel mask(Kernel kernel) {
            if (mask == null) {
                return kernel.i64(0).i64(0).i64(0).i64(0).i64(0).i64(0);
            }
            var scores = Shape.of(q.shape().size(0), q.shape().size(1), q.shape().size(2), k.shape().size(2));
            kernel.address(mask);
            for (long step : mask.layout().expand(scores).strides()) {
                kernel.i64(step);
            }
            return kernel.i64(mask.dtype() == DType.BOOL ? 1 : 2);
        }

        Kernel sizes(Kernel kernel) {
            return kernel.i32(q.shape().size(1)).i32(k.shape().size(1)).i32(q.shape().size(2)).i32(k.shape().size(2))
                    .i32(q.shape().size(3)).i32(v.shape().size(3)).i32(op.causal() ? 1 : 0).f32((float) op.scale());
        }

        /// Blocks that walk along the positions of `x`, for each of its heads.
        Driver.Grid grid(Operand x) {
            return new Driver.Grid(Launcher.blocks(x.shape().size(2), rows), (int) x.shape().size(1),
                    (int) x.shape().size(0), THREADS, 1, 1, 0);
        }

        /// Results in the type that the kernels write.
        Operand[] results(Operand... out) {
            var made = out.clone();
            for (int i = 0; i < out.length; i++) {
                made[i] = out[i].dtype() == dtype ? out[i] : work.make(dtype, out[i].shape());
            }
            return made;
        }

        void finish(Operand[] made, Operand... out) {
            for (int i = 0; i < out.length; i++) {
                if (made[i] != out[i]) {
                    work.copy(made[i], out[i]);
                }
            }
        }
    }

    private static String tensorModule(DType dtype) {
        return dtype == DType.BF16 ? "attentionBf16_80" : "attentionF16_80";
    }

    private static boolean isForTensorCores(Workspace work, int widest, Operand[] rows) {
        boolean can = work.has(8, 0) && rows[0].dtype() != DType.F32 && widest <= LARGEST_TENSOR;
        for (var x : rows) {
            var shape = x.shape();
            var steps = x.layout().strides();
            can &= shape.size(3) % 2 == 0 && steps[3] == 1 && x.address() % CHUNK_BYTES == 0;
            for (int axis = 0; axis < 3; axis++) {
                can &= shape.size(axis) == 1 || steps[axis] % CHUNK == 0;
            }
        }
        return can;
    }

    /// A mask of truth values as numbers to be added; axes along which it is repeated stay so.
    private static Operand bias(Workspace work, Operand mask, DType dtype) {
        if (mask == null || mask.dtype() != DType.BOOL) {
            return mask;
        }
        var layout = mask.layout();
        for (int axis = 0; axis < layout.shape().rank(); axis++) {
            boolean repeated = layout.strides()[axis] == 0 && layout.shape().size(axis) > 0;
            layout = repeated ? new Layout(layout.shape().with(axis, 1), layout.strides(), layout.offset()) : layout;
        }
        var truth = work.dense(new Operand(mask.buffer(), mask.dtype(), layout));
        var bias = work.make(dtype, truth.shape());
        long n = truth.shape().count();
        if (n > 0) {
            work.kernel(tensorModule(dtype), "attentionBias_" + dtype).address(truth).address(bias).i64(n)
                    .launch(Driver.Grid.of(Launcher.blocks(n, THREADS), THREADS));
        }
        return bias;
    }

    /// The operand in f32, the elements of a row side by side.
    private static Operand heads(Workspace work, Operand x) {
        var wide = work.as(DType.F32, x);
        return wide.layout().strides()[3] == 1 || x.shape().size(3) == 1 ? wide : work.dense(wide);
    }

    private static void put(Kernel kernel, Operand x) {
        var steps = x.layout().strides();
        kernel.address(x).i64(steps[0]).i64(steps[1]).i64(steps[2]);
    }

    /// [AttentionOp]: o, lse.
    static void attend(Workspace work, AttentionOp op, Operand[] in, Operand[] out) {
        if (out[1].shape().count() == 0) {
            return;
        }
        var call = Call.of(work, op, in.length > 3 ? in[3] : null, in[0], in[1], in[2]);
        var to = call.results(out[0]);
        var kernel = call.mask(call.kernel("attention")).address(to[0]).address(out[1]);
        call.sizes(kernel).launch(call.grid(call.q));
        call.finish(to, out[0]);
    }

    /// [AttentionGrad]: q, k, v, o, lse, do, mask -> dq, dk, dv.
    static void grad(Workspace work, AttentionGrad op, Operand[] in, Operand[] out) {
        var call = Call.of(work, op.forward(), in.length > 6 ? in[6] : null, in[0], in[1], in[2], in[5]);
        var o = work.dense(work.as(call.dtype, in[3]));
        var lse = work.dense(work.as(DType.F32, in[4]));
        var dO = call.dtype == DType.F32 ? heads(work, in[5]) : in[5];
        var to = call.results(out);
        var delta = work.make(DType.F32, lse.shape());
        long rows = lse.shape().count();
        if (rows > 0) {
            var kernel = work.kernel(call.module, "attentionDelta_" + call.dtype).address(o);
            put(kernel, dO);
            kernel.address(delta).i64(rows).i32(o.shape().size(1)).i32(o.shape().size(2)).i32(o.shape().size(3))
                    .launch(new Driver.Grid(Launcher.blocks(rows, 4), 1, 1, WARP, 4, 1, 0));
            var queries = call.kernel("attentionGradQueries");
            put(queries, dO);
            call.mask(queries).address(lse).address(delta).address(to[0]);
            call.sizes(queries).launch(call.grid(call.q));
        }
        if (out[1].shape().count() > 0) {
            var keys = call.kernel("attentionGradKeys");
            put(keys, dO);
            call.mask(keys).address(lse).address(delta).address(to[1]).address(to[2]);
            call.sizes(keys).launch(call.grid(call.k));
        }
        call.finish(to, out);
    }
}
