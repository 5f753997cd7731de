package org.sfumato.tensor.op;

import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// The gradients of [AttentionOp], with `p = exp(scores - lse)` and `delta = sum_e o do`: `dv = p^T do`, `ds = scale *
/// p * (do v^T - delta)`, `dq = ds k`, `dk = ds^T q`; key and value heads sum over their queries. Inputs: q, k, v, o,
/// lse, do, mask (optional) -> dq, dk, dv. Source: Dao et al. 2022, arXiv 2205.14135, algorithm 4.
public record AttentionGrad(AttentionOp forward) implements Fused {
    @Override
    public String name() {
        return "attentionGrad";
    }

    @Override
    public Spec[] outputs(Spec... in) {
        return new Spec[] {in[0], in[1], in[2]};
    }

    @Override
    public Tensor[] reference(Tensor... in) {
        var q = in[0];
        var k = AttentionOp.heads(in[1], q);
        var v = AttentionOp.heads(in[2], q);
        var scores = forward.masked(q.matmul(k.transpose(-2, -1)).mul(forward.scale()), in.length > 6 ? in[6] : null);
        var lse = in[4].unsqueeze(-1);
        lse = lse.eq(Double.NEGATIVE_INFINITY).where(Tensor.full(lse.shape(), 0, q.dtype(), q.device()), lse);
        var p = scores.sub(lse).exp();
        var delta = in[3].mul(in[5]).sum(true, -1);
        var ds = p.mul(in[5].matmul(v.transpose(-2, -1)).sub(delta)).mul(forward.scale());
        return new Tensor[] {ds.matmul(k), group(ds.transpose(-2, -1).matmul(q), in[1]),
            group(p.transpose(-2, -1).matmul(in[5]), in[2])};
    }

    /// Sums the gradients of the query heads that share a key head.
    private static Tensor group(Tensor dk, Tensor k) {
        var shape = k.shape();
        if (dk.shape().equals(shape)) {
            return dk;
        }
        long each = dk.shape().size(1) / shape.size(1);
        return dk.reshape(Shape.of(shape.size(0), shape.size(1), each, shape.size(2), shape.size(3))).sum(2);
    }
}
