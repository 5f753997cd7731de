package org.sfumato.nn.optim;

import java.util.Map;
import org.sfumato.tensor.Tensor;

/// Changes parameters in place along their gradients.
public interface Optimizer {
    /// One step.
    ///
    /// @param gradients by the names of the parameters; a parameter without one stays as it is
    /// @param rate the learning rate as a fraction of each group's own: 1 at the height of a [Schedule]
    void step(Map<String, Tensor> gradients, double rate);

    /// What must be saved to go on exactly: tensors by name, live ones that change in place, the step count among them.
    Map<String, Tensor> state();
}
