package org.sfumato.tensor.op;

import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// `y_i = x_i - max x - log sum_j exp(x_j - max x)` along the last axis. Shapes: (..., D) -> (..., D).
public record LogSoftmaxOp() implements Fused {
    @Override
    public String name() {
        return "logSoftmax";
    }

    @Override
    public Spec[] outputs(Spec... in) {
        return SoftmaxOp.rows(name(), in[0]);
    }

    @Override
    public Tensor[] reference(Tensor... in) {
        var x = in[0];
        if (x.shape().count() == 0) {
            return new Tensor[] {x.copy()};
        }
        var shifted = x.sub(x.max(true, -1).stopGradient());
        return new Tensor[] {shifted.sub(shifted.exp().sum(true, -1).log())};
    }

    @Override
    public Tensor[] vjp(Saved saved, Tensor[] dOut) {
        return Dispatch.apply(new LogSoftmaxGrad(), saved.out(0), dOut[0]);
    }
}
