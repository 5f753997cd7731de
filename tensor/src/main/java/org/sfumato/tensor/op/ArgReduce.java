package org.sfumato.tensor.op;

import java.util.Locale;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Spec;

/// The index of the largest or smallest element along an axis; the first one among equals; a NaN wins over every
/// number.
///
/// @param axis in [0, rank)
/// @param keep true if the axis stays, with size 1
public record ArgReduce(Kind kind, int axis, boolean keep) implements Op, NotDifferentiable {
    /// Which element is looked for.
    public enum Kind { ARGMAX, ARGMIN }

    @Override
    public String name() {
        return kind.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public Spec[] outputs(Spec... in) {
        if (in[0].shape().size(axis) == 0) {
            throw new ShapeException(name() + ": no elements along axis " + axis + " of " + in[0].shape());
        }
        return new Spec[] {new Spec(in[0].shape().reduce(new int[] {axis}, keep), DType.I64)};
    }
}
