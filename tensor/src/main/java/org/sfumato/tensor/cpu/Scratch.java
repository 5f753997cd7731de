package org.sfumato.tensor.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.stream.Stream;

/// Working memory of a kernel, 64-byte aligned and not cleared, lent for the time of one chunk or one operation: `try
/// (var scratch = Scratch.of(bytes)) { ... }`.
///
/// Pieces are powers of two in size and are used again, so that a kernel that runs a second time allocates no memory;
/// there are never more of a size than were in use at once. Pieces above 64 MiB are left to the collector.
final class Scratch implements AutoCloseable {
    private static final int SMALLEST = 12;
    private static final int LARGEST = 26;
    private static final List<ConcurrentLinkedDeque<Scratch>> FREE =
            Stream.generate(ConcurrentLinkedDeque<Scratch>::new).limit(LARGEST + 1).toList();

    /// The memory.
    final MemorySegment segment;
    private final int log2;

    private Scratch(int log2) {
        this.log2 = log2;
        this.segment = Arena.ofAuto().allocate(1L << log2, 64);
    }

    /// At least `bytes` bytes.
    static Scratch of(long bytes) {
        int log2 = Math.max(SMALLEST, Long.SIZE - Long.numberOfLeadingZeros(Math.max(1, bytes) - 1));
        var free = log2 > LARGEST ? null : FREE.get(log2).poll();
        return free == null ? new Scratch(log2) : free;
    }

    /// Gives the memory back.
    @Override
    public void close() {
        if (log2 <= LARGEST) {
            FREE.get(log2).push(this);
        }
    }
}
