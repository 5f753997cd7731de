package org.sfumato.nn;

import org.sfumato.tensor.Tensor;

/// `x / sqrt(mean(x^2) + eps) * weight` over the last axis. Source: Zhang and Sennrich 2019, arXiv 1910.07467.
public record RmsNorm(Tensor weight, double eps) implements Norm {
    /// PyTorch's default: the distance from 1 to the next f32.
    public static final double MACHINE_EPSILON = 0x1p-23;

    /// Weight 1.
    public static RmsNorm init(long width, double eps) {
        return new RmsNorm(Init.ones(width), eps);
    }

    @Override
    public Tensor forward(Tensor x) {
        return x.rmsNorm(weight, eps);
    }
}
