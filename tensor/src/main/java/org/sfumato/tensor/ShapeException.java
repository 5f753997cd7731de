package org.sfumato.tensor;

/// Thrown before any work when shapes, types or axes do not fit an operation.
/// The message says what differs, then a line per operand, then a hint where there is one.
public final class ShapeException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /// An exception with `message`.
    public ShapeException(String message) {
        super(message);
    }
}
