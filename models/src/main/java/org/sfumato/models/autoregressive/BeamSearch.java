package org.sfumato.models.autoregressive;

import java.util.Set;

/// How a beam search goes: the `width` likeliest texts of one length go on together.
///
/// A text of `n` new tokens scores `sum log p / n^lengthPenalty`. Source: transformers 5.18, `_beam_search`, with whose
/// texts and scores this agrees.
///
/// @param tokens at most so many new ones
/// @param width of the beam
/// @param lengthPenalty 0: none; larger ones favour longer texts
/// @param ending when a search is over before all tokens are used
/// @param returned how many texts are given back, at most `width`
/// @param repetitionPenalty as in [Decoding], applied to log-probabilities; 1: none
/// @param stops tokens after which nothing is written
public record BeamSearch(int tokens, int width, double lengthPenalty, Ending ending, int returned,
        double repetitionPenalty, Set<Integer> stops) {
    /// When a search is over.
    public enum Ending {
        /// As soon as `width` texts have ended: `early_stopping=True`.
        FULL,
        /// When the best text under way scores less at its present length than all that have ended:
        /// `early_stopping=False`.
        LIKELY,
        /// When no text under way can become better at any length: `early_stopping="never"`.
        CERTAIN
    }

    /// Checks the values.
    public BeamSearch {
        if (tokens < 1 || width < 1 || returned < 1 || returned > width || !Double.isFinite(lengthPenalty)
                || !(repetitionPenalty > 0)) {
            throw new IllegalArgumentException("beam search: tokens " + tokens + ", width " + width + " and returned "
                    + returned + " must be at least 1, returned at most the width, the length penalty " + lengthPenalty
                    + " finite, the repetition penalty " + repetitionPenalty + " positive");
        }
        stops = Set.copyOf(stops);
    }

    /// The best text of a beam of `width`, scored by its mean log-probability.
    public static BeamSearch of(int tokens, int width, Integer... stops) {
        return new BeamSearch(tokens, width, 1, Ending.LIKELY, 1, 1, Set.of(stops));
    }
}
