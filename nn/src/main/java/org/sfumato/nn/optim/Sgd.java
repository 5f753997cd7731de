package org.sfumato.nn.optim;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.sfumato.tensor.Fuse;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// Gradient descent with momentum, as PyTorch has it: `g = g + wd p`, `u = momentum u + g`, `p = p - lr u`, or with
/// Nesterov's form `p = p - lr (g + momentum u)`. Source: Sutskever et al. 2013, ICML.
public final class Sgd implements Optimizer {
    /// Settings.
    public record Config(double learningRate, double momentum, boolean nesterov, double weightDecay) { }

    private final Map<String, Tensor> parameters;
    private final Config config;
    private final Map<String, Tensor> state = new LinkedHashMap<>();
    private final Fuse formula;

    /// An optimiser of `parameters`; its state lives in the current scope.
    public Sgd(Map<String, Tensor> parameters, Config config) {
        this.parameters = Map.copyOf(parameters);
        this.config = config;
        this.formula = Fuse.of("sgd", 5, x -> {
            var g = x.get(2).mul(x.get(4)).add(x.get(0).mul(config.weightDecay));
            var u = x.get(1).mul(config.momentum).add(g);
            var step = config.nesterov ? g.add(u.mul(config.momentum)) : u;
            return List.of(x.get(0).sub(step.mul(x.get(3))), u);
        });
        parameters.forEach((name, p) -> state.put("u." + name, Tensor.full(p.shape(), 0, p.dtype(), p.device())));
    }

    @Override
    public void step(Map<String, Tensor> gradients, double rate, Tensor scale) {
        Scope.temporary(() -> {
            var rates = Scalars.of(config.learningRate * rate);
            var scales = Scalars.of(scale);
            gradients.forEach((name, g) -> {
                var p = parameters.get(name);
                formula.update(p, state.get("u." + name), g, rates.like(p), scales.like(p));
            });
        });
    }

    @Override
    public Map<String, Tensor> state() {
        return state;
    }
}
