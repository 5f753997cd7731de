package org.sfumato.cuda.interpreter;

/// A kernel has done what no kernel may.
final class Fault extends IllegalStateException {
    private static final long serialVersionUID = 1;

    Fault(String message) {
        super(message);
    }
}
