package org.sfumato.tensor.op;

import org.sfumato.tensor.DType;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// `dx_nv = w[t_n] * dloss_n * (exp(x_nv - lse_n) - [v = t_n])`, 0 in ignored rows, for [CrossEntropyOp].
/// Inputs: x (N, V), t (N) i64, lse (N), dloss (N), class weights (V), optional -> dx (N, V).
public record CrossEntropyGrad(long ignoreIndex) implements Fused {
    @Override
    public String name() {
        return "crossEntropyGrad";
    }

    @Override
    public Spec[] outputs(Spec... in) {
        return new Spec[] {in[0]};
    }

    @Override
    public Tensor[] reference(Tensor... in) {
        var x = in[0];
        var counts = in[1].ne(ignoreIndex);
        var targets = counts.where(in[1], Tensor.full(in[1].shape(), 0, DType.I64, x.device()));
        var hit = targets.oneHot(x.shape().size(1)).cast(x.dtype());
        var scale = in.length > 4 ? in[3].mul(in[4].indexSelect(0, targets)) : in[3];
        var zero = Tensor.full(scale.shape(), 0, x.dtype(), x.device());
        scale = counts.where(scale, zero).unsqueeze(1);
        return new Tensor[] {x.sub(in[2].unsqueeze(1)).exp().sub(hit).mul(scale)};
    }
}
