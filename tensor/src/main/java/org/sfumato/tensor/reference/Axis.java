package org.sfumato.tensor.reference;

import org.sfumato.tensor.Shape;

/// A shape seen from one axis: `outer` times `size` times `inner` elements in row-major order.
record Axis(long outer, long size, long inner) {
    static Axis of(Shape shape, int axis) {
        return new Axis(shape.range(0, axis).count(), shape.size(axis), shape.range(axis + 1, shape.rank()).count());
    }

    /// The place of element `k` along the axis.
    long at(long o, long k, long i) {
        return (o * size + k) * inner + i;
    }
}
