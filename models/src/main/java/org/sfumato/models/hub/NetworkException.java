package org.sfumato.models.hub;

import java.io.IOException;
import java.time.Duration;

/// A connection that did not come about, or broke, or a server that is busy: to try again may help.
final class NetworkException extends IOException {
    private static final long serialVersionUID = 1L;

    private final transient Duration wait;

    NetworkException(String message, Throwable cause) {
        this(message, Duration.ZERO, cause);
    }

    /// @param wait how long the server asks to wait
    NetworkException(String message, Duration wait, Throwable cause) {
        super(message, cause);
        this.wait = wait;
    }

    Duration waiting() {
        return wait;
    }
}
