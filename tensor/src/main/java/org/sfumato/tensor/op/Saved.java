package org.sfumato.tensor.op;

import java.util.function.Function;
import org.sfumato.tensor.Tensor;

/// What a gradient rule may read of the forward pass.
public interface Saved {
    /// Input number `i`.
    Tensor in(int i);

    /// Output number `i`.
    Tensor out(int i);

    /// The number of inputs.
    int inputs();

    /// True if the gradient of input `i` is wanted.
    boolean needs(int i);

    /// The gradients of the inputs through a composition that means the same as the operation.
    ///
    /// @param reference the composition: inputs to outputs; outputs beyond its results have no gradient
    /// @param dOut gradients of the outputs
    Tensor[] through(Function<Tensor[], Tensor[]> reference, Tensor[] dOut);
}
