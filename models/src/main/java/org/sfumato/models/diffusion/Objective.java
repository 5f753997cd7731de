package org.sfumato.models.diffusion;

import org.sfumato.nn.Pass;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// What training minimises. One that is a record can be kept in a checkpoint.
///
/// @param <N> the networks that can learn it
@FunctionalInterface
public interface Objective<N> {
    /// The loss of a batch in nats per token, a single number. Shapes: ids (B, T) i64 -> ().
    ///
    /// @param rng for times and noise; dropout draws from `pass`
    Tensor loss(N network, Tensor ids, Rng rng, Pass pass);

    /// What is minimised when the share `done` of the run, in [0, 1), is behind: this one all the time, unless it has
    /// phases.
    default Objective<? super N> at(double done) {
        return this;
    }
}
