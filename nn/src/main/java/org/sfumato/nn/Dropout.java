package org.sfumato.nn;

import org.sfumato.tensor.Tensor;

/// In training, each element is 0 with probability `p`, else divided by `1 - p`; in use, nothing.
/// Source: Srivastava et al. 2014, JMLR 15.
///
/// @param p in [0, 1)
public record Dropout(double p) implements Layer {
    /// Applies it. Shapes: any -> the same.
    public Tensor forward(Tensor x, Pass pass) {
        return p == 0 || pass.rng().isEmpty() ? x : x.dropout(p, pass.rng().get());
    }
}
