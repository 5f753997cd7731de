package org.sfumato.cli.shared;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.sfumato.tensor.Scope;

/// Work in a scope that may fail to read or write.
public final class Scoped {
    /// Something that reads or writes.
    public interface Work<T> {
        T run() throws IOException;
    }

    private Scoped() { }

    public static <T> T call(Scope scope, Work<T> work) throws IOException {
        try {
            return scope.call(() -> {
                try {
                    return work.run();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }
}
