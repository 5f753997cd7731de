package org.sfumato.models.ldlm;

import org.sfumato.nn.Layer;
import org.sfumato.nn.Linear;
import org.sfumato.tensor.Tensor;

/// `x / sqrt(mean(x^2) + eps) (1 + W c)` with a vector c of the noise. Shapes: x (B, T, C), c (B, C) -> (B, T, C).
/// Source: Crowson et al. 2024, arXiv 2401.11605, section 4.2.
///
/// @param scale W, zero at first
public record AdaRmsNorm(Linear scale, double eps) implements Layer {
    /// Without an effect of the noise at first.
    public static AdaRmsNorm init(long width, double eps) {
        return new AdaRmsNorm(Linear.zero(width, width), eps);
    }

    /// Applies it.
    public Tensor forward(Tensor x, Tensor condition) {
        var ones = Tensor.full(x.shape().range(2, 3), 1, x.dtype(), x.device());
        return x.rmsNorm(ones, eps).mul(scale.forward(condition).add(1).unsqueeze(1));
    }
}
