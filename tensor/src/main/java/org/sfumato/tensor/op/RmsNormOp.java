package org.sfumato.tensor.op;

import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// `y = w * x / sqrt(mean(x^2) + eps)` over the last axis.
///
/// Shapes: x (..., D), w (D) -> y (..., D), and 1/sqrt(mean(x^2) + eps) (...), which the gradient reads.
/// Source: Zhang and Sennrich 2019, arXiv 1910.07467, equation 4.
public record RmsNormOp(double eps) implements Fused {
    @Override
    public String name() {
        return "rmsNorm";
    }

    @Override
    public Spec[] outputs(Spec... in) {
        LayerNormOp.requireRows(name(), in);
        var shape = in[0].shape();
        return new Spec[] {in[0], new Spec(shape.range(0, shape.rank() - 1), in[0].dtype())};
    }

    @Override
    public Tensor[] reference(Tensor... in) {
        var x = in[0];
        var rrms = x.square().mean(true, -1).add(eps).rsqrt();
        return new Tensor[] {x.mul(rrms).mul(in[1]), rrms.squeeze(-1)};
    }

    @Override
    public Tensor[] vjp(Saved saved, Tensor[] dOut) {
        if (dOut[1] != null) {
            return saved.through(this::reference, dOut);
        }
        return Dispatch.apply(new RmsNormGrad(), saved.in(0), saved.in(1), saved.out(1), dOut[0]);
    }
}
