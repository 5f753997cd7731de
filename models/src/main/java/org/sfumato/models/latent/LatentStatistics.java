package org.sfumato.models.latent;

import org.sfumato.tensor.Tensor;

/// How latents are spread, coordinate by coordinate, which a diffusion needs to know: it takes its data to have mean 0
/// and variance 1.
///
/// @param mean (N, D)
/// @param deviation standard deviation (N, D), 1 of what never changes
/// @param rms the root of the mean square of all numbers
public record LatentStatistics(Tensor mean, Tensor deviation, double rms) {
    /// A coordinate whose deviation is below this share of its size never changes.
    private static final double LEAST = 1e-6;

    /// Of latents (B, N, D), in the current scope.
    ///
    /// @throws IllegalArgumentException if there are fewer than two
    public static LatentStatistics of(Tensor latents) {
        if (latents.shape().rank() != 3 || latents.size(0) < 2) {
            throw new IllegalArgumentException("latent statistics: at least two latents (B, N, D) are needed, got "
                    + latents.shape());
        }
        var mean = latents.mean(0);
        var deviation = latents.var(0, false, 0).sqrt();
        var still = deviation.lt(mean.abs().add(1).mul(LEAST));         // rounding of the mean alone makes as much
        return new LatentStatistics(mean, deviation.maskedFill(still, 1), Math.sqrt(latents.square().mean().item()));
    }

    /// Mean 0 and the root of the mean square for all numbers alike, LDLM's `ae_scale`. Shapes: latents (B, N, D).
    ///
    /// @throws IllegalArgumentException if there are fewer than two
    public static LatentStatistics scale(Tensor latents) {
        var measured = of(latents);
        return measured.with(measured.rms > 0 ? measured.rms : 1);
    }

    /// Mean 0 and deviation 1, so that latents stay as they are. Shapes: latents (B, N, D).
    ///
    /// @throws IllegalArgumentException if there are fewer than two
    public static LatentStatistics none(Tensor latents) {
        return of(latents).with(1);
    }

    /// Mean 0 and the same deviation for all numbers.
    private LatentStatistics with(double same) {
        return new LatentStatistics(Tensor.full(mean.shape(), 0, mean.dtype(), mean.device()),
                Tensor.full(mean.shape(), same, mean.dtype(), mean.device()), rms);
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
