package org.sfumato.models.transformer;

import java.util.List;
import org.sfumato.nn.Layer;
import org.sfumato.nn.Linear;
import org.sfumato.tensor.Fuse;
import org.sfumato.tensor.Tensor;

/// What a network is told of the noise in its tokens: `c = silu(W_2 silu(W_1 f(s)))` with `s = -log alpha` and f 128
/// cosines and 128 sines of it. Blocks make shifts, scales and gates of c (adaLN). Shapes: alpha (B, 1) or (B, T) ->
/// (B, 1, W) or (B, T, W). Sources: Peebles and Xie 2023, arXiv 2212.09748; with s: Sahoo et al. 2024, arXiv
/// 2406.07524.
public record Conditioning(Linear first, Linear second) implements Layer {
    /// Cosines and sines together.
    static final int FREQUENCIES = 256;

    private static final double LONGEST = 10_000;
    private static final double LEAST = 1e-6;                           // alpha 0 itself would be infinitely far

    /// `x (1 + scale) + shift`.
    private static final Fuse MODULATE = Fuse.of("modulate", 3,
            in -> List.of(in.get(0).mul(in.get(2).add(1)).add(in.get(1))));
    /// `x + gate y`.
    private static final Fuse GATED = Fuse.of("gatedResidual", 3,
            in -> List.of(in.get(0).add(in.get(1).mul(in.get(2)))));

    /// Applies it.
    public Tensor forward(Tensor alpha) {
        int half = FREQUENCIES / 2;
        var frequency = new float[half];
        for (int i = 0; i < half; i++) {
            frequency[i] = (float) Math.pow(LONGEST, -(double) i / half);
        }
        var noise = alpha.clamp(LEAST, 1).log().neg().unsqueeze(-1);                                       // (B, ., 1)
        var angle = noise.mul(Tensor.of(frequency, half).to(alpha.device()));
        return second.forward(first.forward(Tensor.concat(-1, angle.cos(), angle.sin())).silu()).silu();
    }

    /// Shifts, scales and gates of one block, or shifts and scales of the last norm: vectors of width C one after the
    /// other.
    record Modulation(Tensor all, long width) {
        private Tensor part(int i) {
            return all.slice(-1, i * width, (i + 1) * width);
        }

        /// `x` with shift `i` and scale `i + 1`.
        Tensor modulate(Tensor x, int i) {
            return MODULATE.apply(x, part(i), part(i + 1));
        }

        /// `x` and, by gate `i`, `y`.
        Tensor gate(Tensor x, Tensor y, int i) {
            return GATED.apply(x, part(i), y);
        }
    }
}
