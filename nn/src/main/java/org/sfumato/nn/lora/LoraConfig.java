package org.sfumato.nn.lora;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/// What a low-rank adapter is made of.
///
/// @param rank r of every update that `ranks` does not name
/// @param alpha of every update that `alphas` does not name; the update is scaled by alpha/r
/// @param rankStabilized true to scale by alpha/sqrt(r). Source: Kalajdzievski 2023, arXiv 2312.03732
/// @param dropout probability of dropping an input of the update in training
/// @param targets which places
/// @param ranks other ranks, by names or regular expressions that match the end of a place's name after a dot
/// @param alphas other alphas, in the same way
public record LoraConfig(int rank, double alpha, boolean rankStabilized, double dropout, Targets targets,
        Map<String, Integer> ranks, Map<String, Double> alphas) {
    /// Checks the numbers.
    public LoraConfig {
        ranks = Map.copyOf(ranks);
        alphas = Map.copyOf(alphas);
        if (rank < 1 || ranks.values().stream().anyMatch(r -> r < 1)) {
            throw new IllegalArgumentException("lora: rank " + rank + " " + ranks + ", it must be positive");
        }
        if (!Double.isFinite(alpha) || !alphas.values().stream().allMatch(Double::isFinite)) {
            throw new IllegalArgumentException("lora: alpha " + alpha + " " + alphas + " is not finite");
        }
        ranks.keySet().forEach(Targets.Matching::new);
        alphas.keySet().forEach(Targets.Matching::new);
        if (!(dropout >= 0 && dropout < 1)) {
            throw new IllegalArgumentException("lora: dropout " + dropout + " is outside [0, 1)");
        }
    }

    /// One rank and one alpha for all, without dropout.
    public static LoraConfig of(int rank, double alpha, Targets targets) {
        return new LoraConfig(rank, alpha, false, 0, targets, Map.of(), Map.of());
    }

    /// The same with dropout.
    public LoraConfig withDropout(double probability) {
        return new LoraConfig(rank, alpha, rankStabilized, probability, targets, ranks, alphas);
    }

    /// The same with all alphas `weight` times as large.
    LoraConfig scaled(double weight) {
        var scaled = new LinkedHashMap<String, Double>();
        alphas.forEach((name, value) -> scaled.put(name, value * weight));
        return new LoraConfig(rank, alpha * weight, rankStabilized, dropout, targets, ranks, scaled);
    }

    /// The rank at `place`.
    public int rank(Place place) {
        return of(ranks, place, rank);
    }

    /// What the update at `place` is scaled by.
    public double scale(Place place) {
        double r = rank(place);
        return of(alphas, place, alpha) / (rankStabilized ? Math.sqrt(r) : r);
    }

    private static <T> T of(Map<String, T> patterns, Place place, T otherwise) {
        for (var e : patterns.entrySet()) {
            if (Pattern.matches("(.*\\.)?(" + e.getKey() + ")", place.name())) {
                return e.getValue();
            }
        }
        return otherwise;
    }
}
