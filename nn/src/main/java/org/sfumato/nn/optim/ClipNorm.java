package org.sfumato.nn.optim;

import java.util.Map;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.op.SquareSumOp;

/// What gradients must be scaled by so that their common norm is at most `max`: `min(1, max / (norm + 1e-6))`, `norm =
/// sqrt(sum of all g^2)`. The gradients are read once and not written: [Optimizer#step(Map, double, Tensor)] takes the
/// scale. Source: Pascanu et al. 2013, arXiv 1211.5063.
public final class ClipNorm {
    /// The scale, and the norm before: tensors without axes.
    public record Clip(Tensor scale, Tensor norm) { }

    private ClipNorm() { }

    /// What clips `gradients`, all of one type.
    public static Clip of(Map<String, Tensor> gradients, double max) {
        var norm = norm(gradients);
        return new Clip(scale(norm, max), norm);
    }

    /// What clips gradients whose norm is `norm`, a tensor without axes.
    public static Tensor scale(Tensor norm, double max) {
        var one = norm.mul(0).add(1);
        return norm.add(1e-6).reciprocal().mul(max).minimum(one);
    }

    /// The norm of all gradients together.
    public static Tensor norm(Map<String, Tensor> gradients) {
        return Dispatch.one(new SquareSumOp(), gradients.values().toArray(Tensor[]::new)).sqrt();
    }
}
