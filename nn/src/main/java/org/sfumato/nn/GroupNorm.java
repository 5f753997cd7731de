package org.sfumato.nn;

import org.sfumato.tensor.Tensor;

/// `(x - mean) / sqrt(var + eps) * weight + bias` over the channels of each group and all that comes after them.
/// Shapes: x (N, C, ...), weight and bias (C) -> as x. Source: Wu and He 2018, arXiv 1803.08494.
public record GroupNorm(Tensor weight, Tensor bias, int groups, double eps) implements Layer {
    /// Weight 1 and bias 0.
    ///
    /// @throws IllegalArgumentException if the groups do not divide the channels
    public static GroupNorm init(long channels, int groups, double eps) {
        if (groups < 1 || channels % groups != 0) {
            throw new IllegalArgumentException("groupNorm: " + groups + " groups do not divide " + channels
                    + " channels");
        }
        return new GroupNorm(Init.ones(channels), Init.zeros(channels), groups, eps);
    }

    /// Applies it.
    public Tensor forward(Tensor x) {
        return x.groupNorm(groups, weight, bias, eps);
    }
}
