package org.sfumato.tensor.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

/// Working memory of a kernel, 64-byte aligned and not cleared, lent for the time of one chunk or one operation: `try
/// (var scratch = Scratch.of(bytes)) { ... }`.
///
/// Pieces are powers of two in size and are used again, so that a kernel that runs a second time allocates neither
/// memory nor objects; there are never more of a size than were in use at once. Pieces above 64 MiB are left to the
/// collector.
final class Scratch implements AutoCloseable {
    private static final int SMALLEST = 12;
    private static final int LARGEST = 26;
    private static final List<Shelf> SHELVES = Stream.generate(Shelf::new).limit(LARGEST + 1).toList();

    /// The memory.
    final MemorySegment segment;
    private final AtomicBoolean lent = new AtomicBoolean(true);

    private Scratch(long bytes) {
        this.segment = Arena.ofAuto().allocate(bytes, 64);
    }

    /// All pieces of one size, few enough to be looked through: two or three for each thread.
    private static final class Shelf {
        private volatile Scratch[] pieces = {};

        Scratch take(long bytes) {
            for (var piece : pieces) {
                if (!piece.lent.getPlain() && piece.lent.compareAndSet(false, true)) {
                    return piece;
                }
            }
            return add(new Scratch(bytes));
        }

        private synchronized Scratch add(Scratch piece) {
            var more = Arrays.copyOf(pieces, pieces.length + 1);
            more[pieces.length] = piece;
            pieces = more;
            return piece;
        }
    }

    /// At least `bytes` bytes.
    static Scratch of(long bytes) {
        int log2 = Math.max(SMALLEST, Long.SIZE - Long.numberOfLeadingZeros(Math.max(1, bytes) - 1));
        return log2 > LARGEST ? new Scratch(1L << log2) : SHELVES.get(log2).take(1L << log2);
    }

    /// Gives the memory back.
    @Override
    public void close() {
        lent.set(false);
    }
}
