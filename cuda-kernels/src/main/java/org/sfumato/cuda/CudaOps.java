package org.sfumato.cuda;

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
import org.sfumato.tensor.spi.Operand;

/// The table of kernels: which of them runs which operation.
final class CudaOps {
    private final Launcher launcher;
    private final Formulary formulas;
    private final Faults faults;

    CudaOps(Launcher launcher, Faults faults) {
        this.launcher = launcher;
        this.formulas = new Formulary(launcher.elements());
        this.faults = faults;
    }

    /// True if there is a kernel for `op` on such inputs.
    boolean supports(Op op, Spec... in) {
        return switch (op) {
            case Pointwise _, Cast _, Copy _, Reduce _, ArgReduce _, Unslice _, Concat _ -> true;
            case MatMul _, Index _, Scan _, Sort _, TopK _, Triangle _, Source _ -> true;
            case Fused fused -> FusedCuda.supports(fused, in);
            case View _, CustomOp _ -> false;
        };
    }

    /// Runs `op`, with the key of its random numbers at `key` on the device if that is not 0. Kernels but those of
    /// [Pointwise], [Copy] and [Cast] write dense results: for other layouts the results are made apart and copied.
    void run(Op op, Operand[] in, Operand[] out, long key) {
        if (op instanceof Pointwise || op instanceof Copy || op instanceof Cast || allDense(out)) {
            kernel(op, in, out, key);
            return;
        }
        var buffers = new DeviceBuffer[out.length];
        var dense = new Operand[out.length];
        for (int i = 0; i < out.length; i++) {
            buffers[i] = launcher.scratch(out[i].spec().bytes());
            dense[i] = new Operand(buffers[i], out[i].dtype(), Layout.dense(out[i].shape()));
        }
        kernel(op, in, dense, key);
        for (int i = 0; i < out.length; i++) {
            CopyCuda.run(launcher, dense[i], out[i]);
            launcher.release(buffers[i]);
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

    private void kernel(Op op, Operand[] in, Operand[] out, long key) {
        try (var work = new Workspace(launcher, faults, key)) {
            kernel(work, op, in, out);
        }
    }

    private void kernel(Workspace work, Op op, Operand[] in, Operand[] out) {
        switch (op) {
            case Pointwise pointwise -> formulas.run(pointwise, in, out);
            case Cast _, Copy _ -> CopyCuda.run(launcher, in[0], out[0]);
            case Unslice unslice -> CopyCuda.unslice(launcher, unslice, in[0], out[0]);
            case Concat concat -> CopyCuda.concat(launcher, concat, in, out[0]);
            case Triangle triangle -> CopyCuda.triangle(launcher, triangle, in[0], out[0]);
            case Source source -> SourceCuda.run(launcher, source, out[0], work.key());
            case Reduce reduce -> ReduceCuda.run(work, reduce, in[0], out[0]);
            case MatMul _ -> MatMulCuda.run(work, in[0], in[1], out[0]);
            case Index index -> IndexCuda.run(work, index, in, out[0]);
            case Scan scan -> ReduceCuda.run(work, scan, in[0], out[0]);
            case ArgReduce arg -> ReduceCuda.run(work, arg, in[0], out[0]);
            case Sort sort -> SortCuda.run(work, sort, in[0], out);
            case TopK top -> SortCuda.run(work, top, in[0], out);
            case Fused fused -> FusedCuda.run(work, fused, in, out);
            case View _, CustomOp _ ->
                throw new UnsupportedOperationException(op.name() + ": runs on no device, its composition does");
        }
    }
}
