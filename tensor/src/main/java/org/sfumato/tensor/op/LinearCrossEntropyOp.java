package org.sfumato.tensor.op;

import org.sfumato.tensor.DType;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// Cross-entropy of a linear layer's logits `z = x W^T + b`, without the logits of all rows in memory:
/// `loss_n = log sum_v exp(z_nv) - z_n,t_n`, 0 where `t_n` is the ignored index. Rows that are ignored cost nothing, in
/// either direction.
///
/// Shapes: x (N, D), W (V, D), targets t (N) i64, b (V), optional -> loss (N) in nats, and the log-sum-exp (N), 0 in
/// ignored rows, that the gradient reads. One floating type; for half types logits and both results are f32. A bias of
/// minus infinity takes a class out. A target outside [0, V) that is not ignored is an error. Source: Wijmans et al.
/// 2024, arXiv 2411.09009, without its approximation of small gradients.
///
/// @param ignoreIndex the target that counts for nothing; PyTorch's default is -100
public record LinearCrossEntropyOp(long ignoreIndex) implements Fused {
    @Override
    public String name() {
        return "linearCrossEntropy";
    }

    @Override
    public Spec[] outputs(Spec... in) {
        var x = in[0].shape();
        var w = in[1].shape();
        if (x.rank() != 2 || w.rank() != 2 || x.size(1) != w.size(1) || !in[0].dtype().isFloating()
                || in[1].dtype() != in[0].dtype()) {
            throw new ShapeException("linearCrossEntropy: needs x (N, D) and W (V, D) of one floating type, got x "
                    + in[0] + " and W " + in[1] + "\nhint: W is (classes, in)");
        }
        if (!in[2].equals(new Spec(Shape.of(x.size(0)), DType.I64))) {
            throw new ShapeException("linearCrossEntropy: needs i64 targets (N), got " + in[2] + " for x " + in[0]);
        }
        if (in.length > 3 && !in[3].equals(new Spec(Shape.of(w.size(0)), in[0].dtype()))) {
            throw new ShapeException("linearCrossEntropy: bias " + in[3] + " does not fit W " + in[1]);
        }
        var rows = new Spec(Shape.of(x.size(0)), in[0].dtype().compute());
        return new Spec[] {rows, rows};
    }

    @Override
    public Tensor[] reference(Tensor... in) {
        var wide = in[0].dtype().compute();
        var logits = in[0].cast(wide).linear(in[1].cast(wide), in.length > 3 ? in[3].cast(wide) : null);
        var out = new CrossEntropyOp(ignoreIndex).reference(logits, in[2]);
        var zero = Tensor.full(out[1].shape(), 0, out[1].dtype(), out[1].device());
        return new Tensor[] {out[0], in[2].ne(ignoreIndex).where(out[1], zero)};
    }

    @Override
    public Tensor[] vjp(Saved saved, Tensor[] dOut) {
        if (dOut[1] != null) {
            return saved.through(this::reference, dOut);
        }
        boolean bias = saved.inputs() > 3;
        var in = bias ? new Tensor[] {saved.in(0), saved.in(1), saved.in(2), saved.out(1), dOut[0], saved.in(3)}
                : new Tensor[] {saved.in(0), saved.in(1), saved.in(2), saved.out(1), dOut[0]};
        var found = Dispatch.apply(new LinearCrossEntropyGrad(ignoreIndex), in);
        return bias ? new Tensor[] {found[0], found[1], null, found[2]} : new Tensor[] {found[0], found[1], null};
    }
}
