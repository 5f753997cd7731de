package org.sfumato.models;

import org.sfumato.tensor.Tensor;

/// A network that predicts each block of a text from its noisy tokens and the clean blocks before it.
public interface BlockDenoiser {
    /// Tokens of a block.
    int block();

    /// What predicts noisy tokens given the clean text, of which each block sees the blocks before it. Shapes: clean
    /// (B, T) i64, T a multiple of the block or not.
    Denoiser given(Tensor clean);
}
