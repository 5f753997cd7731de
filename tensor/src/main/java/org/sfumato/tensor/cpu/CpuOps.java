package org.sfumato.tensor.cpu;

import java.util.Arrays;
import org.sfumato.tensor.Layout;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.op.ArgReduce;
import org.sfumato.tensor.op.Cast;
import org.sfumato.tensor.op.Concat;
import org.sfumato.tensor.op.Copy;
import org.sfumato.tensor.op.CustomOp;
import org.sfumato.tensor.op.Fused;
import org.sfumato.tensor.op.Index;
import org.sfumato.tensor.op.MatMul;
import org.sfumato.tensor.op.Op;
import org.sfumato.tensor.op.Pointwise;
import org.sfumato.tensor.op.Reduce;
import org.sfumato.tensor.op.Scan;
import org.sfumato.tensor.op.Sort;
import org.sfumato.tensor.op.Source;
import org.sfumato.tensor.op.TopK;
import org.sfumato.tensor.op.Triangle;
import org.sfumato.tensor.op.Unslice;
import org.sfumato.tensor.op.View;
import org.sfumato.tensor.spi.HostBuffer;
import org.sfumato.tensor.spi.HostPool;
import org.sfumato.tensor.spi.Operand;

/// The table of kernels: which of them runs which operation.
final class CpuOps {
    private final HostPool pool;

    CpuOps(HostPool pool) {
        this.pool = pool;
    }

    /// True if there is a kernel for `op` on such inputs.
    boolean supports(Op op, Spec... in) {
        return switch (op) {
            case Pointwise _, Cast _, Copy _, Reduce _, ArgReduce _, Unslice _, Concat _ -> true;
            case MatMul _, Index _, Scan _, Sort _, TopK _, Triangle _, Source _ -> true;
            case Fused fused -> FusedCpu.supports(fused, in);
            case View _, CustomOp _ -> false;
        };
    }

    /// Runs `op`. Kernels but those of [Pointwise], [Copy] and [Cast] write dense results: for other layouts the
    /// results are made apart and copied.
    void run(Op op, Operand[] in, Operand[] out) {
        if (op instanceof Pointwise || op instanceof Copy || op instanceof Cast || allDense(out)) {
            kernel(op, in, out);
            return;
        }
        var buffers = new HostBuffer[out.length];
        var dense = new Operand[out.length];
        try {
            for (int i = 0; i < out.length; i++) {
                buffers[i] = pool.allocate(out[i].spec().bytes());
                dense[i] = new Operand(buffers[i], out[i].dtype(), Layout.dense(out[i].shape()));
            }
            kernel(op, in, dense);
            for (int i = 0; i < out.length; i++) {
                CopyCpu.copy(dense[i], out[i]);
            }
        } finally {
            Arrays.stream(buffers).filter(buffer -> buffer != null).forEach(pool::free);
        }
    }

    private static boolean allDense(Operand[] operands) {
        for (var operand : operands) {
            if (!operand.layout().isDense()) {
                return false;
            }
        }
        return true;
    }

    private void kernel(Op op, Operand[] in, Operand[] out) {
        switch (op) {
            case Pointwise pointwise -> PointwiseCpu.run(pool, pointwise, in, out);
            case Cast _ -> CastCpu.run(pool, in[0], out[0]);
            case Copy _ -> CopyCpu.copy(in[0], out[0]);
            case Reduce reduce -> ReduceCpu.run(pool, reduce, in[0], out[0]);
            case Unslice unslice -> LayoutCpu.unslice(unslice, in[0], out[0]);
            case Concat(int axis) -> LayoutCpu.concat(axis, in, out[0]);
            case Triangle triangle -> LayoutCpu.triangle(triangle, in[0], out[0]);
            case MatMul _ -> MatMulCpu.run(pool, in[0], in[1], out[0]);
            case Source source -> SourceCpu.run(pool, source, out[0]);
            case Index index -> IndexCpu.run(pool, index, in, out[0]);
            case Scan scan -> ScanCpu.run(pool, scan, in[0], out[0]);
            case ArgReduce arg -> ArgReduceCpu.run(pool, arg, in[0], out[0]);
            case Sort(int axis, boolean descending) -> SortCpu.run(pool, axis, descending, in[0], out);
            case TopK(int axis, long _) -> SortCpu.run(pool, axis, true, in[0], out);
            case Fused fused -> FusedCpu.run(fused, in, out);
            case View _, CustomOp _ ->
                throw new UnsupportedOperationException(op.name() + ": runs on no device, its composition does");
        }
    }
}
