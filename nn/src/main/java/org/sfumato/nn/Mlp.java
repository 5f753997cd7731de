package org.sfumato.nn;

import org.sfumato.tensor.Tensor;

/// Two linear layers with a function between: `down(activation(up(x)))`. Shapes: (..., D) -> (..., D). With a gated
/// activation `up` makes both halves at once, (2F, D).
public record Mlp(LinearMap up, LinearMap down, Activation activation) implements Layer {
    /// Applies it.
    public Tensor forward(Tensor x) {
        return down.forward(activation.apply(up.forward(x)));
    }
}
