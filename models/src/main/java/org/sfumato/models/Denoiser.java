package org.sfumato.models;

import org.sfumato.nn.Pass;
import org.sfumato.tensor.Tensor;

/// What predicts the clean token at every position of a noisy sequence: any network, or a table of exact conditionals
/// in a test.
@FunctionalInterface
public interface Denoiser {
    /// The logits of the clean tokens. Shapes: ids (B, T) i64 -> (B, T, V).
    Tensor forward(Tensor ids, Pass pass);
}
