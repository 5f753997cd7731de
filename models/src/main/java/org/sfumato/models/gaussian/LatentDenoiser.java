package org.sfumato.models.gaussian;

import org.sfumato.nn.Pass;
import org.sfumato.tensor.Tensor;

/// What predicts noise, clean latents or a mixture of both from noisy latents: any network, or an exact formula in a
/// test. Which of them it predicts, and what it is told of time, is the business of the [GaussianProcess] that it is
/// trained with.
@FunctionalInterface
public interface LatentDenoiser {
    /// The prediction. Shapes: noisy (B, N, D) -> (B, N, D).
    Tensor forward(NoisyLatents noisy, Pass pass);
}
