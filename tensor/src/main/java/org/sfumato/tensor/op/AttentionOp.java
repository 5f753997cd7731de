package org.sfumato.tensor.op;

import org.sfumato.tensor.DType;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// Scaled dot-product attention: `o = softmax(scale * q k^T + mask) v`.
///
/// Shapes: q (B, H, T, D), k (B, G, S, D), v (B, G, S, E), mask broadcastable to (B, H, T, S), optional -> o (B, H, T,
/// E), and the log-sum-exp of the scores (B, H, T), f32 for half types, which the gradient reads. H is a multiple of G:
/// each of the G key heads serves H/G query heads. A boolean mask is true where a query may look; a floating one is
/// added to the scores. With `causal`, query `i` sees keys `j <= i + S - T`. A query that sees no key gets 0, and minus
/// infinity as its log-sum-exp. Scores and their softmax are f32 for half types. Source: Vaswani et al. 2017, arXiv
/// 1706.03762, equation 1; grouped queries: Ainslie et al. 2023, arXiv 2305.13245.
public record AttentionOp(double scale, boolean causal) implements Fused {
    @Override
    public String name() {
        return "attention";
    }

    @Override
    public Spec[] outputs(Spec... in) {
        var q = in[0].shape();
        var k = in[1].shape();
        var v = in[2].shape();
        if (q.rank() != 4 || k.rank() != 4 || v.rank() != 4 || q.size(0) != k.size(0) || q.size(3) != k.size(3)
                || !k.range(0, 3).equals(v.range(0, 3)) || k.size(1) == 0 || q.size(1) % k.size(1) != 0) {
            throw new ShapeException("attention: needs q (B, H, T, D), k (B, G, S, D), v (B, G, S, E), "
                    + "H a multiple of G, got "
                    + q + ", " + k + ", " + v);
        }
        if (!in[0].dtype().isFloating() || in[0].dtype() != in[1].dtype() || in[0].dtype() != in[2].dtype()) {
            throw new ShapeException("attention: q, k and v must have one floating type, got " + in[0] + ", " + in[1]
                    + ", " + in[2]);
        }
        if (in.length > 3) {
            var scores = Shape.of(q.size(0), q.size(1), q.size(2), k.size(2));
            if (!Shape.broadcast("attention mask", in[3].shape(), scores).equals(scores)
                    || in[3].dtype() != DType.BOOL && in[3].dtype() != in[0].dtype()) {
                throw new ShapeException("attention: the mask must be bool or " + in[0].dtype() + " and broadcast to "
                        + scores + ", got "
                        + in[3]);
            }
        }
        return new Spec[] {new Spec(q.with(3, v.size(3)), in[0].dtype()),
            new Spec(q.range(0, 3), in[0].dtype().compute())};
    }

    @Override
    public Tensor[] reference(Tensor... in) {
        var type = in[0].dtype();
        var q = in[0].cast(type.compute());
        var k = heads(in[1].cast(q.dtype()), q);
        var v = heads(in[2].cast(q.dtype()), q);
        var scores = masked(q.matmul(k.transpose(-2, -1)).mul(scale), in.length > 3 ? in[3] : null);
        if (scores.shape().size(-1) == 0) {
            return new Tensor[] {q.matmul(k.transpose(-2, -1)).matmul(v).cast(type),
                Tensor.full(q.shape().range(0, 3), Double.NEGATIVE_INFINITY, q.dtype(), q.device())};
        }
        var max = scores.max(true, -1).stopGradient();
        max = max.eq(Double.NEGATIVE_INFINITY).where(Tensor.full(max.shape(), 0, q.dtype(), q.device()), max);
        var e = scores.sub(max).exp();
        var sum = e.sum(true, -1);
        var blind = sum.eq(0);
        var p = e.div(blind.where(Tensor.full(sum.shape(), 1, q.dtype(), q.device()), sum));
        return new Tensor[] {p.matmul(v).cast(type), max.add(sum.log()).squeeze(-1)};
    }

    /// The scores with the mask applied and, with `causal`, the future at minus infinity.
    Tensor masked(Tensor scores, Tensor mask) {
        var never = Tensor.full(Shape.SCALAR, Double.NEGATIVE_INFINITY, scores.dtype(), scores.device());
        if (mask != null) {
            scores = mask.dtype() == DType.BOOL ? mask.where(scores, never) : scores.add(mask);
        }
        if (causal) {
            long t = scores.shape().size(-2);
            long s = scores.shape().size(-1);
            var query = Tensor.arange(t, scores.device()).add(s - t).unsqueeze(1);
            scores = Tensor.arange(s, scores.device()).le(query).where(scores, never);
        }
        return scores;
    }

    /// Key or value heads repeated so that each query head has its own.
    static Tensor heads(Tensor k, Tensor q) {
        long groups = k.shape().size(1);
        long h = q.shape().size(1);
        if (groups == h) {
            return k;
        }
        var each = Shape.of(k.shape().size(0), groups, h / groups, k.shape().size(2), k.shape().size(3));
        return k.unsqueeze(2).expand(each).reshape(k.shape().with(1, h));
    }

    @Override
    public Tensor[] vjp(Saved saved, Tensor[] dOut) {
        boolean maskGradient = saved.inputs() > 3 && saved.needs(3);
        if (dOut[0] == null || dOut[1] != null || maskGradient) {
            return saved.through(this::reference, dOut);
        }
        var gradients = new Tensor[saved.inputs()];
        var in = saved.inputs() > 3
                ? new Tensor[] {saved.in(0), saved.in(1), saved.in(2), saved.out(0), saved.out(1), dOut[0], saved.in(3)}
                : new Tensor[] {saved.in(0), saved.in(1), saved.in(2), saved.out(0), saved.out(1), dOut[0]};
        System.arraycopy(Dispatch.apply(new AttentionGrad(this), in), 0, gradients, 0, 3);
        return gradients;
    }
}
