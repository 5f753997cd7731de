package org.sfumato.nn;

import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// An adapter of a few hidden units: `up(relu(down(x) + shift))`. Shapes: (..., D) -> (..., D). Source: Houlsby et al.
/// 2019, arXiv 1902.00751.
///
/// @param shift what else the hidden units read, of a shape that can be added to theirs, or `null`
public record Bottleneck(Linear down, Linear up, Tensor shift) implements Layer {
    /// One that reads nothing else.
    public Bottleneck(Linear down, Linear up) {
        this(down, up, null);
    }

    /// Normal first values with standard deviation 0.02, biases 0.
    public static Bottleneck init(long width, long hidden, Rng rng) {
        var parts = rng.split(2);
        return new Bottleneck(new Linear(Init.normal(.02, parts[0], hidden, width), Init.zeros(hidden)),
                new Linear(Init.normal(.02, parts[1], width, hidden), Init.zeros(width)));
    }

    /// The same with `more` for the hidden units to read.
    public Bottleneck shifted(Tensor more) {
        return new Bottleneck(down, up, more);
    }

    /// Applies it.
    public Tensor forward(Tensor x) {
        var hidden = down.forward(x);
        return up.forward((shift == null ? hidden : hidden.add(shift)).relu());
    }
}
