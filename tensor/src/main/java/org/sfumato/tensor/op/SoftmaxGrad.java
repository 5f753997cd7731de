package org.sfumato.tensor.op;

import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// `dx = y * (dy - sum_j y_j dy_j)` along the last axis, for [SoftmaxOp]. Inputs: y, dy (..., D).
public record SoftmaxGrad() implements Fused {
    @Override
    public String name() {
        return "softmaxGrad";
    }

    @Override
    public Spec[] outputs(Spec... in) {
        return SoftmaxOp.rows(name(), in[0]);
    }

    @Override
    public Tensor[] reference(Tensor... in) {
        var y = in[0];
        var dy = in[1];
        return new Tensor[] {y.mul(dy.sub(y.mul(dy).sum(true, -1)))};
    }
}
