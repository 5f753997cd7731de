package org.sfumato.tensor.op;

import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// `y_i = exp(x_i - max x) / sum_j exp(x_j - max x)` along the last axis. Shapes: (..., D) -> (..., D). A row of minus
/// infinities gives NaN.
public record SoftmaxOp() implements Fused {
    @Override
    public String name() {
        return "softmax";
    }

    @Override
    public Spec[] outputs(Spec... in) {
        return rows(name(), in[0]);
    }

    static Spec[] rows(String op, Spec x) {
        if (x.shape().rank() == 0 || !x.dtype().isFloating()) {
            throw new ShapeException(op + ": needs floating rows along a last axis, not " + x);
        }
        return new Spec[] {x};
    }

    @Override
    public Tensor[] reference(Tensor... in) {
        var x = in[0];
        if (x.shape().count() == 0) {
            return new Tensor[] {x.copy()};
        }
        var e = x.sub(x.max(true, -1).stopGradient()).exp();
        return new Tensor[] {e.div(e.sum(true, -1))};
    }

    @Override
    public Tensor[] vjp(Saved saved, Tensor[] dOut) {
        return Dispatch.apply(new SoftmaxGrad(), saved.out(0), dOut[0]);
    }
}
