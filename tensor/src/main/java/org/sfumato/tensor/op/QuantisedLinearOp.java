package org.sfumato.tensor.op;

import java.util.Arrays;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.quantised.WeightFormat;

/// `y = x W^T + b` with a matrix that is stored in some format and frozen. Shapes: x (..., I), the parts of W (O, I) as
/// [WeightFormat#parts] has them, b (O), optional -> y (..., O). x and b are of one floating type. Gradients flow to x
/// and b, none to W: `dx = dy W`.
public record QuantisedLinearOp(WeightFormat format) implements Fused {
    @Override
    public String name() {
        return "quantisedLinear";
    }

    @Override
    public Spec[] outputs(Spec... in) {
        int parts = format.partCount();
        if (in.length < 1 + parts || in.length > 2 + parts || in[0].shape().rank() < 1) {
            throw new ShapeException("quantised linear: needs x, " + parts + " parts of W in " + format
                    + " and a bias or none, got " + Arrays.toString(in));
        }
        var x = in[0];
        var w = new DequantiseOp(format, x.shape().size(-1)).outputs(Arrays.copyOfRange(in, 1, 1 + parts))[0];
        for (int i = 0; i < in.length; i += 1 + parts) {
            if (!in[i].dtype().isFloating() || in[i].dtype() != x.dtype()) {
                throw new ShapeException("quantised linear: types differ or are not floating, x " + x + " and "
                        + in[i]);
            }
        }
        if (in.length > 1 + parts && !in[1 + parts].shape().equals(Shape.of(w.shape().size(0)))) {
            throw new ShapeException("quantised linear: bias " + in[1 + parts] + " does not fit W " + w);
        }
        return new Spec[] {new Spec(x.shape().with(-1, w.shape().size(0)), x.dtype())};
    }

    /// W as f32, from all inputs.
    private Tensor matrix(long columns, Tensor... parts) {
        return Dispatch.one(new DequantiseOp(format, columns), parts);
    }

    @Override
    public Tensor[] reference(Tensor... in) {
        int parts = format.partCount();
        var w = new DequantiseOp(format, in[0].size(-1)).reference(Arrays.copyOfRange(in, 1, 1 + parts))[0];
        return new Tensor[] {in[0].linear(w.cast(in[0].dtype()), in.length > 1 + parts ? in[1 + parts] : null)};
    }

    @Override
    public Tensor[] vjp(Saved saved, Tensor[] dOut) {
        var x = saved.in(0);
        long columns = x.size(-1);
        var dy = dOut[0].reshape(x.shape().count() / Math.max(1, columns), dOut[0].size(-1));
        var gradients = new Tensor[saved.inputs()];
        if (saved.needs(0)) {
            var parts = new Tensor[format.partCount()];
            for (int i = 0; i < parts.length; i++) {
                parts[i] = saved.in(1 + i);
            }
            gradients[0] = dy.matmul(matrix(columns, parts).cast(dy.dtype())).reshape(x.shape());
        }
        int bias = 1 + format.partCount();
        if (gradients.length > bias && saved.needs(bias)) {
            gradients[bias] = dy.sum(0);
        }
        return gradients;
    }
}
