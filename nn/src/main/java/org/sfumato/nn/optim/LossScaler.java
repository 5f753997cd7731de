package org.sfumato.nn.optim;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Fuse;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.expr.Expr;

/// The number by which a loss is multiplied so that its gradients, too small for binary16 otherwise, are not lost on
/// the way: it falls when a gradient overflows, and that step is left out; it rises when none has for a while. All of
/// it lies on the device, so that nothing waits for it.
///
/// ```java
/// var gradients = tape.scaledGradients(parameters, scaler.scale());
/// var norm = ClipNorm.norm(gradients);                                   // not finite: something overflowed
/// var inverse = scaler.inverse();
/// scaler.update(norm);
/// if (Double.isFinite(norm.item())) {
///     optimizer.step(gradients, rate, inverse);
/// }
/// ```
///
/// Source: Micikevicius et al. 2018, arXiv 1710.03740, section 3.2; numbers and rules of torch.amp.GradScaler. A norm
/// that f32 cannot hold counts as an overflow as well.
public final class LossScaler {
    /// Settings.
    ///
    /// @param initial the first scale
    /// @param growth what multiplies it after `interval` steps in a row without an overflow
    /// @param backoff what multiplies it after an overflow
    public record Config(double initial, double growth, double backoff, int interval) {
        /// PyTorch's: 65536, doubled after 2000 steps, halved by an overflow.
        public static final Config DEFAULT = new Config(65536, 2, .5, 2000);

        /// Checks that it can rise and fall.
        public Config {
            if (!(initial > 0) || !(growth > 1) || !(backoff > 0 && backoff < 1) || interval < 1) {
                throw new IllegalArgumentException("loss scaler: initial " + initial + " must be positive, growth "
                        + growth + " above 1, backoff " + backoff + " in (0, 1), interval " + interval
                        + " at least 1");
            }
        }
    }

    private final Fuse rule;
    private final Tensor scale;
    private final Tensor streak;

    /// A scaler of losses on `device`; its state lives in the current scope.
    public LossScaler(Config config, Device device) {
        this.rule = rule(config);
        this.scale = Tensor.full(Shape.SCALAR, config.initial, DType.F32, device);
        this.streak = Tensor.full(Shape.SCALAR, 0, DType.F32, device);
    }

    /// Arguments: the scale, the steps since it changed, the norm of the gradients. Results: the first two anew.
    private static Fuse rule(Config config) {
        return Fuse.of("lossScale", 3, x -> {
            var scale = x.get(0);
            var streak = x.get(1).add(Expr.of(1));
            var finite = isFinite(x.get(2));
            var full = streak.eq(Expr.of(config.interval));
            var grown = scale.mul(config.growth);
            var kept = full.mul(isFinite(grown)).select(grown, scale);
            return List.of(finite.select(kept, scale.mul(config.backoff)),
                    finite.select(full.select(Expr.of(0), streak), Expr.of(0)));
        });
    }

    private static Expr isFinite(Expr x) {
        return x.abs().lt(Expr.of(Double.POSITIVE_INFINITY));
    }

    /// The scale, live.
    public Tensor scale() {
        return scale;
    }

    /// What takes the scale off gradients: a tensor of its own that stays when the scale changes.
    public Tensor inverse() {
        return scale.reciprocal();
    }

    /// Adapts the scale after a step whose scaled gradients together have the norm `norm`.
    public void update(Tensor norm) {
        Scope.temporary(() -> rule.update(scale, streak, norm.cast(DType.F32)));
    }

    /// What must be saved to go on exactly: tensors by name, live ones.
    public Map<String, Tensor> state() {
        var state = new LinkedHashMap<String, Tensor>();
        state.put("scale", scale);
        state.put("streak", streak);
        return state;
    }
}
