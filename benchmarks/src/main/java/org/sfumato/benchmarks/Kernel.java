package org.sfumato.benchmarks;

import org.sfumato.tensor.Scope;

/// A piece of work of the engine that is measured by itself.
interface Kernel {
    /// Its name with its sizes.
    String name();

    /// Makes operands in the current scope and returns the work on them.
    Runnable work();

    /// Makes operands and measures.
    default Timing time() {
        try (var scope = Scope.open("operands")) {
            return scope.call(() -> Timing.of(work()));
        }
    }
}
