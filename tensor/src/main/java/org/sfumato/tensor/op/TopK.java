package org.sfumato.tensor.op;

import org.sfumato.tensor.DType;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// The `k` largest elements along an axis in falling order, and the index (i64) of each; among equals the lower index
/// comes first.
public record TopK(int axis, long k) implements Op, Differentiable {
    @Override
    public String name() {
        return "topK";
    }

    @Override
    public Spec[] outputs(Spec... in) {
        long size = in[0].shape().size(axis);
        if (k < 0 || k > size) {
            throw new ShapeException("topK: k = " + k + " is outside [0, " + size + "] for " + in[0].shape()
                    + " along axis " + axis);
        }
        var spec = new Spec(in[0].shape().with(axis, k), in[0].dtype());
        return new Spec[] {spec, spec.as(DType.I64)};
    }

    @Override
    public Tensor[] vjp(Saved saved, Tensor[] dOut) {
        return new Tensor[] {Sort.scatterBack(saved, dOut, axis)};
    }
}
