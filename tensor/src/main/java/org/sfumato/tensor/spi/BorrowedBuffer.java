package org.sfumato.tensor.spi;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;

/// Host memory that no pool owns, as a mapped file: used where it lies, and given back to whoever lent it.
public final class BorrowedBuffer implements Buffer {
    private final MemorySegment memory;
    private final Runnable release;
    private final AtomicBoolean ended = new AtomicBoolean();

    /// `memory` until [#end], which runs `release`.
    ///
    /// @throws IllegalArgumentException if the memory lies on the heap
    public BorrowedBuffer(MemorySegment memory, Runnable release) {
        if (!memory.isNative()) {
            throw new IllegalArgumentException("buffer: heap memory cannot be computed with");
        }
        this.memory = unscoped(memory);
        this.release = release;
    }

    /// As memory of the pool is: one kind of segment in all kernels, and no check of its arena at each access.
    @SuppressWarnings("restricted")
    private static MemorySegment unscoped(MemorySegment memory) {
        return MemorySegment.ofAddress(memory.address()).reinterpret(memory.byteSize());
    }

    @Override
    public long bytes() {
        return memory.byteSize();
    }

    /// The memory, aligned as whoever lent it has it.
    ///
    /// @throws IllegalStateException if it was given back
    @Override
    public MemorySegment host() {
        if (ended.get()) {
            throw new IllegalStateException("buffer: used after it was given back, " + bytes() + " bytes");
        }
        return memory;
    }

    /// Gives the memory back.
    ///
    /// @throws IllegalStateException if that was done before
    public void end() {
        if (!ended.compareAndSet(false, true)) {
            throw new IllegalStateException("buffer: given back twice, " + bytes() + " bytes");
        }
        release.run();
    }
}
