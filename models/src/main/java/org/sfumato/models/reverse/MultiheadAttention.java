package org.sfumato.models.reverse;

import org.sfumato.nn.Dropout;
import org.sfumato.nn.Init;
import org.sfumato.nn.Layer;
import org.sfumato.nn.Linear;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// PyTorch's multi-head attention of x to a memory, with dropout of the weights in training.
/// Shapes: x (B, T, D), memory (B, S, D) -> (B, T, D). Source: Vaswani et al. 2017, arXiv 1706.03762.
///
/// @param projection makes queries, keys and values, (3 D, D)
/// @param output of all heads together
/// @param heads how many
/// @param dropout of the weights
public record MultiheadAttention(Linear projection, Linear output, int heads, double dropout) implements Layer {
    /// PyTorch's first values: matrices by Xavier over all of the projection, biases 0.
    public static MultiheadAttention init(long width, int heads, double dropout, Rng rng) {
        var parts = rng.split(2);
        return new MultiheadAttention(
                new Linear(Init.xavierUniform(3 * width, width, parts[0]), Init.zeros(3 * width)),
                new Linear(Init.xavierUniform(width, width, parts[1]), Init.zeros(width)), heads, dropout);
    }

    /// Applies it.
    public Tensor forward(Tensor x, Tensor memory, Pass pass) {
        var q = project(x, 0);                                                                          // (B, H, T, d)
        var k = project(memory, 1);                                                                     // (B, H, S, d)
        var v = project(memory, 2);
        var mixed = dropout == 0 || pass.rng().isEmpty() ? q.attention(k, v, null, false)
                : new Dropout(dropout).forward(q.matmul(k.t()).mul(1 / Math.sqrt(q.size(-1))).softmax(-1), pass)
                        .matmul(v);
        return output.forward(mixed.permute(0, 2, 1, 3).reshape(x.shape()));                            // (B, T, D)
    }

    /// Queries, keys or values by heads: part 0, 1 or 2 of the projection.
    private Tensor project(Tensor x, int part) {
        long d = x.size(-1);
        var y = x.linear(projection.weight().slice(0, part * d, (part + 1) * d),
                projection.bias().slice(0, part * d, (part + 1) * d));
        return y.reshape(x.size(0), x.size(1), heads, d / heads).permute(0, 2, 1, 3);
    }
}
