package org.sfumato.models.diffusion;

import org.sfumato.models.Denoiser;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// What training minimises. One that is a record can be kept in a checkpoint.
@FunctionalInterface
public interface Objective {
    /// The loss of a batch in nats per token, a single number. Shapes: ids (B, T) i64 -> ().
    ///
    /// @param rng for times and noise; dropout draws from `pass`
    Tensor loss(Denoiser network, Tensor ids, Rng rng, Pass pass);
}
