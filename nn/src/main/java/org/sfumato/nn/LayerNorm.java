package org.sfumato.nn;

import org.sfumato.tensor.Tensor;

/// `(x - mean) / sqrt(var + eps) * weight + bias` over the last axis. Source: Ba et al. 2016, arXiv 1607.06450.
///
/// @param bias or `null`: none
public record LayerNorm(Tensor weight, Tensor bias, double eps) implements Norm {
    /// Weight 1 and bias 0.
    public static LayerNorm init(long width, double eps) {
        return new LayerNorm(Init.ones(width), Init.zeros(width), eps);
    }

    @Override
    public Tensor forward(Tensor x) {
        var shift = bias == null ? Tensor.full(weight.shape(), 0, weight.dtype(), weight.device()) : bias;
        return x.layerNorm(weight, shift, eps);
    }
}
