package org.sfumato.tensor.op;

import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// The gradient of [AvgPoolOp]: every `dy` is shared equally by the elements of its window.
/// Inputs: dy (..., P, Q) -> dx (..., H, W).
///
/// @param pool the pooling
/// @param height `H`
/// @param width `W`
public record AvgPoolGrad(AvgPoolOp pool, long height, long width) implements Fused {
    @Override
    public String name() {
        return "avgPoolGrad";
    }

    @Override
    public Spec[] outputs(Spec... in) {
        return new Spec[] {new Spec(AvgPoolOp.input(in[0].shape(), height, width), in[0].dtype())};
    }

    @Override
    public Tensor[] reference(Tensor... in) {
        int k = pool.kernel();
        var dy = AvgPoolOp.grids(in[0]).mul(1.0 / k / k);                               // (M, 1, P, Q)
        long m = dy.shape().size(0);
        long places = dy.shape().size(2) * dy.shape().size(3);
        var columns = dy.reshape(m, 1, 1, places).expand(Shape.of(m, 1, (long) k * k, places));
        var dx = pool.windows().gather(columns, k, k, Shape.of(m, 1, height, width));
        return new Tensor[] {dx.reshape(AvgPoolOp.input(in[0].shape(), height, width))};
    }
}
