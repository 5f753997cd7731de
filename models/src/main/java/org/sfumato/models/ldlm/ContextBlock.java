package org.sfumato.models.ldlm;

import org.sfumato.nn.Init;
import org.sfumato.nn.Layer;
import org.sfumato.nn.Linear;
import org.sfumato.nn.Mlp;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// `x + attention(norm(x, c))`, then `x + mlp(norm(x, c))`, with queries and keys of one length for each head and
/// rotary positions whose frequencies are learned. Shapes: x (B, T, C), c (B, C) -> (B, T, C). Sources: crowsonkb/LDLM,
/// branch context; query and key normalisation: Henry et al. 2020, arXiv 2010.04245.
///
/// @param logScale (heads): the attention scores are `exp(logScale)` times cosines
/// @param logFrequency (d/2): logarithms of the rotary frequencies
public record ContextBlock(AdaRmsNorm attentionNorm, Linear qkv, Tensor logScale, Tensor logFrequency, Linear output,
        AdaRmsNorm mlpNorm, Mlp mlp) implements Layer {
    private static final double FIRST_SCALE = 10;
    private static final double LARGEST_SCALE = 100;
    private static final double BASE = 10_000;

    /// Fresh values; the block adds nothing at first.
    public static ContextBlock init(ContextLdlmConfig config, Rng rng) {
        var parts = rng.split(2);
        int c = config.hidden();
        int half = c / config.heads() / 2;
        var logFrequency = new float[half];
        for (int i = 0; i < half; i++) {
            logFrequency[i] = (float) (-Math.log(BASE) * i / half);
        }
        return new ContextBlock(AdaRmsNorm.init(c, Mapping.EPSILON), Linear.init(c, 3L * c, false, parts[0]),
                Init.ones(config.heads()).mul(Math.log(FIRST_SCALE)), Tensor.of(logFrequency, half), Linear.zero(c, c),
                AdaRmsNorm.init(c, Mapping.EPSILON), Mapping.gated(config, parts[1]));
    }

    /// Applies it.
    ///
    /// @param places the position of each token (T)
    /// @param mask (B, 1, 1, T), true where a token may be seen, or `null`
    public Tensor forward(Tensor x, Tensor condition, Tensor places, Tensor mask) {
        var all = qkv.forward(attentionNorm.forward(x, condition))
                .reshape(x.size(0), x.size(1), 3L * heads(), x.size(2) / heads()).permute(0, 2, 1, 3); // (B, 3H, T, d)
        var angle = places.unsqueeze(1).mul(logFrequency.exp());                                       // (T, d/2)
        var cos = angle.cos();
        var sin = angle.sin();
        var q = normalised(all.slice(1, 0, heads())).rotary(cos, sin);
        var k = normalised(all.slice(1, heads(), 2L * heads())).rotary(cos, sin);
        var mixed = q.attention(k, all.slice(1, 2L * heads(), 3L * heads()), mask, false);
        x = x.add(output.forward(mixed.permute(0, 2, 1, 3).reshape(x.shape())));
        return x.add(mlp.forward(mlpNorm.forward(x, condition)));
    }

    /// Of length `sqrt(d) exp(s/2) / d^(1/4)`, so that products over `sqrt(d)` are `exp(s)` times cosines.
    private Tensor normalised(Tensor x) {
        var ones = Tensor.full(x.shape().range(3, 4), 1, x.dtype(), x.device());
        var scale = logScale.minimum(Tensor.full(logScale.shape(), Math.log(LARGEST_SCALE), x.dtype(), x.device()))
                .mul(.5).sub(.25 * Math.log(x.size(3))).exp();
        return x.rmsNorm(ones, Mapping.EPSILON).mul(scale.reshape(1, heads(), 1, 1));
    }

    private int heads() {
        return Math.toIntExact(logScale.size(0));
    }
}
