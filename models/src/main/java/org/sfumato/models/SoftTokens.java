package org.sfumato.models;

import org.sfumato.tensor.Tensor;

/// Tokens that are not settled: at each place a weight for every token of the vocabulary.
///
/// @param weights (B, T, V), each row of V adding up to 1
/// @param alpha the share of signal in [0, 1], (B, 1) or (B, T) f32, for networks that are told the time; or `null`
public record SoftTokens(Tensor weights, Tensor alpha) { }
