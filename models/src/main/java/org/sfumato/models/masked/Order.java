package org.sfumato.models.masked;

/// Which predicted tokens are written first.
public enum Order {
    /// At random.
    RANDOM,
    /// Those that the network thinks likeliest; what it is least sure of stays masked ("low-confidence remasking").
    /// Source: Nie et al. 2025, arXiv 2502.09992.
    CONFIDENCE,
    /// Those whose likeliest token is farthest ahead of the second one. Source: Kim et al. 2025, arXiv 2502.06768.
    MARGIN,
    /// Those whose distribution has the least entropy. Source: Ye et al. 2025, arXiv 2508.15487 (Dream).
    ENTROPY
}
