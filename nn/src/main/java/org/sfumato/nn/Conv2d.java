package org.sfumato.nn;

import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// Two-dimensional convolution. Shapes: x (N, C, H, W), weight (O, C / groups, I, J), bias (O) or `null` -> y
/// (N, O, P, Q), see [org.sfumato.tensor.op.Conv2dOp].
public record Conv2d(Tensor weight, Tensor bias, int stride, int padding, int groups) implements Layer {
    /// A square kernel in one group, with PyTorch's first values: weight and bias uniform in +-1/sqrt(in kernel^2).
    public static Conv2d init(long in, long out, int kernel, int stride, int padding, Rng rng) {
        var parts = rng.split(2);
        double bound = 1 / Math.sqrt((double) in * kernel * kernel);
        return new Conv2d(Init.uniform(bound, parts[0], out, in, kernel, kernel), Init.uniform(bound, parts[1], out),
                stride, padding, 1);
    }

    /// As [#init], of a kernel of 3 x 3 that keeps the size of the grid, or of 1 x 1.
    public static Conv2d same(long in, long out, int kernel, Rng rng) {
        return init(in, out, kernel, 1, kernel / 2, rng);
    }

    /// Applies it.
    public Tensor forward(Tensor x) {
        return x.conv2d(weight, bias, stride, padding, groups);
    }
}
