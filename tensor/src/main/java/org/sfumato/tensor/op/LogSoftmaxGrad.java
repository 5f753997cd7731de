package org.sfumato.tensor.op;

import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// `dx = dy - exp(y) * sum_j dy_j` along the last axis, for [LogSoftmaxOp]. Inputs: y, dy (..., D).
public record LogSoftmaxGrad() implements Fused {
    @Override
    public String name() {
        return "logSoftmaxGrad";
    }

    @Override
    public Spec[] outputs(Spec... in) {
        return SoftmaxOp.rows(name(), in[0]);
    }

    @Override
    public Tensor[] reference(Tensor... in) {
        return new Tensor[] {in[1].sub(in[0].exp().mul(in[1].sum(true, -1)))};
    }
}
