package org.sfumato.tensor.op;

import org.sfumato.tensor.DType;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// The elements along an axis in order, and the index (i64) each came from. Equal elements keep their order. NaN counts
/// as larger than every number, and -0.0 equals 0.0, as in PyTorch.
public record Sort(int axis, boolean descending) implements Op, Differentiable {
    @Override
    public String name() {
        return "sort";
    }

    @Override
    public Spec[] outputs(Spec... in) {
        return new Spec[] {in[0], in[0].as(DType.I64)};
    }

    @Override
    public Tensor[] vjp(Saved saved, Tensor[] dOut) {
        return new Tensor[] {scatterBack(saved, dOut, axis)};
    }

    static Tensor scatterBack(Saved saved, Tensor[] dOut, int axis) {
        if (dOut[0] == null) {
            return null;
        }
        var zeros = Tensor.full(saved.in(0).shape(), 0, dOut[0].dtype(), dOut[0].device());
        return zeros.scatterAdd(axis, saved.out(1), dOut[0]);
    }
}
