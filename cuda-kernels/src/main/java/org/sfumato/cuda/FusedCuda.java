package org.sfumato.cuda;

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

/// The table of the fused kernels. Where there is none, the reference composition runs.
final class FusedCuda {
    private FusedCuda() { }

    /// True if there is a kernel for `op` on such inputs: in f32 and half types; others run the composition.
    static boolean supports(Fused op, Spec... in) {
        return switch (op) {
            case LinearOp _, SquareSumOp _, DequantiseOp _ -> true;
            case SoftmaxOp _, SoftmaxGrad _, LogSoftmaxOp _, LogSoftmaxGrad _, CrossEntropyOp _, CrossEntropyGrad _,
                 LayerNormOp _, LayerNormGrad _, RmsNormOp _, RmsNormGrad _, RotaryOp _, DropoutOp _,
                 QuantisedLinearOp _ -> in[0].dtype() != DType.F64;
            case AttentionOp _, AttentionGrad _ -> AttentionCuda.supports(in);
            case LinearCrossEntropyOp _, LinearCrossEntropyGrad _ -> in[0].dtype() != DType.F64
                    && in[1].shape().size(0) > 0;
            case Conv2dOp conv -> ConvCuda.supports(conv, op.outputs(in)[0], in);
            case Conv2dInputGrad grad -> ConvCuda.supports(grad.conv(), op.outputs(in)[0], in);
            case Conv2dWeightGrad grad -> ConvCuda.supports(grad.conv(), op.outputs(in)[0], in);
            case GroupNormOp _, GroupNormGrad _, UpsampleOp _, AvgPoolOp _, AvgPoolGrad _ ->
                ImageCuda.supports(in[0]) && ImageCuda.supports(op.outputs(in)[0]);
        };
    }

    /// Runs the kernel of `op`. The outputs are dense and overlap no input.
    static void run(Workspace work, Fused op, Operand[] in, Operand[] out) {
        switch (op) {
            case LinearOp _ -> MatMulCuda.linear(work, in, out[0]);
            case SoftmaxOp _ -> RowsCuda.softmax(work, false, in[0], out[0]);
            case LogSoftmaxOp _ -> RowsCuda.softmax(work, true, in[0], out[0]);
            case SoftmaxGrad _ -> RowsCuda.softmaxGrad(work, false, in, out[0]);
            case LogSoftmaxGrad _ -> RowsCuda.softmaxGrad(work, true, in, out[0]);
            case CrossEntropyOp loss -> RowsCuda.crossEntropy(work, loss, in, out);
            case CrossEntropyGrad grad -> RowsCuda.crossEntropyGrad(work, grad, in, out[0]);
            case LayerNormOp norm -> RowsCuda.layerNorm(work, norm, in, out);
            case RmsNormOp norm -> RowsCuda.rmsNorm(work, norm, in, out);
            case LayerNormGrad _, RmsNormGrad _ -> RowsCuda.normGrad(work, op.name(), in, out);
            case AttentionOp attention -> AttentionCuda.attend(work, attention, in, out);
            case AttentionGrad grad -> AttentionCuda.grad(work, grad, in, out);
            case RotaryOp _ -> RowsCuda.rotary(work, in, out[0]);
            case DropoutOp drop -> RowsCuda.dropout(work, drop, in[0], out[0]);
            case SquareSumOp _ -> ReduceCuda.squareSum(work, in, out[0]);
            case DequantiseOp dequantise -> QuantisedCuda.dequantise(work, dequantise, in, out[0]);
            case QuantisedLinearOp linear -> QuantisedCuda.linear(work, linear, in, out[0]);
            case LinearCrossEntropyOp loss -> LinearCrossEntropyCuda.loss(work, loss, in, out);
            case LinearCrossEntropyGrad grad -> LinearCrossEntropyCuda.grad(work, grad, in, out);
            case Conv2dOp conv -> ConvCuda.forward(work, conv, in, out[0]);
            case Conv2dInputGrad grad -> ConvCuda.inputGrad(work, grad, in, out[0]);
            case Conv2dWeightGrad grad -> ConvCuda.weightGrad(work, grad, in, out[0]);
            case GroupNormOp norm -> ImageCuda.groupNorm(work, norm, in, out);
            case GroupNormGrad grad -> ImageCuda.groupNormGrad(work, grad, in, out);
            case UpsampleOp upsample -> ImageCuda.upsample(work, upsample, in[0], out[0]);
            case AvgPoolOp pool -> ImageCuda.avgPool(work, pool, in[0], out[0]);
            case AvgPoolGrad grad -> ImageCuda.avgPoolGrad(work, grad, in[0], out[0]);
        }
    }
}
