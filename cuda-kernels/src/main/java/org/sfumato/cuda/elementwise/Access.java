package org.sfumato.cuda.elementwise;

/// How the threads of an element by element kernel find their elements.
public sealed interface Access {
    /// Elements that a thread of a [Dense] kernel takes.
    int QUAD = 4;

    /// All operands lie densely in one order, each at an address that is a multiple of four elements, or are one
    /// element, read by all: those inputs whose bit is set. A thread takes four elements.
    record Dense(long scalars) implements Access {
        boolean isScalar(int input) {
            return input < Long.SIZE && (scalars >>> input & 1) != 0;
        }
    }

    /// Any strides over `rank` axes; a thread takes one element.
    ///
    /// @param wide if counts or strides need more than 31 bits
    record Strided(int rank, boolean wide) implements Access { }
}
