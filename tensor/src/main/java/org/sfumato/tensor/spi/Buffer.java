package org.sfumato.tensor.spi;

import java.lang.foreign.MemorySegment;

/// Memory of a device, given out and taken back by its [Backend], or [BorrowedBuffer] from elsewhere.
public interface Buffer {
    /// Usable bytes.
    long bytes();

    /// The memory itself where the host can reach it: never a heap array, and 64-byte aligned if it is a pool's, else
    /// aligned to its elements.
    ///
    /// @throws UnsupportedOperationException if the memory is not the host's
    MemorySegment host();

    /// The address of the first byte, in the address space of the device.
    ///
    /// @throws IllegalStateException if the buffer was freed
    default long address() {
        return host().address();
    }
}
