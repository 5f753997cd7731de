package org.sfumato.tensor.op;

import org.sfumato.tensor.Shape;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// `C = A B`. Shapes: A (..., M, K), B (..., K, N) -> C (..., M, N); leading axes broadcast. Operands may be any views,
/// transposed ones included, and are read in place. Types f32 and f64 (half types are read as f32), the same for both.
public record MatMul() implements Op, Differentiable {
    @Override
    public String name() {
        return "matmul";
    }

    @Override
    public Spec[] outputs(Spec... in) {
        var a = in[0].shape();
        var b = in[1].shape();
        if (a.rank() < 2 || b.rank() < 2) {
            throw new ShapeException("matmul: both operands need two axes, " + a + " and " + b
                    + "\nhint: unsqueeze first");
        }
        if (a.size(-1) != b.size(-2)) {
            throw new ShapeException("matmul: inner sizes differ, " + a.size(-1) + " != " + b.size(-2)
                    + "\noperands: " + in[0] + ", " + in[1]);
        }
        if (!in[0].dtype().isFloating() || in[0].dtype() != in[1].dtype()) {
            throw new ShapeException("matmul: needs two operands of one floating type, " + in[0] + " and " + in[1]
                    + "\nhint: cast first");
        }
        var batch = Shape.broadcast("matmul", a.range(0, a.rank() - 2), b.range(0, b.rank() - 2));
        return new Spec[] {new Spec(batch.append(a.size(-2), b.size(-1)), in[0].dtype())};
    }

    @Override
    public Tensor[] vjp(Saved saved, Tensor[] dOut) {
        var a = saved.in(0);
        var b = saved.in(1);
        var dc = dOut[0];
        return new Tensor[] {
            saved.needs(0) ? dc.matmul(b.transpose(-2, -1)).sumTo(a.shape()) : null,
            saved.needs(1) ? a.transpose(-2, -1).matmul(dc).sumTo(b.shape()) : null};
    }
}
