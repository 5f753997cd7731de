package org.sfumato.models.training;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.sfumato.autograd.Gradients;
import org.sfumato.autograd.Tape;
import org.sfumato.nn.optim.ClipNorm;
import org.sfumato.nn.optim.LossScaler;
import org.sfumato.nn.optim.Optimizer;
import org.sfumato.tensor.Precision;
import org.sfumato.tensor.Replay;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// What a step of any training is: a loss, its gradients, their norm limited, the optimiser's update.
///
/// These are two pieces of work, between which the loss is read: what is not finite must not change a parameter. Where
/// the device can, it repeats each as a whole ([Replay]). So the loss is a function of what changes from step to step
/// (data, random numbers) by operations that stay; one that is different runs one by one and gives the same numbers.
///
/// The loss is computed in a [Precision]; parameters, gradients and the optimiser's state are f32 in each. In
/// [Precision#FP16] it is scaled ([LossScaler]), and a step whose gradients overflow changes nothing but the scale.
public final class Descent implements AutoCloseable {
    /// Results of the first piece before the gradients: what the host reads, what takes the scale off, the norm.
    private static final int BEFORE = 3;

    private final Optimizer optimizer;
    private final double clip;
    private final Precision precision;
    private final LossScaler scaler;
    private final Replay ascent;
    private final Replay update;

    /// Steps of `optimizer`; a scaler of the loss lives in the current scope.
    ///
    /// @param parameters by name, all on one device
    /// @param clip the largest norm of all gradients together; 0 for no limit
    /// @param precision of the loss
    public Descent(Map<String, Tensor> parameters, Optimizer optimizer, double clip, Precision precision) {
        var device = Optimizer.device(parameters);
        this.optimizer = optimizer;
        this.clip = clip;
        this.precision = precision;
        this.scaler = precision == Precision.FP16 ? new LossScaler(LossScaler.Config.DEFAULT, device) : null;
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
    /// @throws ArithmeticException if it is not finite, in FP16 if gradients overflow without a scale too; the
    ///     parameters are then as they were before
    public double step(Map<String, Tensor> parameters, Supplier<Tensor> loss, double rate, long number) {
        try (var batch = Scope.open("batch")) {
            return batch.call(() -> {
                var made = ascent.run(() -> scaler == null ? ascend(parameters, loss) : ascendScaled(parameters, loss));
                var read = made[0].toDoubles();
                boolean overflow = scaler != null && !Double.isFinite(read[1]);
                if (overflow ? read[2] < 1 : !Double.isFinite(read[0])) {
                    throw new ArithmeticException("training: the loss of step " + number + " is " + read[0]
                            + (overflow ? ", its gradients are beyond f16 at a scale of " + read[2] : "")
                            + "\nhint: a smaller learning rate, " + (overflow ? "bf16, " : "")
                            + "or go on from an earlier checkpoint");
                }
                if (!overflow) {
                    update.run(() -> descend(parameters, made, rate));
                }
                return read[0];
            });
        }
    }

    /// The loss and its gradients by the parameters.
    private Tensor[] ascend(Map<String, Tensor> parameters, Supplier<Tensor> loss) {
        try (var tape = Tape.record(() -> precision.call(loss))) {
            var made = made(parameters, tape.gradients(parameters.values()));
            made[0] = tape.value();
            tape.keep(Arrays.stream(made).filter(Objects::nonNull).toArray(Tensor[]::new));
            return made;
        }
    }

    /// The same of the scaled loss; read are the loss, the norm of the scaled gradients, and the scale.
    private Tensor[] ascendScaled(Map<String, Tensor> parameters, Supplier<Tensor> loss) {
        try (var tape = Tape.record(() -> precision.call(loss))) {
            var made = made(parameters, tape.scaledGradients(parameters.values(), scaler.scale()));
            tape.keep(Arrays.copyOfRange(made, BEFORE, made.length));
            var norm = ClipNorm.norm(named(parameters, made));
            made[0] = Tensor.stack(0, tape.value().reshape().cast(norm.dtype()), norm, scaler.scale());
            made[1] = scaler.inverse();
            made[2] = norm.mul(made[1]);
            scaler.update(norm);
            return made;
        }
    }

    private static Tensor[] made(Map<String, Tensor> parameters, Gradients gradients) {
        var made = new Tensor[BEFORE + parameters.size()];
        int next = BEFORE;
        for (var parameter : parameters.values()) {
            made[next++] = gradients.of(parameter);
        }
        return made;
    }

    private static Map<String, Tensor> named(Map<String, Tensor> parameters, Tensor[] made) {
        var gradients = new LinkedHashMap<String, Tensor>();
        int next = BEFORE;
        for (var name : parameters.keySet()) {
            gradients.put(name, made[next++]);
        }
        return gradients;
    }

    private Tensor[] descend(Map<String, Tensor> parameters, Tensor[] made, double rate) {
        var gradients = named(parameters, made);
        if (scaler != null) {
            optimizer.step(gradients, rate, clip > 0 ? ClipNorm.scale(made[2], clip).mul(made[1]) : made[1]);
        } else if (clip > 0) {
            optimizer.step(gradients, rate, ClipNorm.of(gradients, clip).scale());
        } else {
            optimizer.step(gradients, rate);
        }
        return new Tensor[0];
    }

    /// What must be saved to go on exactly, by name, live: the optimiser's state and that of the scale of the loss.
    public Map<String, Tensor> state() {
        if (scaler == null) {
            return optimizer.state();
        }
        var state = new LinkedHashMap<>(optimizer.state());
        scaler.state().forEach((name, tensor) -> state.put("loss." + name, tensor));
        return state;
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
