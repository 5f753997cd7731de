package org.sfumato.models.gaussian;

import org.sfumato.tensor.Tensor;

/// Clean latents to learn from.
///
/// @param latents (B, N, D)
/// @param condition what they depend on, or `null`
public record LatentBatch(Tensor latents, Condition condition) {
    /// Checks the shape.
    public LatentBatch {
        NoiseLevel.requireLatents(latents);
    }
}
