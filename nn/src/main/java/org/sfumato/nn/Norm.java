package org.sfumato.nn;

import org.sfumato.tensor.Tensor;

/// A normalisation over the last axis. Shapes: (..., D) -> (..., D).
public sealed interface Norm extends Layer permits LayerNorm, RmsNorm {
    /// Applies it.
    Tensor forward(Tensor x);
}
