package org.sfumato.nn;

import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// An adapter of a few hidden units: `up(relu(down(x)))`. Shapes: (..., D) -> (..., D). Source: Houlsby et al. 2019,
/// arXiv 1902.00751.
public record Bottleneck(Linear down, Linear up) implements Layer {
    /// Normal first values with standard deviation 0.02, biases 0.
    public static Bottleneck init(long width, long hidden, Rng rng) {
        var parts = rng.split(2);
        return new Bottleneck(new Linear(Init.normal(.02, parts[0], hidden, width), Init.zeros(hidden)),
                new Linear(Init.normal(.02, parts[1], width, hidden), Init.zeros(width)));
    }

    /// Applies it.
    public Tensor forward(Tensor x) {
        return up.forward(down.forward(x).relu());
    }
}
