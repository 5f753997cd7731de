package org.sfumato.nn;

import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

/// Multi-head attention of a sequence to itself, with grouped queries, rotary positions and normalised queries and keys
/// as options.
///
/// Shapes: x (B, T, C) -> (B, T, C). `qkv` makes H query heads, then G key heads, then G value heads, each of size D =
/// C/H. Sources: Vaswani et al. 2017, arXiv 1706.03762; grouped queries: Ainslie et al. 2023, arXiv 2305.13245; query
/// and key normalisation: Henry et al. 2020, arXiv 2010.04245.
///
/// @param heads H
/// @param keyHeads G, a divisor of H
/// @param queryNorm over each query head, or `null`
/// @param keyNorm over each key head, or `null`
public record Attention(LinearMap qkv, LinearMap output, Norm queryNorm, Norm keyNorm, int heads,
        int keyHeads) implements Layer {
    /// Keys and values that stand before those of the sequence, which every position sees. Shapes: (B, G, M, D) each.
    public record Given(Tensor keys, Tensor values) { }

    /// PyTorch's first values; `bias` is for both linear layers.
    public static Attention init(long width, int heads, int keyHeads, boolean bias, Rng rng) {
        if (heads < 1 || keyHeads < 1 || width % heads != 0 || heads % keyHeads != 0) {
            throw new IllegalArgumentException("attention: width " + width + " must be a multiple of " + heads
                    + " heads, and these of " + keyHeads + " key heads");
        }
        var parts = rng.split(2);
        long size = width / heads;
        return new Attention(Linear.init(width, (heads + 2L * keyHeads) * size, bias, parts[0]),
                Linear.init(width, width, bias, parts[1]), null, null, heads, keyHeads);
    }

    /// Applies it, for use; every position sees every other, or the earlier ones if `causal`, where `mask` allows.
    ///
    /// @param rotary tables for T positions, or `null`
    /// @param mask as in [org.sfumato.tensor.op.AttentionOp], or `null`
    public Tensor forward(Tensor x, Rotary rotary, Tensor mask, boolean causal) {
        return forward(x, rotary, mask, causal, null, null, Pass.INFERENCE);
    }

    /// The same for positions that come after those in `past`, which they see too and to which they are added, and
    /// after those that are `given`, which are added too. `rotary` and `mask` are those of the T new positions; these
    /// see S = past + given + T keys. Both may be `null`.
    public Tensor forward(Tensor x, Rotary rotary, Tensor mask, boolean causal, Given given, KeyValues past,
            Pass pass) {
        long b = x.size(0);
        long t = x.size(1);
        long size = output.in() / heads;
        var all = qkv.forward(x, pass.part(0)).reshape(b, t, heads + 2L * keyHeads, size)
                .permute(0, 2, 1, 3);                                                            // (B, H + 2G, T, D)
        var q = all.slice(1, 0, heads);                                                                // (B, H, T, D)
        var k = all.slice(1, heads, heads + keyHeads);                                                 // (B, G, T, D)
        var v = all.slice(1, heads + keyHeads, heads + 2L * keyHeads);                                 // (B, G, T, D)
        q = queryNorm == null ? q : queryNorm.forward(q);
        k = keyNorm == null ? k : keyNorm.forward(k);
        q = rotary == null ? q : rotary.apply(q);
        k = rotary == null ? k : rotary.apply(k);
        if (given != null) {
            k = Tensor.concat(2, given.keys, k);
            v = Tensor.concat(2, given.values, v);
        }
        if (past != null) {
            past.append(k, v);
            k = past.keys();
            v = past.values();
        }
        var y = q.attention(k, v, mask, causal).permute(0, 2, 1, 3);                                   // (B, T, H, D)
        return output.forward(y.reshape(Shape.of(b, t, heads * size)), pass.part(1));                  // (B, T, C)
    }
}
