package org.sfumato.models.gaussian;

import org.sfumato.tensor.Tensor;

/// What a network says of noisy latents.
///
/// @param z the noisy latents (B, N, D)
/// @param level at which they are
/// @param unclipped the clean latents as predicted (B, N, D)
/// @param clean the same after clipping (B, N, D)
public record Prediction(Tensor z, NoiseLevel level, Tensor unclipped, Tensor clean) {
    /// The noise that belongs to the clean latents as predicted, before clipping.
    public Tensor noise() {
        return noise(unclipped);
    }

    /// The noise that belongs to the clipped latents.
    public Tensor noiseOfClean() {
        return noise(clean);
    }

    private Tensor noise(Tensor x) {
        return z.sub(x.mul(level.signal())).mul(1 / level.noise());
    }
}
