package org.sfumato.nn;

import org.sfumato.tensor.Tensor;

/// Two linear layers with a function between: `down(activation(up(x)))`. Shapes: (..., D) -> (..., D). With a gated
/// activation `up` makes both halves at once, (2F, D).
public record Mlp(LinearMap up, LinearMap down, Activation activation) implements Layer {
    /// Applies it, for use.
    public Tensor forward(Tensor x) {
        return forward(x, Pass.INFERENCE);
    }

    /// Applies it.
    public Tensor forward(Tensor x, Pass pass) {
        return down.forward(activation.apply(up.forward(x, pass.part(0))), pass.part(1));
    }
}
