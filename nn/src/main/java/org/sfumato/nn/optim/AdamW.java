package org.sfumato.nn.optim;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Fuse;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.expr.Expr;

/// Adam with decoupled weight decay, one fused formula per parameter: `m = b1 m + (1 - b1) g`, `v = b2 v + (1 - b2)
/// g^2`, `p = (1 - lr wd) p - lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)`. Source: Loshchilov and Hutter 2019,
/// arXiv 1711.05101; PyTorch's order of operations.
public final class AdamW implements Optimizer {
    /// Settings. `learningRate` is the rate at the height of the schedule; `decayVectors` is whether tensors with fewer
    /// than two axes (biases, scales of norms) decay as well, as they do in PyTorch.
    public record Config(double learningRate, double beta1, double beta2, double epsilon, double weightDecay,
            boolean decayVectors) {
        /// PyTorch's defaults but for the rate: betas 0.9 and 0.999, epsilon 1e-8, decay 0.01 on everything.
        public static Config of(double learningRate) {
            return new Config(learningRate, .9, .999, 1e-8, .01, true);
        }
    }

    private final Map<String, Tensor> parameters;
    private final Config config;
    private final Map<String, Tensor> state = new LinkedHashMap<>();
    private final Map<String, Moments> moments = new HashMap<>();
    private final Fuse formula;
    private final Fuse corrections;
    private final Tensor count;

    /// An optimiser of `parameters`; its state lives in the current scope.
    public AdamW(Map<String, Tensor> parameters, Config config) {
        this.parameters = Map.copyOf(parameters);
        this.config = config;
        this.formula = formula(config);
        this.corrections = corrections(config);
        this.count = Tensor.full(Shape.SCALAR, 0, DType.I64, Optimizer.device(parameters));
        state.put("step", count);
        parameters.forEach((name, p) -> {
            var one = new Moments(zeros(p), zeros(p));
            moments.put(name, one);
            state.put("m." + name, one.first);
            state.put("v." + name, one.second);
        });
    }

    /// The running means `m` and `v` of a parameter.
    private record Moments(Tensor first, Tensor second) { }

    private static Tensor zeros(Tensor p) {
        return Tensor.full(p.shape(), 0, p.dtype(), p.device());
    }

    /// Arguments: p, m, v, g, then scalars: learning rate over the first correction, square root of the second, what
    /// weight decay leaves, scale of the gradient.
    private static Fuse formula(Config config) {
        return Fuse.of("adamW", 8, x -> {
            var g = x.get(3).mul(x.get(7));
            var m = x.get(1).mul(config.beta1).add(g.mul(1 - config.beta1));
            var v = x.get(2).mul(config.beta2).add(g.mul(g).mul(1 - config.beta2));
            var step = x.get(4).mul(m.div(v.sqrt().div(x.get(5)).add(Expr.of(config.epsilon))));
            return List.of(x.get(0).mul(x.get(6)).sub(step), m, v);
        });
    }

    /// Arguments: the number of the step and the learning rate, in float64. Results: the rate over the first
    /// correction, the square root of the second. They are computed where the count is, so that no step waits for it.
    private static Fuse corrections(Config config) {
        return Fuse.of("adamWCorrections", 2, x -> List.of(
                x.get(1).div(x.get(0).mul(Math.log(config.beta1)).expm1().neg()),
                x.get(0).mul(Math.log(config.beta2)).expm1().neg().sqrt()));
    }

    @Override
    public void step(Map<String, Tensor> gradients, double rate, Tensor scale) {
        Scope.temporary(() -> {
            count.assign(count.add(1));
            double lr = config.learningRate * rate;
            var corrected = corrections.applyAll(count.cast(DType.F64),
                    Tensor.full(Shape.SCALAR, lr, DType.F64, count.device()));
            var rate1 = Scalars.of(corrected[0]);
            var root2 = Scalars.of(corrected[1]);
            var decayed = Scalars.of(1 - lr * config.weightDecay);
            var kept = Scalars.of(1);
            var scales = Scalars.of(scale);
            gradients.forEach((name, g) -> {
                var p = parameters.get(name);
                boolean decays = config.decayVectors || p.shape().rank() > 1;
                var own = moments.get(name);
                formula.update(p, own.first, own.second, g, rate1.like(p), root2.like(p),
                        (decays ? decayed : kept).like(p), scales.like(p));
            });
        });
    }

    @Override
    public Map<String, Tensor> state() {
        return state;
    }
}
