package org.sfumato.tensor.op;

import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// The gradient of [Conv2dOp] by x, also known as transposed convolution: every `dy[n, o, p, q]` adds
/// `w[o, c, i, j] dy[n, o, p, q]` to `dx[n, c, p s + i - a, q s + j - a]`.
/// Inputs: dy (N, O, P, Q), w (O, C/G, I, J) -> dx (N, C, H, W).
///
/// @param conv the convolution
/// @param height `H`
/// @param width `W`
public record Conv2dInputGrad(Conv2dOp conv, long height, long width) implements Fused {
    @Override
    public String name() {
        return "conv2dInputGrad";
    }

    @Override
    public Spec[] outputs(Spec... in) {
        return new Spec[] {new Spec(x(in[0].shape(), in[1].shape()), in[0].dtype())};
    }

    private Shape x(Shape dy, Shape w) {
        return Shape.of(dy.size(0), w.size(1) * conv.groups(), height, width);
    }

    @Override
    public Tensor[] reference(Tensor... in) {
        var dy = in[0].shape();
        var w = in[1].shape();
        int groups = conv.groups();
        var rows = in[1].reshape(groups, w.size(0) / groups, w.size(1) * w.size(2) * w.size(3));
        var columns = rows.t().matmul(in[0].reshape(dy.size(0), groups, dy.size(1) / groups,
                dy.size(2) * dy.size(3)));                                              // (N, G, C/G I J, P Q)
        return new Tensor[] {conv.gather(columns, w.size(2), w.size(3), x(dy, w))};
    }
}
