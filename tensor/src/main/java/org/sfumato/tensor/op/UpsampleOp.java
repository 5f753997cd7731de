package org.sfumato.tensor.op;

import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// The nearest neighbour in a finer grid: `y[..., p, q] = x[..., floor(p / s), floor(q / s)]`.
/// Shapes: x (..., H, W) -> (..., s H, s W), floating.
///
/// @param scale `s`, at least 1
public record UpsampleOp(int scale) implements Fused {
    /// @throws IllegalArgumentException if the scale is not positive
    public UpsampleOp {
        if (scale < 1) {
            throw new IllegalArgumentException("upsample: the scale must be positive, got " + scale);
        }
    }

    @Override
    public String name() {
        return "upsample";
    }

    @Override
    public Spec[] outputs(Spec... in) {
        var x = in[0].shape();
        if (x.rank() < 2 || !in[0].dtype().isFloating()) {
            throw new ShapeException("upsample: needs a floating grid of two axes at least, not " + in[0]);
        }
        return new Spec[] {new Spec(x.with(-2, x.size(-2) * scale).with(-1, x.size(-1) * scale), in[0].dtype())};
    }

    @Override
    public Tensor[] reference(Tensor... in) {
        var x = in[0].shape();
        long h = x.size(-2);
        long w = x.size(-1);
        var grids = x.range(0, x.rank() - 2);
        var y = in[0].reshape(grids.count(), h, 1, w, 1).expand(Shape.of(grids.count(), h, scale, w, scale)).copy();
        return new Tensor[] {y.reshape(grids.append(h * scale, w * scale))};
    }

    /// The sum over the `s x s` elements that came from one.
    @Override
    public Tensor[] vjp(Saved saved, Tensor[] dOut) {
        return new Tensor[] {Dispatch.one(new AvgPoolOp(scale, scale, 0), dOut[0]).mul((double) scale * scale)};
    }
}
