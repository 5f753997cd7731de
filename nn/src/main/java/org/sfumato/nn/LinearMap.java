package org.sfumato.nn;

import org.sfumato.tensor.Tensor;

/// A layer that maps the last axis linearly, whatever its matrix is stored as. Shapes: (..., I) -> (..., O).
public interface LinearMap extends Layer {
    /// I.
    long in();

    /// O.
    long out();

    /// Applies it, for use.
    Tensor forward(Tensor x);

    /// Applies it; most are the same in training.
    default Tensor forward(Tensor x, Pass pass) {
        return forward(x);
    }
}
