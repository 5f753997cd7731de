package org.sfumato.models;

import org.sfumato.tensor.Tensor;

/// What a denoiser reads: tokens after noise, and how much of the text is left in them.
///
/// @param ids (B, T) i64
/// @param alpha the share of signal in [0, 1], (B, 1) or (B, T) f32, for networks that are told the time; or `null` if
///     nobody knows it
public record Noisy(Tensor ids, Tensor alpha) {
    /// Tokens of which nobody knows how noisy they are.
    public static Noisy of(Tensor ids) {
        return new Noisy(ids, null);
    }
}
