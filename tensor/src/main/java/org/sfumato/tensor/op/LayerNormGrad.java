package org.sfumato.tensor.op;

import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// The gradients of [LayerNormOp], with `h = (x - mean) * rstd` and `g = dy * w`:
/// `dx = rstd * (g - mean(g) - h * mean(g h))`, `dw = sum dy h`, `db = sum dy` over all rows.
/// Inputs: x (..., D), w (D), mean (...), rstd (...), dy (..., D) -> dx (..., D), dw (D), db (D).
public record LayerNormGrad() implements Fused {
    @Override
    public String name() {
        return "layerNormGrad";
    }

    @Override
    public Spec[] outputs(Spec... in) {
        return new Spec[] {in[0], in[1], in[1]};
    }

    @Override
    public Tensor[] reference(Tensor... in) {
        var rstd = in[3].unsqueeze(-1);
        var h = in[0].sub(in[2].unsqueeze(-1)).mul(rstd);
        var dy = in[4];
        var g = dy.mul(in[1]);
        var dx = rstd.mul(g.sub(g.mean(true, -1)).sub(h.mul(g.mul(h).mean(true, -1))));
        return new Tensor[] {dx, dy.mul(h).sumTo(in[1].shape()), dy.sumTo(in[1].shape())};
    }
}
