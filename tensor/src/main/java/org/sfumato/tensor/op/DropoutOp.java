package org.sfumato.tensor.op;

import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// `y = x * keep / (1 - p)`, where each element of `keep` is 1 with probability `1 - p`, drawn from `rng` by the
/// element's index; the gradient draws the same numbers again. Source: Srivastava et al. 2014, JMLR 15.
///
/// @param p the probability of dropping an element, in [0, 1)
public record DropoutOp(double p, Rng rng) implements Fused, Seeded {
    /// Checks the probability.
    public DropoutOp {
        if (!(p >= 0 && p < 1)) {
            throw new IllegalArgumentException("dropout: p = " + p + " is outside [0, 1)");
        }
    }

    @Override
    public String name() {
        return "dropout";
    }

    @Override
    public DropoutOp withRng(Rng other) {
        return new DropoutOp(p, other);
    }

    @Override
    public Spec[] outputs(Spec... in) {
        return new Spec[] {in[0]};
    }

    @Override
    public Tensor[] reference(Tensor... in) {
        var keep = Tensor.bernoulli(in[0].shape(), 1 - p, rng, in[0].device());
        return new Tensor[] {in[0].mul(keep.cast(in[0].dtype())).mul(1 / (1 - p))};
    }

    @Override
    public Tensor[] vjp(Saved saved, Tensor[] dOut) {
        return new Tensor[] {Dispatch.one(this, dOut[0])};
    }
}
