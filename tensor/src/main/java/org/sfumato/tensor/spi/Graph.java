package org.sfumato.tensor.spi;

/// Work that a device has noted and can start again as a whole; see [Backend#capture].
///
/// What Java computes anew each time, and the device cannot know, belongs to a replay: numbers that become tensors
/// without axes, arrays that become tensors, and the keys of random numbers. All else must be as it was noted.
public interface Graph extends AutoCloseable {
    /// True if `work` does the same operations on the same tensors as were noted, in the same order. It is run, but
    /// nothing is computed; what it gives the device is put in place for the next [#replay].
    boolean matches(Runnable work);

    /// Starts the work that has matched. It writes where the noted work wrote.
    ///
    /// @throws IllegalStateException if the graph was closed
    void replay();

    /// Forgets the work and gives its memory back.
    @Override
    void close();

    /// Why work cannot be noted.
    final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1;

        /// Because of `why`.
        public Refused(String why) {
            super(why, null, false, false);
        }
    }
}
