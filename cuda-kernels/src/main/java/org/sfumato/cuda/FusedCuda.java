package org.sfumato.cuda;

import org.sfumato.tensor.Spec;
import org.sfumato.tensor.op.AttentionGrad;
import org.sfumato.tensor.op.AttentionOp;
import org.sfumato.tensor.op.AvgPoolGrad;
import org.sfumato.tensor.op.AvgPoolOp;
import org.sfumato.tensor.op.Conv2dInputGrad;
import org.sfumato.tensor.op.Conv2dOp;
import org.sfumato.tensor.op.Conv2dWeightGrad;
import org.sfumato.tensor.op.CrossEntropyGrad;
import org.sfumato.tensor.op.CrossEntropyOp;
import org.sfumato.tensor.op.DequantiseOp;
import org.sfumato.tensor.op.DropoutOp;
import org.sfumato.tensor.op.Fused;
import org.sfumato.tensor.op.GroupNormGrad;
import org.sfumato.tensor.op.GroupNormOp;
import org.sfumato.tensor.op.LayerNormGrad;
import org.sfumato.tensor.op.LayerNormOp;
import org.sfumato.tensor.op.LinearCrossEntropyGrad;
import org.sfumato.tensor.op.LinearCrossEntropyOp;
import org.sfumato.tensor.op.LinearOp;
import org.sfumato.tensor.op.LogSoftmaxGrad;
import org.sfumato.tensor.op.LogSoftmaxOp;
import org.sfumato.tensor.op.QuantisedLinearOp;
import org.sfumato.tensor.op.RmsNormGrad;
import org.sfumato.tensor.op.RmsNormOp;
import org.sfumato.tensor.op.RotaryOp;
import org.sfumato.tensor.op.SoftmaxGrad;
import org.sfumato.tensor.op.SoftmaxOp;
import org.sfumato.tensor.op.SquareSumOp;
import org.sfumato.tensor.op.UpsampleOp;
import org.sfumato.tensor.spi.Operand;

/// The table of the fused kernels. Where there is none, the reference composition runs.
final class FusedCuda {
    private FusedCuda() { }

    /// True if there is a kernel for `op` on such inputs.
    static boolean supports(Launcher launcher, Fused op, Spec... in) {
        return switch (op) {
            case LinearOp _, SoftmaxOp _, SoftmaxGrad _, LogSoftmaxOp _, LogSoftmaxGrad _ -> false;
            case CrossEntropyOp _, CrossEntropyGrad _, LinearCrossEntropyOp _, LinearCrossEntropyGrad _ -> false;
            case LayerNormOp _, LayerNormGrad _, RmsNormOp _, RmsNormGrad _ -> false;
            case AttentionOp _, AttentionGrad _, RotaryOp _, DropoutOp _, SquareSumOp _ -> false;
            case DequantiseOp _, QuantisedLinearOp _ -> false;
            case Conv2dOp _, Conv2dInputGrad _, Conv2dWeightGrad _, GroupNormOp _, GroupNormGrad _ -> false;
            case UpsampleOp _, AvgPoolOp _, AvgPoolGrad _ -> false;
        };
    }

    /// Runs the kernel of `op`. The outputs are dense and overlap no input.
    static void run(Launcher launcher, Fused op, Operand[] in, Operand[] out) {
        switch (op) {
            case LinearOp _, SoftmaxOp _, SoftmaxGrad _, LogSoftmaxOp _, LogSoftmaxGrad _ -> throw none(op);
            case CrossEntropyOp _, CrossEntropyGrad _, LinearCrossEntropyOp _, LinearCrossEntropyGrad _ ->
                throw none(op);
            case LayerNormOp _, LayerNormGrad _, RmsNormOp _, RmsNormGrad _ -> throw none(op);
            case AttentionOp _, AttentionGrad _, RotaryOp _, DropoutOp _, SquareSumOp _ -> throw none(op);
            case DequantiseOp _, QuantisedLinearOp _ -> throw none(op);
            case Conv2dOp _, Conv2dInputGrad _, Conv2dWeightGrad _, GroupNormOp _, GroupNormGrad _ -> throw none(op);
            case UpsampleOp _, AvgPoolOp _, AvgPoolGrad _ -> throw none(op);
        }
    }

    private static UnsupportedOperationException none(Fused op) {
        return new UnsupportedOperationException(op.name() + ": has no CUDA kernel, its composition runs");
    }
}
