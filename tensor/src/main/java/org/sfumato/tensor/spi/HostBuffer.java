package org.sfumato.tensor.spi;

import java.lang.foreign.MemorySegment;

/// Host memory of a [HostPool]: 64-byte aligned, uninitialised, as many bytes as were asked for.
public final class HostBuffer implements Buffer {
    final HostPool.Block block;
    private final MemorySegment memory;
    private boolean free;                           // written under the lock of the block's free list

    HostBuffer(HostPool.Block block, MemorySegment memory) {
        this.block = block;
        this.memory = memory;
    }

    @Override
    public long bytes() {
        return memory.byteSize();
    }

    /// The memory, of no arena: an access to it is bounds-checked, but nothing checks that it is still alive.
    ///
    /// @throws IllegalStateException if the buffer was freed
    @Override
    public MemorySegment host() {
        if (free) {
            throw new IllegalStateException("buffer: used after it was freed, " + bytes() + " bytes");
        }
        return memory;
    }

    void end() {
        if (free) {
            throw new IllegalStateException("buffer: freed twice, " + bytes() + " bytes");
        }
        free = true;
    }
}
