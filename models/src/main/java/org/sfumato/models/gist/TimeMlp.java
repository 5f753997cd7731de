package org.sfumato.models.gist;

import org.sfumato.nn.Activation;
import org.sfumato.nn.Layer;
import org.sfumato.nn.Linear;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// What a network makes of the waves of a time: two linear layers with a function between. Shapes: (B, W) -> (B, E).
public record TimeMlp(Linear first, Linear second, Activation activation) implements Layer {
    /// PyTorch's first values.
    static TimeMlp init(int waves, int width, Activation activation, Rng rng) {
        var parts = rng.split(2);
        return new TimeMlp(Linear.init(waves, width, true, parts[0]), Linear.init(width, width, true, parts[1]),
                activation);
    }

    /// Applies it.
    public Tensor forward(Tensor waves) {
        return second.forward(activation.apply(first.forward(waves)));
    }
}
