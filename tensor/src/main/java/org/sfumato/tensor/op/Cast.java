package org.sfumato.tensor.op;

import org.sfumato.tensor.DType;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// The same values in another type. To a half type: round to nearest, ties to even. From floating to integer: toward
/// zero, as Java's cast. To bool: not equal to 0, NaN is true.
public record Cast(DType to) implements Op, Differentiable {
    @Override
    public String name() {
        return "cast";
    }

    @Override
    public Spec[] outputs(Spec... in) {
        return new Spec[] {in[0].as(to)};
    }

    @Override
    public Tensor[] vjp(Saved saved, Tensor[] dOut) {
        var from = saved.in(0).dtype();
        return new Tensor[] {from.isFloating() && to.isFloating() ? dOut[0].cast(from) : null};
    }
}
