package org.sfumato.models.training;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.sfumato.autograd.Tape;
import org.sfumato.nn.optim.ClipNorm;
import org.sfumato.nn.optim.Optimizer;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// What a step of any training is: a loss, its gradients, their norm limited, the optimiser's update.
///
/// @param parameters by name, changed in place
/// @param optimizer of these parameters
/// @param clip the largest norm of all gradients together; 0 for no limit
public record Descent(Map<String, Tensor> parameters, Optimizer optimizer, double clip) {
    /// One step; all that it makes is freed.
    ///
    /// @param loss computed and recorded here
    /// @param rate the share of the optimiser's learning rate
    /// @param number of the step, for the error
    /// @return the loss
    /// @throws ArithmeticException if it is not finite; the parameters are then as they were before
    public double step(Supplier<Tensor> loss, double rate, long number) {
        try (var batch = Scope.open("batch")) {
            return batch.call(() -> {
                try (var tape = Tape.record(loss)) {
                    double value = tape.value().item();
                    if (!Double.isFinite(value)) {
                        throw new ArithmeticException("training: the loss of step " + number + " is " + value
                                + "\nhint: a smaller learning rate, or go on from an earlier checkpoint");
                    }
                    var gradients = tape.gradients(parameters.values());
                    var byName = new LinkedHashMap<String, Tensor>();
                    parameters.forEach((name, p) -> byName.put(name, gradients.of(p)));
                    if (clip > 0) {
                        optimizer.step(byName, rate, ClipNorm.of(byName, clip).scale());
                    } else {
                        optimizer.step(byName, rate);
                    }
                    return value;
                }
            });
        }
    }
}
