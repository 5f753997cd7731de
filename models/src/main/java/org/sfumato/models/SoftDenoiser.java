package org.sfumato.models;

import org.sfumato.nn.Pass;
import org.sfumato.tensor.Tensor;

/// A denoiser that also reads tokens that are not settled: their embedding is the weighted mean of those of all tokens.
public interface SoftDenoiser extends Denoiser {
    /// The logits of the clean tokens. Of weights that are 0 or 1 they are those of the tokens. Shapes: soft (B, T)
    /// -> (B, T, V).
    Tensor forward(SoftTokens soft, Pass pass);
}
