package org.sfumato.nn;

import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// A row of the table for each id. Shapes: ids (...) i64, weight (V, D) -> (..., D). Of a table of a half type the rows
/// are f32.
public record Embedding(Tensor weight) implements Layer {
    /// Normal first values with standard deviation `std`; PyTorch's default is 1.
    public static Embedding init(long vocabulary, long width, double std, Rng rng) {
        return new Embedding(Init.normal(std, rng, vocabulary, width));
    }

    /// Looks the ids up.
    ///
    /// @throws IndexOutOfBoundsException if an id is outside [0, V)
    public Tensor forward(Tensor ids) {
        return weight.embedding(ids).cast(weight.dtype().compute());
    }
}
