package org.sfumato.models.training;

/// A training that goes on step by step: what a loop around it needs, whatever is trained.
public interface Steps extends AutoCloseable {
    /// One step.
    ///
    /// @return the loss
    /// @throws ArithmeticException if it is not finite; the parameters are then as they were before the step
    double step();

    /// Steps done so far.
    long steps();

    /// The fraction of the height at which the learning rate stands.
    double rate();

    /// The length of the whole run in steps.
    long total();

    /// Sets the length of the whole run, which the learning rate follows.
    void plan(long steps);

    /// Frees what it holds.
    @Override
    void close();
}
