package org.sfumato.nn.optim;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.sfumato.tensor.Fuse;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

/// Momentum whose step is made orthogonal, for the matrices inside a network: `u = momentum u + g`, `O = NewtonSchulz(g
/// + momentum u)`, `p = (1 - lr wd) p - lr sqrt(max(1, rows/columns)) O`. Source: Jordan et al. 2024, "Muon: an
/// optimizer for hidden layers in neural networks".
public final class Muon implements Optimizer {
    /// Settings; the source uses a rate of 0.02, momentum 0.95, no decay.
    public record Config(double learningRate, double momentum, double weightDecay) { }

    /// The odd polynomial `a x + b x^3 + c x^5` whose iteration drives singular values in (0, 1] towards 1; values of
    /// the source.
    private static final double A = 3.4445;
    private static final double B = -4.7750;
    private static final double C = 2.0315;
    private static final int ITERATIONS = 5;

    private static final Fuse COMBINE = Fuse.of("muonCombine", (a, aa) -> a.mul(B).add(aa.mul(C)));
    private static final Fuse ADVANCE = Fuse.of("muonAdvance", (x, bx) -> x.mul(A).add(bx));
    private static final Fuse DESCEND = Fuse.of("muonDescend", 4,
            x -> List.of(x.get(0).mul(x.get(3)).sub(x.get(1).mul(x.get(2)))));

    private final Map<String, Tensor> parameters;
    private final Config config;
    private final Map<String, Tensor> state = new LinkedHashMap<>();
    private final Fuse momentum;
    private final Fuse ahead;

    /// An optimiser of `parameters`, all matrices; its state lives in the current scope.
    ///
    /// @throws IllegalArgumentException if a parameter is not a matrix
    public Muon(Map<String, Tensor> parameters, Config config) {
        this.parameters = Map.copyOf(parameters);
        this.config = config;
        this.momentum = Fuse.of("muonMomentum", 3, x -> List.of(
                x.get(0).mul(config.momentum).add(x.get(1).mul(x.get(2)))));
        this.ahead = Fuse.of("muonAhead", 3, x -> List.of(
                x.get(1).mul(x.get(2)).add(x.get(0).mul(config.momentum))));
        parameters.forEach((name, p) -> {
            if (p.shape().rank() != 2) {
                throw new IllegalArgumentException("muon: " + name + " " + p.spec()
                        + " is not a matrix\nhint: give it to AdamW");
            }
            state.put("u." + name, Tensor.full(p.shape(), 0, p.dtype(), p.device()));
        });
    }

    /// Matrices of one shape are made orthogonal together, in one batch.
    @Override
    public void step(Map<String, Tensor> gradients, double rate, Tensor scale) {
        var byShape = new LinkedHashMap<Shape, List<String>>();
        gradients.forEach((name, g) -> byShape.computeIfAbsent(g.shape(), _ -> new ArrayList<>()).add(name));
        byShape.values().forEach(names -> Scope.temporary(() -> step(names, gradients, rate, scale)));
    }

    private void step(List<String> names, Map<String, Tensor> gradients, double rate, Tensor scale) {
        var scales = Scalars.of(scale);
        var directions = orthogonalize(Tensor.stack(0, names.stream().map(name -> {
            var u = state.get("u." + name);
            var g = gradients.get(name);
            momentum.update(u, g, scales.like(u));
            return ahead.apply(u, g, scales.like(u));
        }).toArray(Tensor[]::new)));
        double lr = config.learningRate * rate;
        var rates = Scalars.of(lr * Math.sqrt(Math.max(1.0, (double) directions.size(1) / directions.size(2))));
        var decayed = Scalars.of(1 - lr * config.weightDecay);
        for (int i = 0; i < names.size(); i++) {
            var p = parameters.get(names.get(i));
            DESCEND.update(p, directions.select(0, i), rates.like(p), decayed.like(p));
        }
    }

    /// The nearest matrices with singular values near 1, by Newton and Schulz. Shapes: (B, M, N) -> (B, M, N).
    static Tensor orthogonalize(Tensor g) {
        boolean tall = g.size(1) > g.size(2);
        var x = tall ? g.t() : g;
        x = x.div(x.square().sum(true, 1, 2).sqrt().add(1e-7));
        for (int i = 0; i < ITERATIONS; i++) {
            var a = x.matmul(x.t());
            x = ADVANCE.apply(x, COMBINE.apply(a, a.matmul(a)).matmul(x));
        }
        return tall ? x.t() : x;
    }

    @Override
    public Map<String, Tensor> state() {
        return state;
    }
}
