package org.sfumato.tensor.op;

import org.sfumato.tensor.Tensor;

/// An operation with a gradient rule.
public interface Differentiable {
    /// The vector-Jacobian product: for each input the gradient of the loss, given those of the outputs.
    ///
    /// @param saved what the forward pass left
    /// @param dOut one gradient for each output, `null` where the loss does not depend on it
    /// @return one gradient for each input, of the input's shape; `null` where [Saved#needs] is false or there is none
    Tensor[] vjp(Saved saved, Tensor[] dOut);
}
