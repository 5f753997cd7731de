package org.sfumato.tensor.op;

import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// The last two axes with zeros above (`lower`) or below the diagonal that lies `diagonal` places above the main one.
public record Triangle(boolean lower, long diagonal) implements Op, Differentiable {
    @Override
    public String name() {
        return lower ? "tril" : "triu";
    }

    @Override
    public Spec[] outputs(Spec... in) {
        if (in[0].shape().rank() < 2) {
            throw new ShapeException(name() + ": needs two axes, not " + in[0].shape());
        }
        return new Spec[] {in[0]};
    }

    @Override
    public Tensor[] vjp(Saved saved, Tensor[] dOut) {
        return new Tensor[] {org.sfumato.tensor.Dispatch.one(this, dOut[0])};
    }
}
