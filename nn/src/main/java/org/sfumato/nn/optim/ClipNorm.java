package org.sfumato.nn.optim;

import java.util.LinkedHashMap;
import java.util.Map;
import org.sfumato.tensor.Tensor;

/// Scales gradients so that their common norm is at most `max`: `g * min(1, max / (norm + 1e-6))`, `norm = sqrt(sum of
/// all g^2)`. Source: Pascanu et al. 2013, arXiv 1211.5063.
public final class ClipNorm {
    /// Scaled gradients, and their norm before: a tensor without axes.
    public record Clipped(Map<String, Tensor> gradients, Tensor norm) { }

    private ClipNorm() { }

    /// Clips `gradients`.
    public static Clipped apply(Map<String, Tensor> gradients, double max) {
        var norm = norm(gradients);
        var one = norm.mul(0).add(1);
        var scale = norm.add(1e-6).reciprocal().mul(max).minimum(one);
        var clipped = new LinkedHashMap<String, Tensor>();
        gradients.forEach((name, g) -> clipped.put(name, g.mul(scale)));
        return new Clipped(clipped, norm);
    }

    /// The norm of all gradients together.
    public static Tensor norm(Map<String, Tensor> gradients) {
        return Tensor.stack(0, gradients.values().stream().map(g -> g.square().sum()).toArray(Tensor[]::new)).sum()
                .sqrt();
    }
}
