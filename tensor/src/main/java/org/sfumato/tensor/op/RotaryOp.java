package org.sfumato.tensor.op;

import org.sfumato.tensor.DType;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// Rotary position embedding: the pair `(x_i, x_(i + D/2))` of each position is turned by an angle,
/// `y_i = x_i cos - x_(i+D/2) sin`, `y_(i+D/2) = x_(i+D/2) cos + x_i sin` for `i < D/2`.
///
/// Shapes: x (..., T, D) with even D, cos and sin (T, D/2) -> y (..., T, D). The tables are of x's type or
/// f32: half types are too coarse for them. Source: Su et al. 2021, arXiv 2104.09864,
/// in the split-halves order of GPT-NeoX and LLaMA checkpoints.
public record RotaryOp() implements Fused {
    @Override
    public String name() {
        return "rotary";
    }

    @Override
    public Spec[] outputs(Spec... in) {
        var x = in[0].shape();
        if (x.rank() < 2 || x.size(-1) % 2 != 0) {
            throw new ShapeException("rotary: needs x (..., T, D) with even D, got " + in[0]);
        }
        var table = new Spec(Shape.of(x.size(-2), x.size(-1) / 2), in[0].dtype());
        if (!in[1].equals(in[2]) || !in[1].equals(table) && !in[1].equals(table.as(DType.F32))) {
            throw new ShapeException("rotary: cos and sin must be " + table + " for x " + in[0] + ", got " + in[1]
                    + " and " + in[2]);
        }
        return new Spec[] {in[0]};
    }

    @Override
    public Tensor[] reference(Tensor... in) {
        long half = in[0].shape().size(-1) / 2;
        var a = in[0].slice(-1, 0, half);
        var b = in[0].slice(-1, half, 2 * half);
        var y = Tensor.concat(-1, a.mul(in[1]).sub(b.mul(in[2])), b.mul(in[1]).add(a.mul(in[2])));
        return new Tensor[] {y.cast(in[0].dtype())};
    }

    /// A turn back by the same angle.
    @Override
    public Tensor[] vjp(Saved saved, Tensor[] dOut) {
        if (saved.needs(1) || saved.needs(2)) {
            return saved.through(this::reference, dOut);
        }
        return new Tensor[] {Dispatch.one(this, dOut[0], saved.in(1), saved.in(2).neg()), null, null};
    }
}
