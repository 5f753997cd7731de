package org.sfumato.tensor.op;

import java.util.Arrays;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// `s = sum of x^2` over all elements of all inputs, which may differ in shape: the square of the norm of many
/// gradients together.
///
/// Shapes: any number of tensors of one type, at least one -> one number.
public record SquareSumOp() implements Fused {
    @Override
    public String name() {
        return "squareSum";
    }

    @Override
    public Spec[] outputs(Spec... in) {
        if (in.length == 0) {
            throw new IllegalArgumentException("squareSum: no inputs");
        }
        for (var spec : in) {
            if (spec.dtype() != in[0].dtype() || !spec.dtype().isFloating()) {
                throw new IllegalArgumentException("squareSum: inputs must be floating and of one type, got "
                        + in[0].dtype() + " and " + spec.dtype());
            }
        }
        return new Spec[] {new Spec(Shape.SCALAR, in[0].dtype())};
    }

    @Override
    public Tensor[] reference(Tensor... in) {
        return new Tensor[] {
            Tensor.stack(0, Arrays.stream(in).map(x -> x.square().sum()).toArray(Tensor[]::new)).sum()};
    }
}
