package org.sfumato.models.gaussian;

import org.sfumato.tensor.Tensor;

/// Told after every step of a sampler of latents.
@FunctionalInterface
public interface LatentObserver {
    /// Sees nothing.
    LatentObserver NONE = _ -> { };

    /// A step is done.
    ///
    /// @param step whose tensors are freed after the call
    void step(Step step);

    /// A step that is done.
    ///
    /// @param number counted from 1
    /// @param most how many there are
    /// @param from what was predicted before the step, at which latents and level
    /// @param z the latents after it (B, N, D)
    /// @param to their level
    record Step(int number, int most, Prediction from, Tensor z, NoiseLevel to) { }
}
