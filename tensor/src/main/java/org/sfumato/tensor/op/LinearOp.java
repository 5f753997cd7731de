package org.sfumato.tensor.op;

import org.sfumato.tensor.Shape;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// `y = x W^T + b`. Shapes: x (..., I), W (O, I), b (O), optional -> y (..., O). One floating type.
public record LinearOp() implements Fused {
    @Override
    public String name() {
        return "linear";
    }

    @Override
    public Spec[] outputs(Spec... in) {
        var x = in[0].shape();
        var w = in[1].shape();
        if (x.rank() < 1 || w.rank() != 2 || x.size(-1) != w.size(1)) {
            throw new ShapeException("linear: inner sizes differ, x " + in[0] + " and W " + in[1]
                    + "\nhint: W is (out, in)");
        }
        if (in.length > 2 && !in[2].shape().equals(Shape.of(w.size(0)))) {
            throw new ShapeException("linear: bias " + in[2] + " does not fit W " + in[1]);
        }
        for (var spec : in) {
            if (!spec.dtype().isFloating() || spec.dtype() != in[0].dtype()) {
                throw new ShapeException("linear: types differ or are not floating, x " + in[0] + " and " + spec);
            }
        }
        return new Spec[] {new Spec(x.with(-1, w.size(0)), in[0].dtype())};
    }

    @Override
    public Tensor[] reference(Tensor... in) {
        var y = rows(in[0]).matmul(in[1].transpose(0, 1));
        y = in.length > 2 ? y.add(in[2]) : y;
        return new Tensor[] {y.reshape(in[0].shape().with(-1, in[1].shape().size(0)))};
    }

    @Override
    public Tensor[] vjp(Saved saved, Tensor[] dOut) {
        var x = saved.in(0);
        var dy = rows(dOut[0]);
        var gradients = new Tensor[saved.inputs()];
        gradients[0] = saved.needs(0) ? dy.matmul(saved.in(1)).reshape(x.shape()) : null;
        gradients[1] = saved.needs(1) ? dy.transpose(0, 1).matmul(rows(x)) : null;
        if (gradients.length > 2 && saved.needs(2)) {
            gradients[2] = dy.sum(0);
        }
        return gradients;
    }

    private static Tensor rows(Tensor x) {
        var shape = x.shape();
        return x.reshape(shape.range(0, shape.rank() - 1).count(), shape.size(-1));
    }
}
