package org.sfumato.tensor.op;

import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// The gradients of [GroupNormOp], with `h = (x - mean) * rstd` and `g = dy * w`:
/// `dx = rstd * (g - mean(g) - h * mean(g h))` with the means over a group, `dw = sum dy h`, `db = sum dy` over all but
/// the channels. Inputs: x (N, C, ...), w (C), mean (N, G), rstd (N, G), dy as x -> dx as x, dw (C), db (C).
///
/// @param groups `G`
public record GroupNormGrad(int groups) implements Fused {
    @Override
    public String name() {
        return "groupNormGrad";
    }

    @Override
    public Spec[] outputs(Spec... in) {
        return new Spec[] {in[0], in[1], in[1]};
    }

    @Override
    public Tensor[] reference(Tensor... in) {
        var x = GroupNormOp.byChannel(in[0], groups);                                   // (N, G, C/G, P)
        var dy = GroupNormOp.byChannel(in[4], groups);
        var rstd = in[3].reshape(x.shape().size(0), groups, 1, 1);
        var h = x.sub(in[2].reshape(x.shape().size(0), groups, 1, 1)).mul(rstd);
        var g = dy.mul(GroupNormOp.column(in[1], groups));
        var dx = rstd.mul(g.sub(g.mean(true, 2, 3)).sub(h.mul(g.mul(h).mean(true, 2, 3))));
        return new Tensor[] {dx.reshape(in[0].shape()), dy.mul(h).sum(0, 3).reshape(in[1].shape()),
            dy.sum(0, 3).reshape(in[1].shape())};
    }
}
