package org.sfumato.models.autoregressive;

/// A text that a beam search has found.
///
/// @param tokens what follows the prompt, a stop among them if it ended so
/// @param score its log-probability divided by the penalty for its length
public record Hypothesis(int[] tokens, double score) { }
