package org.sfumato.models.latent;

import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

/// How latents are spread, coordinate by coordinate, which a diffusion needs to know: it takes its data to have mean 0
/// and variance 1.
///
/// @param mean (N, D)
/// @param deviation standard deviation (N, D), at least [#LEAST]
/// @param rms the root of the mean square of all numbers
public record LatentStatistics(Tensor mean, Tensor deviation, double rms) {
    /// A coordinate that never changes is not divided by 0.
    public static final double LEAST = 1e-6;

    /// Of latents (B, N, D), in the current scope.
    ///
    /// @throws IllegalArgumentException if there are fewer than two
    public static LatentStatistics of(Tensor latents) {
        if (latents.shape().rank() != 3 || latents.size(0) < 2) {
            throw new IllegalArgumentException("latent statistics: at least two latents (B, N, D) are needed, got "
                    + latents.shape());
        }
        return new LatentStatistics(latents.mean(0), latents.var(0, false, 0).sqrt().maximum(
                Tensor.full(Shape.SCALAR, LEAST, latents.dtype(), latents.device())),
                Math.sqrt(latents.square().mean().item()));
    }

    /// `(z - mean) / deviation`. Shapes: (B, N, D) -> the same.
    public Tensor standardise(Tensor z) {
        return z.sub(mean).div(deviation);
    }

    /// `z deviation + mean`. Shapes: (B, N, D) -> the same.
    public Tensor restore(Tensor z) {
        return z.mul(deviation).add(mean);
    }
}
