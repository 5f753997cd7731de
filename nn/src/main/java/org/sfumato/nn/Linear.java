package org.sfumato.nn;

import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// `y = x W^T + b`. Shapes: x (..., I), weight (O, I), bias (O) or `null` -> y (..., O).
public record Linear(Tensor weight, Tensor bias) implements LinearMap {
    /// PyTorch's first values: weight and bias uniform in +-1/sqrt(in).
    public static Linear init(long in, long out, boolean bias, Rng rng) {
        var parts = rng.split(2);
        double bound = 1 / Math.sqrt(in);
        return new Linear(Init.uniform(bound, parts[0], out, in), bias ? Init.uniform(bound, parts[1], out) : null);
    }

    /// A weight of zeros and no bias: a layer that adds nothing to a residual stream until it has learned.
    public static Linear zero(long in, long out) {
        return new Linear(Init.zeros(out, in), null);
    }

    @Override
    public long in() {
        return weight.size(1);
    }

    @Override
    public long out() {
        return weight.size(0);
    }

    @Override
    public Tensor forward(Tensor x) {
        return x.linear(weight, bias);
    }
}
