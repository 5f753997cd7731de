package org.sfumato.examples;

import java.io.IOException;
import java.io.UncheckedIOException;

/// Reading inside a scope.
final class Loading {
    private Loading() { }

    /// Something that reads files.
    interface Reading<T> {
        T read() throws IOException;
    }

    static <T> T of(Reading<T> reading) {
        try {
            return reading.read();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
