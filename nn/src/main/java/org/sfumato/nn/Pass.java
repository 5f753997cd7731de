package org.sfumato.nn;

import java.util.Optional;
import org.sfumato.tensor.Rng;

/// How a network is run: for use, or in training with a source of randomness.
///
/// @param rng where dropout draws from; empty when the network is used
public record Pass(Optional<Rng> rng) {
    /// For use: nothing is random.
    public static final Pass INFERENCE = new Pass(Optional.empty());

    /// In training.
    public static Pass training(Rng rng) {
        return new Pass(Optional.of(rng));
    }

    /// The same kind of pass with randomness of its own for part number `index`.
    public Pass part(long index) {
        return rng.isEmpty() ? this : training(rng.get().fold(index));
    }
}
