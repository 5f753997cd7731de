package org.sfumato.models.masked;

/// Which predicted tokens are written first.
public enum Order {
    /// At random.
    RANDOM,
    /// Those of which the network is surest; what it is least sure of stays masked ("low-confidence remasking").
    CONFIDENCE
}
