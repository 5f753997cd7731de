package org.sfumato.cuda;

import org.sfumato.tensor.DType;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.op.AttentionGrad;
import org.sfumato.tensor.op.AttentionOp;
import org.sfumato.tensor.spi.Operand;

/// [AttentionOp] and [AttentionGrad] in f32, without the matrix of all scores. Half types are read as f32.
final class AttentionCuda {
    private static final String MODULE = "attention";
    /// Threads of a block.
    private static final int THREADS = 128;
    /// Elements of a row, at most.
    private static final int LARGEST = 256;
    /// Rows longer than this are shared by eight threads, others by four.
    private static final int SHARED_BY_FOUR = 64;
    private static final int LARGEST_GRID = 65_535;
    private static final int WARP = 32;

    private AttentionCuda() { }

    /// True if there is a kernel for such inputs.
    static boolean supports(Spec... in) {
        long d = in[0].shape().size(3);
        long e = in[2].shape().size(3);
        return in[0].dtype() != DType.F64 && d > 0 && d <= LARGEST && e > 0 && e <= LARGEST
                && in[0].shape().size(0) <= LARGEST_GRID && in[0].shape().size(1) <= LARGEST_GRID;
    }

    /// What both directions read.
    private record Call(Workspace work, AttentionOp op, Operand q, Operand k, Operand v, Operand mask, int most) {
        static Call of(Workspace work, AttentionOp op, Operand[] in, int maskAt) {
            var v = heads(work, in[2]);
            var mask = in.length <= maskAt ? null
                    : in[maskAt].dtype() == DType.BOOL ? in[maskAt] : work.as(DType.F32, in[maskAt]);
            long widest = Math.max(in[0].shape().size(3), v.shape().size(3));
            int most = Math.max(WARP, (int) Long.highestOneBit(2 * widest - 1));
            return new Call(work, op, heads(work, in[0]), heads(work, in[1]), v, mask, most);
        }

        Kernel kernel(String name) {
            var kernel = work.kernel(MODULE, name + "_" + most);
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
            int rows = THREADS / (most > SHARED_BY_FOUR ? 8 : 4);
            return new Driver.Grid(Launcher.blocks(x.shape().size(2), rows), (int) x.shape().size(1),
                    (int) x.shape().size(0), THREADS, 1, 1, 0);
        }
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
        var call = Call.of(work, op, in, 3);
        var to = wide(work, out);
        var kernel = call.mask(call.kernel("attention")).address(to[0]).address(to[1]);
        call.sizes(kernel).launch(call.grid(call.q));
        narrow(work, to, out);
    }

    /// [AttentionGrad]: q, k, v, o, lse, do, mask -> dq, dk, dv.
    static void grad(Workspace work, AttentionGrad op, Operand[] in, Operand[] out) {
        var call = Call.of(work, op.forward(), in, 6);
        var o = work.dense(work.as(DType.F32, in[3]));
        var lse = work.dense(work.as(DType.F32, in[4]));
        var dO = heads(work, in[5]);
        var to = wide(work, out);
        var delta = work.make(DType.F32, lse.shape());
        long rows = lse.shape().count();
        if (rows > 0) {
            var kernel = work.kernel(MODULE, "attentionDelta").address(o);
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
        narrow(work, to, out);
    }

    private static Operand[] wide(Workspace work, Operand[] out) {
        var wide = out.clone();
        for (int i = 0; i < out.length; i++) {
            wide[i] = out[i].dtype() == DType.F32 ? out[i] : work.make(DType.F32, out[i].shape());
        }
        return wide;
    }

    private static void narrow(Workspace work, Operand[] wide, Operand[] out) {
        for (int i = 0; i < out.length; i++) {
            if (wide[i] != out[i]) {
                work.copy(wide[i], out[i]);
            }
        }
    }
}
