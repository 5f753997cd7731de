package org.sfumato.models.gist;

import org.sfumato.nn.Conv2d;
import org.sfumato.nn.GroupNorm;
import org.sfumato.nn.Layer;
import org.sfumato.nn.Linear;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// `s(x) + conv2(silu(norm2(conv1(silu(norm1(x))) + W silu(t))))`. Shapes: x (B, C, H, W), t (B, E) -> (B, O, H, W).
/// Source: Ho et al. 2020, arXiv 2006.11239, appendix B; He et al. 2016, arXiv 1603.05027.
///
/// @param time W, from the time to the channels
/// @param shortcut s, a convolution of 1 x 1, or `null` where the channels stay the same
public record ResBlock(GroupNorm norm1, Conv2d conv1, Linear time, GroupNorm norm2, Conv2d conv2,
        Conv2d shortcut) implements Layer {
    static final double EPSILON = 1e-5;

    static ResBlock init(int in, int out, int time, int groups, Rng rng) {
        var parts = rng.split(4);
        return new ResBlock(GroupNorm.init(in, groups, EPSILON), Conv2d.same(in, out, 3, parts[0]),
                Linear.init(time, out, true, parts[1]), GroupNorm.init(out, groups, EPSILON),
                Conv2d.same(out, out, 3, parts[2]), in == out ? null : Conv2d.same(in, out, 1, parts[3]));
    }

    /// Applies it.
    public Tensor forward(Tensor x, Tensor t) {
        var told = time.forward(t.silu()).unsqueeze(-1).unsqueeze(-1);                                  // (B, O, 1, 1)
        var h = conv1.forward(norm1.forward(x).silu()).add(told);
        h = conv2.forward(norm2.forward(h).silu());
        return (shortcut == null ? x : shortcut.forward(x)).add(h);
    }
}
