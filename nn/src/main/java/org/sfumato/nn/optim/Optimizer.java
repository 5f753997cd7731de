package org.sfumato.nn.optim;

import java.util.Map;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Settings;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

/// Changes parameters in place along their gradients.
public interface Optimizer {
    /// One step.
    ///
    /// @param gradients by the names of the parameters; a parameter without one stays as it is
    /// @param rate the learning rate as a fraction of each group's own: 1 at the height of a [Schedule]
    default void step(Map<String, Tensor> gradients, double rate) {
        Scope.temporary(() -> step(gradients, rate, Tensor.full(Shape.SCALAR, 1, DType.F32, device(gradients))));
    }

    /// One step with the gradients times `scale`, a tensor without axes such as [ClipNorm.Clip#scale]: they are scaled
    /// where they are read, and not copied.
    void step(Map<String, Tensor> gradients, double rate, Tensor scale);

    /// Where `tensors` lie, the first of them if they lie apart; where there are none, the default device.
    static Device device(Map<String, Tensor> tensors) {
        return tensors.isEmpty() ? Settings.current().device() : tensors.values().iterator().next().device();
    }

    /// What must be saved to go on exactly: tensors by name, live ones that change in place, the step count among them.
    Map<String, Tensor> state();
}
