package org.sfumato.tensor.op;

import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// The gradient of [Conv2dOp] by w: `dw[o, c, i, j] = sum_{n, p, q} dy[n, o, p, q] x[n, c', p s + i - a, q s + j - a]`.
/// Inputs: x (N, C, H, W), dy (N, O, P, Q) -> dw (O, C/G, I, J).
///
/// @param conv the convolution
/// @param height `I`
/// @param width `J`
public record Conv2dWeightGrad(Conv2dOp conv, long height, long width) implements Fused {
    @Override
    public String name() {
        return "conv2dWeightGrad";
    }

    @Override
    public Spec[] outputs(Spec... in) {
        return new Spec[] {new Spec(w(in[0].shape(), in[1].shape()), in[0].dtype())};
    }

    private Shape w(Shape x, Shape dy) {
        return Shape.of(dy.size(1), x.size(1) / conv.groups(), height, width);
    }

    @Override
    public Tensor[] reference(Tensor... in) {
        var dy = in[1].shape();
        int groups = conv.groups();
        var columns = conv.columns(in[0], height, width);                               // (N, G, C/G I J, P Q)
        var rows = in[1].reshape(dy.size(0), groups, dy.size(1) / groups, dy.size(2) * dy.size(3));
        return new Tensor[] {rows.matmul(columns.t()).sum(0).reshape(w(in[0].shape(), dy))};
    }
}
