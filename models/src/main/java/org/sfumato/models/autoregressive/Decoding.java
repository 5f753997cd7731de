package org.sfumato.models.autoregressive;

import java.util.Set;

/// How text is written on.
///
/// @param tokens at most so many new ones
/// @param temperature 0 takes the likeliest token; `T` samples from `softmax(logits / T)`
/// @param topK only the `k` likeliest tokens are kept; 0: all
/// @param topP only the likeliest tokens that together have probability `p` are kept, at least one; 1: all. Source:
///     Holtzman et al. 2020, arXiv 1904.09751
/// @param repetitionPenalty logits of tokens that were seen are divided by it where positive, else multiplied; 1: none.
///     Source: Keskar et al. 2019, arXiv 1909.05858
/// @param stops tokens after which nothing is written
public record Decoding(int tokens, double temperature, int topK, double topP, double repetitionPenalty,
        Set<Integer> stops) {
    /// Checks the values.
    public Decoding {
        if (tokens < 1 || !(temperature >= 0) || topK < 0 || !(topP > 0 && topP <= 1) || !(repetitionPenalty > 0)) {
            throw new IllegalArgumentException("decoding: tokens " + tokens + " must be at least 1, temperature "
                    + temperature + " and topK " + topK + " at least 0, topP " + topP
                    + " in (0, 1], the repetition penalty " + repetitionPenalty + " positive");
        }
        stops = Set.copyOf(stops);
    }

    /// The likeliest token every time.
    public static Decoding greedy(int tokens, Integer... stops) {
        return new Decoding(tokens, 0, 0, 1, 1, Set.of(stops));
    }

    /// Sampling.
    public static Decoding sampled(int tokens, double temperature, int topK, double topP, Integer... stops) {
        return new Decoding(tokens, temperature, topK, topP, 1, Set.of(stops));
    }

    /// The same with a penalty for repetition.
    public Decoding withRepetitionPenalty(double penalty) {
        return new Decoding(tokens, temperature, topK, topP, penalty, stops);
    }
}
