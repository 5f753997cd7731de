package org.sfumato.tensor.op;

import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// The gradients of [AttentionOp], with `p = exp(scores - lse)` and `delta = sum_e o do`: `dv = p^T do`, `ds = scale *
/// p * (do v^T - delta)`, `dq = ds k`, `dk = ds^T q`; key and value heads sum over their queries. Inputs: q, k, v, o,
/// lse (f32 for half types), do, mask (optional) -> dq, dk, dv. Source: Dao et al. 2022, arXiv 2205.14135, algorithm 4.
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
        var type = in[0].dtype();
        var q = in[0].cast(type.compute());
        var k = AttentionOp.heads(in[1].cast(q.dtype()), q);
        var v = AttentionOp.heads(in[2].cast(q.dtype()), q);
        var dO = in[5].cast(q.dtype());
        var scores = forward.masked(q.matmul(k.transpose(-2, -1)).mul(forward.scale()), in.length > 6 ? in[6] : null);
        var lse = in[4].unsqueeze(-1);
        lse = lse.eq(Double.NEGATIVE_INFINITY).where(Tensor.full(lse.shape(), 0, q.dtype(), q.device()), lse);
        var p = scores.sub(lse).exp();
        var delta = in[3].mul(dO).sum(true, -1);
        var ds = p.mul(dO.matmul(v.transpose(-2, -1)).sub(delta)).mul(forward.scale());
        return new Tensor[] {ds.matmul(k).cast(type), group(ds.transpose(-2, -1).matmul(q), in[1]).cast(type),
            group(p.transpose(-2, -1).matmul(dO), in[2]).cast(type)};
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
