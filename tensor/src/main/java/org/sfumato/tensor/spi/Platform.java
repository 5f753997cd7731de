package org.sfumato.tensor.spi;

/// A kind of devices that a machine may have or not, found by the ServiceLoader. Nothing is loaded or started before
/// [#look] is called, which happens when one of its devices is asked for or all devices are listed.
public interface Platform {
    /// The first part of the names of its devices, as `cuda` of `cuda:1`.
    String name();

    /// Whether there are such devices here. Later calls may return the first answer.
    Presence look();

    /// The backend of device number `index`, from 0, one of those that [#look] has found. Called once for each.
    ///
    /// @throws IllegalStateException if the device cannot be used after all, with the reason
    Backend open(int index);

    /// The answer to [#look].
    sealed interface Presence {
        /// There are `devices` of them.
        record Present(int devices) implements Presence { }

        /// There is none; `why` is one line for people, and may end in a hint.
        record Absent(String why) implements Presence { }
    }
}
