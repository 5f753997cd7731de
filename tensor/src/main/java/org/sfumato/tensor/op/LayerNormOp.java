package org.sfumato.tensor.op;

import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// `y = (x - mean x) / sqrt(var x + eps) * w + b` over the last axis, with the biased variance.
///
/// Shapes: x (..., D), w (D), b (D) -> y (..., D), and mean and 1/sqrt(var + eps), each (...), which the gradient
/// reads. Source: Ba, Kiros and Hinton 2016, arXiv 1607.06450.
public record LayerNormOp(double eps) implements Fused {
    @Override
    public String name() {
        return "layerNorm";
    }

    @Override
    public Spec[] outputs(Spec... in) {
        requireRows(name(), in);
        var shape = in[0].shape();
        var rows = new Spec(shape.range(0, shape.rank() - 1), in[0].dtype());
        return new Spec[] {in[0], rows, rows};
    }

    static void requireRows(String op, Spec... in) {
        var x = in[0];
        if (x.shape().rank() == 0 || x.shape().size(-1) == 0 || !x.dtype().isFloating()) {
            throw new ShapeException(op + ": needs floating rows along a last axis that is not empty, not " + x);
        }
        for (int i = 1; i < in.length; i++) {
            if (!in[i].equals(new Spec(Shape.of(x.shape().size(-1)), x.dtype()))) {
                throw new ShapeException(op + ": weight and bias must be " + x.dtype() + " (" + x.shape().size(-1)
                        + ",), got " + in[i]
                        + " for x " + x);
            }
        }
    }

    @Override
    public Tensor[] reference(Tensor... in) {
        var x = in[0];
        var mean = x.mean(true, -1);
        var centred = x.sub(mean);
        var rstd = centred.square().mean(true, -1).add(eps).rsqrt();
        return new Tensor[] {centred.mul(rstd).mul(in[1]).add(in[2]), mean.squeeze(-1), rstd.squeeze(-1)};
    }

    @Override
    public Tensor[] vjp(Saved saved, Tensor[] dOut) {
        if (dOut[1] != null || dOut[2] != null) {
            return saved.through(this::reference, dOut);
        }
        return Dispatch.apply(new LayerNormGrad(), saved.in(0), saved.in(1), saved.out(1), saved.out(2), dOut[0]);
    }
}
