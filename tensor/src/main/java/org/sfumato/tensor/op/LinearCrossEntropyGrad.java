package org.sfumato.tensor.op;

import org.sfumato.tensor.DType;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// The gradients of [LinearCrossEntropyOp], with `g_nv = dloss_n (exp(z_nv - lse_n) - [v = t_n])`: `dx = g W`,
/// `dW = g^T x`, `db = sum_n g_n`. Ignored rows, and those whose `dloss` is 0, count for nothing.
/// Inputs: x (N, D), W (V, D), t (N) i64, lse (N), dloss (N), b (V), optional -> dx (N, D), dW (V, D), and db (V) if
/// there is a bias. For half types lse and dloss are f32.
public record LinearCrossEntropyGrad(long ignoreIndex) implements Fused {
    @Override
    public String name() {
        return "linearCrossEntropyGrad";
    }

    @Override
    public Spec[] outputs(Spec... in) {
        return in.length > 5 ? new Spec[] {in[0], in[1], in[5]} : new Spec[] {in[0], in[1]};
    }

    @Override
    public Tensor[] reference(Tensor... in) {
        var type = in[0].dtype();
        var x = in[0].cast(type.compute());
        var w = in[1].cast(x.dtype());
        var bias = in.length > 5 ? in[5].cast(x.dtype()) : null;
        var counts = in[2].ne(ignoreIndex).and(in[4].ne(0));
        var targets = counts.where(in[2], Tensor.full(in[2].shape(), 0, DType.I64, x.device()));
        var zero = Tensor.full(in[4].shape(), 0, x.dtype(), x.device());
        var scale = counts.where(in[4], zero).unsqueeze(1);
        var p = x.linear(w, bias).sub(in[3].unsqueeze(1)).exp();
        var hit = targets.oneHot(w.shape().size(0)).cast(x.dtype());
        var g = counts.unsqueeze(1).where(p.sub(hit).mul(scale), Tensor.full(p.shape(), 0, x.dtype(), x.device()));
        var dx = g.matmul(w).cast(type);
        var dw = g.transpose(0, 1).matmul(x).cast(type);
        return bias == null ? new Tensor[] {dx, dw} : new Tensor[] {dx, dw, g.sum(0).cast(type)};
    }
}
