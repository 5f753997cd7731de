package org.sfumato.models.ldlm;

import org.sfumato.nn.Init;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// `[cos(2 pi w t), sin(2 pi w t)]` at random frequencies w that are not trained. Shapes: time (B) -> (B, W). Source:
/// Tancik et al. 2020, arXiv 2006.10739.
///
/// @param weight w (W/2, 1)
public record Fourier(Tensor weight) {
    /// Frequencies from the standard normal distribution.
    public static Fourier init(int width, Rng rng) {
        return new Fourier(Init.normal(1, rng, width / 2, 1));
    }

    /// Applies it.
    public Tensor forward(Tensor time) {
        var angle = time.unsqueeze(-1).mul(weight.reshape(weight.size(0)).mul(2 * Math.PI).cast(time.dtype()));
        return Tensor.concat(-1, angle.cos(), angle.sin());
    }
}
