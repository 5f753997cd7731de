package org.sfumato.models.gist;

import org.sfumato.nn.Attention;
import org.sfumato.nn.GroupNorm;
import org.sfumato.nn.Layer;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// Attention of the places of an image to each other, normalised before and added. Shapes: (B, C, H, W) -> the same.
public record ImageAttention(GroupNorm norm, Attention attention) implements Layer {
    static ImageAttention init(int channels, int groups, int headWidth, Rng rng) {
        int heads = channels / headWidth;
        return new ImageAttention(GroupNorm.init(channels, groups, ResBlock.EPSILON),
                Attention.init(channels, heads, heads, true, rng));
    }

    /// Applies it.
    public Tensor forward(Tensor x) {
        var places = norm.forward(x).flatten(2, 3).transpose(1, 2);                                     // (B, H W, C)
        var mixed = attention.forward(places, null, null, false);
        return x.add(mixed.transpose(1, 2).reshape(x.shape()));
    }
}
