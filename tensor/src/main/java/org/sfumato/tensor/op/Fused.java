package org.sfumato.tensor.op;

import org.sfumato.tensor.Tensor;

/// An operation that a backend may run in one kernel and that carries its meaning as a composition of simpler ones. The
/// composition is oracle, fall-back where a backend has no kernel, and default gradient. The gradient of a fused
/// operation, when it is fast, is again a fused operation with a composition, and so is tested like any other.
public sealed interface Fused extends Op, Differentiable permits LinearOp, SoftmaxOp, SoftmaxGrad, LogSoftmaxOp,
        LogSoftmaxGrad, CrossEntropyOp, CrossEntropyGrad, LinearCrossEntropyOp, LinearCrossEntropyGrad, LayerNormOp,
        LayerNormGrad, RmsNormOp, RmsNormGrad, AttentionOp, AttentionGrad, RotaryOp, DropoutOp, SquareSumOp,
        DequantiseOp, QuantisedLinearOp, Conv2dOp, Conv2dInputGrad, Conv2dWeightGrad, GroupNormOp, GroupNormGrad,
        UpsampleOp, AvgPoolOp, AvgPoolGrad {
    /// What the operation means, in terms of tensor operations.
    Tensor[] reference(Tensor... in);

    @Override
    default Tensor[] vjp(Saved saved, Tensor[] dOut) {
        return saved.through(this::reference, dOut);
    }
}
