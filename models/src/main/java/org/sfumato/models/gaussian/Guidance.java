package org.sfumato.models.gaussian;

import org.sfumato.nn.Pass;
import org.sfumato.tensor.Tensor;

/// Classifier-free guidance, `(1 - w) F(z) + w F(z | condition)`: beyond w = 1 the condition counts for more than it
/// does in the data. At w = 1 it is the conditional network, at w = 0 the unconditional one, each by itself. Source: Ho
/// and Salimans 2022, arXiv 2207.12598, whose w is one less.
///
/// @param network that was trained with and without its condition
/// @param scale w
public record Guidance(ConditionalDenoiser network, double scale) implements ConditionalDenoiser {
    /// Checks the scale.
    public Guidance {
        if (!(scale >= 0 && scale < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("guidance: " + scale + " must be at least 0");
        }
    }

    @Override
    public Tensor forward(NoisyLatents noisy, Pass pass) {
        if (scale == 1 || noisy.condition() == null) {
            return network.forward(noisy, pass);
        }
        var free = network.forward(noisy.given(noisy.condition().absent()), pass);
        return scale == 0 ? free : free.mul(1 - scale).add(network.forward(noisy, pass).mul(scale));
    }
}
