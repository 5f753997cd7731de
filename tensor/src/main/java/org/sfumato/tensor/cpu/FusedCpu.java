package org.sfumato.tensor.cpu;

import org.sfumato.tensor.DType;
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

/// The table of the fused kernels. They work in float32, convolutions in float64 too; other types run the reference
/// composition.
final class FusedCpu {
    private FusedCpu() { }

    /// True if there is a kernel for `op` on such inputs: if all that is floating is f32, but for stored matrices.
    static boolean supports(Fused op, Spec... in) {
        if (op instanceof DequantiseOp || op instanceof QuantisedLinearOp) {
            return op instanceof DequantiseOp || in[0].dtype() == DType.F32;
        }
        if (in[0].dtype() == DType.F64 && (op instanceof Conv2dOp || op instanceof Conv2dInputGrad
                || op instanceof Conv2dWeightGrad)) {
            return true;
        }
        for (var spec : in) {
            if (spec.dtype().isFloating() && spec.dtype() != DType.F32) {
                return false;
            }
        }
        return in[0].dtype() == DType.F32;
    }

    /// Runs the kernel of `op`. The outputs are dense and overlap no input.
    static void run(Fused op, Operand[] in, Operand[] out) {
        switch (op) {
            case LinearOp _ -> LinearCpu.linear(in, out[0]);
            case SoftmaxOp _ -> SoftmaxCpu.softmax(in[0], out[0]);
            case SoftmaxGrad _ -> SoftmaxCpu.softmaxGrad(in, out[0]);
            case LogSoftmaxOp _ -> SoftmaxCpu.logSoftmax(in[0], out[0]);
            case LogSoftmaxGrad _ -> SoftmaxCpu.logSoftmaxGrad(in, out[0]);
            case CrossEntropyOp loss -> CrossEntropyCpu.loss(loss, in, out);
            case CrossEntropyGrad grad -> CrossEntropyCpu.grad(grad, in, out[0]);
            case LinearCrossEntropyOp loss -> LinearCrossEntropyCpu.loss(loss, in, out);
            case LinearCrossEntropyGrad grad -> LinearCrossEntropyCpu.grad(grad, in, out);
            case LayerNormOp norm -> LayerNormCpu.norm(norm, in, out);
            case LayerNormGrad _ -> LayerNormCpu.grad(in, out);
            case RmsNormOp norm -> RmsNormCpu.norm(norm, in, out);
            case RmsNormGrad _ -> RmsNormCpu.grad(in, out);
            case AttentionOp attention -> AttentionCpu.attend(attention, in, out);
            case AttentionGrad grad -> AttentionGradCpu.grad(grad, in, out);
            case RotaryOp _ -> RotaryCpu.rotate(in, out[0]);
            case DropoutOp drop -> DropoutCpu.drop(drop, in[0], out[0]);
            case SquareSumOp _ -> SquareSumCpu.sum(in, out[0]);
            case DequantiseOp dequantise -> QuantisedCpu.dequantise(dequantise, in, out[0]);
            case Conv2dOp conv -> ConvCpu.conv(conv, in, out[0]);
            case Conv2dInputGrad grad -> ConvCpu.inputGrad(grad, in, out[0]);
            case Conv2dWeightGrad grad -> ConvWeightGradCpu.grad(grad, in, out[0]);
            case GroupNormOp norm -> GroupNormCpu.norm(norm, in, out);
            case GroupNormGrad grad -> GroupNormCpu.grad(grad, in, out);
            case UpsampleOp up -> PoolCpu.upsample(up, in[0], out[0]);
            case AvgPoolOp pool -> PoolCpu.pool(pool, in[0], out[0]);
            case AvgPoolGrad grad -> PoolCpu.grad(grad, in[0], out[0]);
            case QuantisedLinearOp linear -> QuantisedCpu.linear(linear, in, out[0]);
        }
    }
}
