package org.sfumato.models.vae;

import org.sfumato.nn.Layer;
import org.sfumato.nn.Linear;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// A weighted mean of a sequence that learns its weights: `a = softmax_T(score(h))`, `sum_t a_t h_t`, padding without
/// weight. Shapes: (B, T, C) -> (B, C).
///
/// @param score C to 1
/// @param rectified true if scores below 0 count as 0, as AdaVAE has them
public record Pooling(Linear score, boolean rectified) implements Layer {
    /// PyTorch's first values.
    public static Pooling init(long width, boolean rectified, Rng rng) {
        return new Pooling(Linear.init(width, 1, true, rng), rectified);
    }

    /// The weights, which sum to 1 over each row. Shapes: h (B, T, C), present (B, T) bool -> (B, T).
    ///
    /// @param temperature what scores are divided by
    public Tensor weights(Tensor h, Tensor present, double temperature) {
        var scores = score.forward(h).squeeze(-1);                                                         // (B, T)
        scores = rectified ? scores.relu() : scores;
        scores = temperature == 1 ? scores : scores.div(temperature);
        return scores.maskedFill(present.not(), Double.NEGATIVE_INFINITY).softmax(-1);
    }

    /// The mean. Shapes: h (B, T, C), present (B, T) bool -> (B, C).
    public Tensor forward(Tensor h, Tensor present, double temperature) {
        return weights(h, present, temperature).unsqueeze(1).matmul(h).squeeze(1);                         // (B, C)
    }
}
