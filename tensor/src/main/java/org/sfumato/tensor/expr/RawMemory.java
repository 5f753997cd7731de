package org.sfumato.tensor.expr;

import java.lang.foreign.MemorySegment;

/// All memory of the process as one segment, in which an offset is an address.
///
/// What is read and written through this constant is checked by nobody, and leaves the just-in-time compiler almost
/// nothing to inline: a loop over addresses runs at the speed of the machine. Who takes an address has proved, once for
/// the whole operation, that all of it lies in the operands ([org.sfumato.tensor.spi.Operand#address]).
public final class RawMemory {
    /// The segment. Only as a constant does it cost nothing: used from here, never from a field or a parameter.
    public static final MemorySegment ALL = all();

    private RawMemory() { }

    @SuppressWarnings("restricted")
    private static MemorySegment all() {
        return MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    }
}
