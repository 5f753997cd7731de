package org.sfumato.models.reverse;

import org.sfumato.nn.Dropout;
import org.sfumato.nn.Layer;
import org.sfumato.nn.LayerNorm;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// Attention to itself, attention to the encoder's result, a feed-forward part, each added and then normalised. Shapes:
/// x (B, T, D), memory (B, S, D) -> (B, T, D). Source: Vaswani et al. 2017, arXiv 1706.03762, figure 1 right, without a
/// causal mask.
public record DecoderLayer(MultiheadAttention attention, MultiheadAttention memoryAttention, FeedForward forward,
        LayerNorm norm1, LayerNorm norm2, LayerNorm norm3, double dropout) implements Layer {
    /// Fresh values.
    public static DecoderLayer init(ReverseTransformerConfig config, Rng rng) {
        var parts = rng.split(3);
        int d = config.width();
        return new DecoderLayer(MultiheadAttention.init(d, config.heads(), config.dropout(), parts[0]),
                MultiheadAttention.init(d, config.heads(), config.dropout(), parts[1]),
                FeedForward.init(d, config.hidden(), config.dropout(), parts[2]),
                LayerNorm.init(d, EncoderLayer.EPSILON), LayerNorm.init(d, EncoderLayer.EPSILON),
                LayerNorm.init(d, EncoderLayer.EPSILON), config.dropout());
    }

    /// Applies it.
    public Tensor forward(Tensor x, Tensor memory, Pass pass) {
        var drop = new Dropout(dropout);
        x = norm1.forward(x.add(drop.forward(attention.forward(x, x, pass.part(0)), pass.part(1))));
        x = norm2.forward(x.add(drop.forward(memoryAttention.forward(x, memory, pass.part(2)), pass.part(3))));
        return norm3.forward(x.add(drop.forward(forward.forward(x, pass.part(4)), pass.part(5))));
    }
}
