package org.sfumato.models.reverse;

import org.sfumato.nn.Dropout;
import org.sfumato.nn.Layer;
import org.sfumato.nn.LayerNorm;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// Attention to itself, then a feed-forward part, each added and then normalised (post-norm). Shapes: (B, T, D) -> (B,
/// T, D). Source: Vaswani et al. 2017, arXiv 1706.03762, figure 1 left.
public record EncoderLayer(MultiheadAttention attention, FeedForward forward, LayerNorm norm1, LayerNorm norm2,
        double dropout) implements Layer {
    static final double EPSILON = 1e-5;

    /// Fresh values.
    public static EncoderLayer init(ReverseTransformerConfig config, Rng rng) {
        var parts = rng.split(2);
        return new EncoderLayer(
                MultiheadAttention.init(config.width(), config.heads(), config.dropout(), parts[0]),
                FeedForward.init(config.width(), config.hidden(), config.dropout(), parts[1]),
                LayerNorm.init(config.width(), EPSILON), LayerNorm.init(config.width(), EPSILON), config.dropout());
    }

    /// Applies it.
    public Tensor forward(Tensor x, Pass pass) {
        var drop = new Dropout(dropout);
        x = norm1.forward(x.add(drop.forward(attention.forward(x, x, pass.part(0)), pass.part(1))));
        return norm2.forward(x.add(drop.forward(forward.forward(x, pass.part(2)), pass.part(3))));
    }
}
