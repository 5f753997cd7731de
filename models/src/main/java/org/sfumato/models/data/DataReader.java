package org.sfumato.models.data;

import java.io.IOException;
import java.util.Optional;

/// What a file holds, one thing after another; no more of the file is in memory than that needs.
///
/// For one thread.
///
/// @param <T> what is read
public interface DataReader<T> extends AutoCloseable {
    /// The next one, or nothing at the end.
    ///
    /// @throws org.sfumato.tensor.io.FormatException if the file is not what it should be, naming the line or row
    /// @throws IOException if it cannot be read
    Optional<T> next() throws IOException;

    /// How many bytes of the file were read so far, compressed as they lie there: what has become of [#next] in a file
    /// of known size.
    long position();

    @Override
    void close() throws IOException;
}
