package org.sfumato.models.gaussian;

import org.sfumato.nn.Pass;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// What training on latents minimises.
///
/// @param <N> the networks that can learn it
@FunctionalInterface
public interface LatentObjective<N> {
    /// The loss of a batch, a single number.
    ///
    /// @param rng for levels and noise; dropout draws from `pass`
    Tensor loss(N network, LatentBatch batch, Rng rng, Pass pass);
}
