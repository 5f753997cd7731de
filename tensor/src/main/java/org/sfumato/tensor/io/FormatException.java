package org.sfumato.tensor.io;

import java.io.IOException;
import java.nio.file.Path;

/// Thrown when a file breaks the rules of its format, or holds what this library has no type for.
/// The message names the format, the file and the rule.
public final class FormatException extends IOException {
    private static final long serialVersionUID = 1L;

    /// An exception that reads `format: file: what`.
    public FormatException(String format, Path file, String what) {
        super(format + ": " + file + ": " + what);
    }

    /// The same with what it was noticed by.
    public FormatException(String format, Path file, String what, Throwable cause) {
        super(format + ": " + file + ": " + what, cause);
    }
}
