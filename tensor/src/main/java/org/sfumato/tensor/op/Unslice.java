package org.sfumato.tensor.op;

import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// The gradient of a slice: zeros of the full size along the axis, with the input where the slice was taken.
public record Unslice(View.Slice slice, long full) implements Op, Differentiable {
    @Override
    public String name() {
        return "unslice";
    }

    @Override
    public Spec[] outputs(Spec... in) {
        return new Spec[] {new Spec(in[0].shape().with(slice.axis(), full), in[0].dtype())};
    }

    @Override
    public Tensor[] vjp(Saved saved, Tensor[] dOut) {
        return new Tensor[] {org.sfumato.tensor.Dispatch.one(slice, dOut[0])};
    }
}
