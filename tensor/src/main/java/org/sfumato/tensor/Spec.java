package org.sfumato.tensor;

/// What is known of a tensor before it is computed: its shape and its type.
public record Spec(Shape shape, DType dtype) {
    /// Bytes of a dense tensor of this kind.
    public long bytes() {
        return Math.multiplyExact(shape.count(), dtype.bytes());
    }

    /// The same shape with another type.
    public Spec as(DType type) {
        return new Spec(shape, type);
    }

    @Override
    public String toString() {
        return dtype + " " + shape;
    }
}
