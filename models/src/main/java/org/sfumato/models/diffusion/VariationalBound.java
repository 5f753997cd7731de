package org.sfumato.models.diffusion;

import org.sfumato.nn.Pass;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// A random number for each token whose sum over a text is in expectation an upper bound of its negative log-likelihood
/// (NELBO).
///
/// @param <N> the networks that have it
public interface VariationalBound<N> extends Objective<N> {
    /// One such number for each token, in nats. Shapes: ids (B, T) i64 -> (B, T) f32.
    ///
    /// @param u for each row a number in [0, 1) that settles how much noise it gets; over independent uniform ones the
    ///     mean is the bound, spread evenly it is the same with less variance
    Tensor terms(N network, Tensor ids, double[] u, Rng rng, Pass pass);

    /// True if nothing is random in it and it is the negative log-likelihood itself.
    default boolean isExact() {
        return false;
    }

    /// The mean over all tokens.
    @Override
    default Tensor loss(N network, Tensor ids, Rng rng, Pass pass) {
        var u = Times.stratified(Math.toIntExact(ids.size(0)), rng.fold(0));
        return terms(network, ids, u, rng.fold(1), pass).mean();
    }
}
