package org.sfumato.models.gaussian;

import org.sfumato.tensor.Tensor;

/// What a denoiser of latents reads.
///
/// @param z (B, N, D): N vectors of width D for each text, scaled as the process says, about unit variance
/// @param time (B): what the schedule tells of the noise, as the number of the step in [0, 1000) or `log(sigma) / 4`
/// @param condition what the latents depend on, for a [ConditionalDenoiser], or `null`
/// @param estimate (B, N, D): the clean latents as they were predicted before, for a [SelfConditionedDenoiser], or
///     `null`
public record NoisyLatents(Tensor z, Tensor time, Condition condition, Tensor estimate) {
    /// Checks that the shapes go together.
    public NoisyLatents {
        NoiseLevel.requireLatents(z);
        if (time.shape().rank() != 1 || time.size(0) != z.size(0)
                || estimate != null && !estimate.shape().equals(z.shape())
                || condition != null && condition.latents().size(0) != z.size(0)) {
            throw new IllegalArgumentException("latents: (B, N, D) is " + z.shape() + ", times (B) " + time.shape()
                    + (estimate == null ? "" : ", the estimate " + estimate.shape())
                    + (condition == null ? "" : ", the condition " + condition.latents().shape()));
        }
    }

    /// Latents that depend on nothing.
    public NoisyLatents(Tensor z, Tensor time) {
        this(z, time, null, null);
    }

    /// The same under another condition, or none: `null`.
    public NoisyLatents given(Condition other) {
        return new NoisyLatents(z, time, other, estimate);
    }
}
