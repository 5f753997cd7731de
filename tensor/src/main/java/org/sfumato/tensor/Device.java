package org.sfumato.tensor;

/// Where tensors live and operations run: the name of a backend and an index. Names are those of the backends that the
/// ServiceLoader finds: `cpu`, `reference`, `cuda`.
public record Device(String backend, int index) {
    /// The SIMD engine of this library.
    public static final Device CPU = new Device("cpu", 0);
    /// Plain loops in float64.
    public static final Device REFERENCE = new Device("reference", 0);

    /// The device called `name`: `cpu`, `cuda`, `cuda:1`.
    ///
    /// @throws IllegalArgumentException if the text is malformed
    public static Device of(String name) {
        int colon = name.indexOf(':');
        try {
            return colon < 0 ? new Device(name, 0)
                    : new Device(name.substring(0, colon), Integer.parseUnsignedInt(name.substring(colon + 1)));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("device: cannot read '" + name
                    + "'\nhint: cpu, reference, cuda, cuda:1");
        }
    }

    @Override
    public String toString() {
        return index == 0 ? backend : backend + ":" + index;
    }
}
