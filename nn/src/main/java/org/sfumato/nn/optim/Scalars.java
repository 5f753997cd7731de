package org.sfumato.nn.optim;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

/// One number as a tensor without axes, made once for each type and device.
final class Scalars {
    private final UnaryOperator<Tensor> make;
    private final List<Tensor> made = new ArrayList<>();

    private Scalars(UnaryOperator<Tensor> make) {
        this.make = make;
    }

    /// The number `value`.
    static Scalars of(double value) {
        return new Scalars(like -> Tensor.full(Shape.SCALAR, value, like.dtype(), like.device()));
    }

    /// The number in `value`, a tensor without axes.
    static Scalars of(Tensor value) {
        return new Scalars(like -> (value.dtype() == like.dtype() ? value : value.cast(like.dtype()))
                .to(like.device()));
    }

    /// The number in the type and on the device of `other`.
    Tensor like(Tensor other) {
        for (var one : made) {
            if (one.dtype() == other.dtype() && one.device().equals(other.device())) {
                return one;
            }
        }
        made.add(make.apply(other));
        return made.getLast();
    }
}
