package org.sfumato.models.reverse;

import org.sfumato.nn.Dropout;
import org.sfumato.nn.Init;
import org.sfumato.nn.Layer;
import org.sfumato.nn.Linear;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// `W_2 relu(W_1 x + b_1) + b_2` with dropout inside. Shapes: (..., D) -> (..., D). Source: Vaswani et al. 2017, arXiv
/// 1706.03762, equation 2.
public record FeedForward(Linear up, Linear down, double dropout) implements Layer {
    /// Matrices by Xavier, biases uniform in +-1/sqrt(in), as in PyTorch.
    public static FeedForward init(long width, long hidden, double dropout, Rng rng) {
        var parts = rng.split(2);
        return new FeedForward(linear(width, hidden, parts[0]), linear(hidden, width, parts[1]), dropout);
    }

    private static Linear linear(long in, long out, Rng rng) {
        var parts = rng.split(2);
        return new Linear(Init.xavierUniform(out, in, parts[0]), Init.uniform(1 / Math.sqrt(in), parts[1], out));
    }

    /// Applies it.
    public Tensor forward(Tensor x, Pass pass) {
        return down.forward(new Dropout(dropout).forward(up.forward(x).relu(), pass));
    }
}
