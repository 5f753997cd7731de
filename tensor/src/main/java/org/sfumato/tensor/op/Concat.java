package org.sfumato.tensor.op;

import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// The inputs one after another along `axis`. They have one type and agree in all other sizes.
public record Concat(int axis) implements Op, Differentiable {
    @Override
    public String name() {
        return "concat";
    }

    @Override
    public Spec[] outputs(Spec... in) {
        if (in.length == 0) {
            throw new ShapeException("concat: no tensors");
        }
        var first = in[0];
        long size = 0;
        for (var spec : in) {
            if (spec.shape().rank() != first.shape().rank()
                    || !spec.shape().with(axis, 0).equals(first.shape().with(axis, 0))) {
                throw new ShapeException("concat: sizes differ off axis " + axis + ", " + first + " and " + spec);
            }
            if (spec.dtype() != first.dtype()) {
                throw new ShapeException("concat: types differ, " + first + " and " + spec + "\nhint: cast first");
            }
            size += spec.shape().size(axis);
        }
        return new Spec[] {new Spec(first.shape().with(axis, size), first.dtype())};
    }

    @Override
    public Tensor[] vjp(Saved saved, Tensor[] dOut) {
        var gradients = new Tensor[saved.inputs()];
        long start = 0;
        for (int i = 0; i < gradients.length; i++) {
            long size = saved.in(i).shape().size(axis);
            gradients[i] = saved.needs(i) ? dOut[0].slice(axis, start, start + size) : null;
            start += size;
        }
        return gradients;
    }
}
