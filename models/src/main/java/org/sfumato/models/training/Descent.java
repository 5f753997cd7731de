package org.sfumato.models.training;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.sfumato.autograd.Tape;
import org.sfumato.nn.optim.ClipNorm;
import org.sfumato.nn.optim.Optimizer;
import org.sfumato.tensor.Replay;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// What a step of any training is: a loss, its gradients, their norm limited, the optimiser's update.
///
/// These are two pieces of work, between which the loss is read: what is not finite must not change a parameter. Where
/// the device can, it repeats each as a whole ([Replay]). So the loss is a function of what changes from step to step
/// (data, random numbers) by operations that stay; one that is different runs one by one and gives the same numbers.
public final class Descent implements AutoCloseable {
    private final Optimizer optimizer;
    private final double clip;
    private final Replay ascent;
    private final Replay update;

    /// Steps of `optimizer`.
    ///
    /// @param parameters by name, all on one device
    /// @param clip the largest norm of all gradients together; 0 for no limit
    public Descent(Map<String, Tensor> parameters, Optimizer optimizer, double clip) {
        var device = Optimizer.device(parameters);
        this.optimizer = optimizer;
        this.clip = clip;
        this.ascent = Replay.on(device, "loss and gradients");
        this.update = Replay.on(device, "update of the parameters");
    }

    /// One step; all that it makes is freed, or held for the next one.
    ///
    /// @param parameters those that change, by name
    /// @param loss computed and recorded here
    /// @param rate the share of the optimiser's learning rate
    /// @param number of the step, for the error
    /// @return the loss
    /// @throws ArithmeticException if it is not finite; the parameters are then as they were before
    public double step(Map<String, Tensor> parameters, Supplier<Tensor> loss, double rate, long number) {
        try (var batch = Scope.open("batch")) {
            return batch.call(() -> {
                var made = ascent.run(() -> ascend(parameters, loss));
                double value = made[0].item();
                if (!Double.isFinite(value)) {
                    throw new ArithmeticException("training: the loss of step " + number + " is " + value
                            + "\nhint: a smaller learning rate, or go on from an earlier checkpoint");
                }
                update.run(() -> descend(parameters, made, rate));
                return value;
            });
        }
    }

    /// The loss and its gradients by the parameters.
    private static Tensor[] ascend(Map<String, Tensor> parameters, Supplier<Tensor> loss) {
        try (var tape = Tape.record(loss)) {
            var made = new Tensor[1 + parameters.size()];
            var gradients = tape.gradients(parameters.values());
            int next = 1;
            for (var parameter : parameters.values()) {
                made[next++] = gradients.of(parameter);
            }
            made[0] = tape.value();
            tape.keep(made);
            return made;
        }
    }

    private Tensor[] descend(Map<String, Tensor> parameters, Tensor[] made, double rate) {
        var gradients = new LinkedHashMap<String, Tensor>();
        int next = 1;
        for (var name : parameters.keySet()) {
            gradients.put(name, made[next++]);
        }
        if (clip > 0) {
            optimizer.step(gradients, rate, ClipNorm.of(gradients, clip).scale());
        } else {
            optimizer.step(gradients, rate);
        }
        return new Tensor[0];
    }

    /// Steps that the device has repeated as a whole.
    public long repeated() {
        return Math.min(ascent.replays(), update.replays());
    }

    /// Frees what is held from step to step.
    @Override
    public void close() {
        ascent.close();
        update.close();
    }
}
