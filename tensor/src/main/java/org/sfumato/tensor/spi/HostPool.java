package org.sfumato.tensor.spi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/// A pool of 64-byte aligned host memory that keeps what is freed and gives it out again, the last freed first.
///
/// Sizes are rounded up to a class: multiples of 64 up to 512 bytes, then eight classes from each power of two to the
/// next, so that at most one byte in nine is unused. Blocks of 16 KiB and less are carved from slabs of 1 MiB, which
/// are kept for good; a larger block has an arena of its own, and [#trim] can give it back to the system. Blocks of
/// 4 MiB and more lie in huge pages where the system has some to ask for. Memory is not cleared when it is given out
/// again. All methods may be called from any thread.
public final class HostPool {
    private static final long ALIGNMENT = 64;
    private static final int FIRST_POWER = 9;                           // up to 2^9 bytes, classes are 64 bytes apart
    private static final int CLASSES = 8 * (Long.SIZE - 2 - FIRST_POWER);
    private static final long LARGEST_CARVED = 16 * 1024;
    private static final long SLAB = 1024 * 1024;
    private static final long SMALLEST_HUGE = 4 * SLAB;                 // blocks so large lie in huge pages
    private static final long CLEANER_PAUSE_MILLIS = 20;
    private static final int CLEANER_PAUSES = 5;

    private final FreeList[] lists = new FreeList[CLASSES];
    private final AtomicLong reserved = new AtomicLong();
    private final LongAdder live = new LongAdder();
    private final Object slabLock = new Object();
    private MemorySegment slab = MemorySegment.NULL;
    private long slabUsed;

    /// A pool that holds nothing yet.
    public HostPool() {
        for (int i = 0; i < CLASSES; i++) {
            lists[i] = new FreeList(classSize(i));
        }
    }

    /// A piece of memory as the pool keeps it; `arena` is `null` if it was carved from a slab.
    static final class Block {
        private final FreeList home;
        private final Arena arena;
        private final MemorySegment memory;
        private MemorySegment last;                 // the view given out last: tensors of one size come back in a loop

        Block(FreeList home, Arena arena, MemorySegment memory) {
            this.home = home;
            this.arena = arena;
            this.memory = memory;
            this.last = memory;
        }

        MemorySegment view(long bytes) {
            var view = last;
            if (view.byteSize() != bytes) {
                view = memory.asSlice(0, bytes);
                last = view;
            }
            return view;
        }
    }

    /// The unused blocks of one class, a stack.
    private static final class FreeList {
        private final long size;
        private Block[] blocks = new Block[4];
        private int count;

        FreeList(long size) {
            this.size = size;
        }

        synchronized Block take() {
            if (count == 0) {
                return null;
            }
            var block = blocks[--count];
            blocks[count] = null;
            return block;
        }

        synchronized void put(HostBuffer buffer) {
            buffer.end();
            if (count == blocks.length) {
                blocks = Arrays.copyOf(blocks, 2 * count);
            }
            blocks[count++] = buffer.block;
        }

        /// Takes out the blocks that have an arena.
        synchronized List<Block> drain() {
            var drained = new ArrayList<Block>();
            int kept = 0;
            for (int i = 0; i < count; i++) {
                if (blocks[i].arena == null) {
                    blocks[kept++] = blocks[i];
                } else {
                    drained.add(blocks[i]);
                }
            }
            Arrays.fill(blocks, kept, count, null);
            count = kept;
            return drained;
        }
    }

    /// `bytes` of uninitialised memory.
    ///
    /// @throws IllegalArgumentException if `bytes` is negative
    /// @throws OutOfMemoryError if there is no such memory, even after a [#trim] and a garbage collection
    public HostBuffer allocate(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("allocate: negative size, " + bytes + " bytes");
        }
        int index = classOf(bytes);
        if (index >= CLASSES) {
            throw outOfMemory(bytes, null);
        }
        var list = lists[index];
        var block = list.take();
        if (block == null) {
            block = fresh(list, bytes);
        }
        live.add(list.size);
        return new HostBuffer(block, block.view(bytes));
    }

    /// Takes a buffer of this pool back.
    ///
    /// @throws IllegalStateException if it was taken back before
    public void free(Buffer buffer) {
        var mine = (HostBuffer) buffer;
        var list = mine.block.home;
        list.put(mine);
        live.add(-list.size);
    }

    /// Gives unused blocks of more than 16 KiB back to the system.
    public void trim() {
        for (var list : lists) {
            for (var block : list.drain()) {
                block.arena.close();
                reserved.addAndGet(-list.size);
            }
        }
    }

    /// Bytes taken from the system, in use or not.
    public long reserved() {
        return reserved.get();
    }

    /// Bytes in use, with what rounding up to a class adds.
    public long live() {
        return live.sum();
    }

    private Block fresh(FreeList list, long bytes) {
        OutOfMemoryError cause;
        try {
            return make(list);
        } catch (OutOfMemoryError e) {
            cause = e;
        }
        trim();
        for (int i = 0; i < CLEANER_PAUSES; i++) {
            try {
                return make(list);
            } catch (OutOfMemoryError e) {
                cause = e;
            }
            collect();                              // tensors that nobody can reach free their memory
            var block = list.take();
            if (block != null) {
                return block;
            }
            trim();
        }
        throw outOfMemory(bytes, cause);
    }

    private static void collect() {
        System.gc();
        try {
            Thread.sleep(CLEANER_PAUSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private OutOfMemoryError outOfMemory(long bytes, OutOfMemoryError cause) {
        var error = new OutOfMemoryError(String.format(Locale.ROOT,
                "host memory: no %,d bytes left, %,d live, %,d reserved%n"
                + "hint: a smaller batch, or -XX:MaxDirectMemorySize=... (its default is the largest heap, -Xmx)",
                bytes, live(), reserved()));
        error.initCause(cause);
        return error;
    }

    private Block make(FreeList list) {
        if (list.size <= LARGEST_CARVED) {
            return new Block(list, null, carve(list.size));
        }
        var arena = Arena.ofShared();
        try {
            var memory = unscoped(allocate(arena, list.size));
            reserved.addAndGet(list.size);
            return new Block(list, arena, memory);
        } catch (OutOfMemoryError e) {
            arena.close();
            throw e;
        }
    }

    private static MemorySegment allocate(Arena arena, long size) {
        if (size < SMALLEST_HUGE || HugePages.ALIGNMENT == 0) {
            return arena.allocate(size, ALIGNMENT);
        }
        return HugePages.ask(arena.allocate(size + HugePages.ALIGNMENT, ALIGNMENT), size);
    }

    private MemorySegment carve(long size) {
        synchronized (slabLock) {
            if (slab.byteSize() - slabUsed < size) {
                slab = Arena.global().allocate(SLAB, ALIGNMENT);
                slabUsed = 0;
                reserved.addAndGet(SLAB);
            }
            slabUsed += size;
            return slab.asSlice(slabUsed - size, size);
        }
    }

    /// The same memory without its arena: the liveness check of each access in a kernel would cost more than it finds.
    @SuppressWarnings("restricted")
    private static MemorySegment unscoped(MemorySegment memory) {
        return MemorySegment.ofAddress(memory.address()).reinterpret(memory.byteSize());
    }

    /// The number of the smallest class that holds `bytes`.
    static int classOf(long bytes) {
        if (bytes <= 1L << FIRST_POWER) {
            return (int) (Math.max(bytes, 1) - 1 >>> 6);
        }
        int power = Long.SIZE - 1 - Long.numberOfLeadingZeros(bytes - 1);       // 2^power < bytes <= 2^(power + 1)
        return 8 * (power - FIRST_POWER + 1) + (int) (bytes - 1 >>> power - 3 & 7);
    }

    /// The size of the blocks of class `index`.
    static long classSize(int index) {
        int octave = index >>> 3;
        int step = index & 7;
        return octave == 0 ? ALIGNMENT * (step + 1) : (long) (9 + step) << FIRST_POWER + octave - 4;
    }
}
