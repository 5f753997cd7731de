package org.sfumato.tensor.op;

import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// The gradients of [RmsNormOp], with `h = x * rrms` and `g = dy * w`: `dx = rrms * (g - h * mean(g h))`, `dw = sum dy
/// h` over all rows. Inputs: x (..., D), w (D), rrms (...), dy (..., D) -> dx (..., D), dw (D).
public record RmsNormGrad() implements Fused {
    @Override
    public String name() {
        return "rmsNormGrad";
    }

    @Override
    public Spec[] outputs(Spec... in) {
        return new Spec[] {in[0], in[1]};
    }

    @Override
    public Tensor[] reference(Tensor... in) {
        var rrms = in[2].unsqueeze(-1);
        var h = in[0].mul(rrms);
        var dy = in[3];
        var g = dy.mul(in[1]);
        var dx = rrms.mul(g.sub(h.mul(g.mul(h).mean(true, -1))));
        return new Tensor[] {dx, dy.mul(h).sumTo(in[1].shape())};
    }
}
