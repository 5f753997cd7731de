package org.sfumato.cuda;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;

/// The memory of one device as a pool. It is taken from the device in large segments, cut to what is asked for;
/// what is freed is joined with free neighbours, kept, and given out again: the smallest free block that is enough.
///
/// Everything on a device happens on one stream, in order; so memory may be given out again as soon as it was freed,
/// though kernels that use it have not run yet. What is allocated while a graph is captured comes from segments of that
/// graph, for it is used again at each replay. Not safe for several threads: [CudaBackend] locks.
public final class DeviceMemory {
    /// Sizes are multiples of this, and so are addresses.
    static final long ALIGNMENT = 512;
    /// Requests up to this share small segments.
    static final long SMALL = 1L << 20;
    static final long SMALL_SEGMENT = 2L << 20;
    /// Requests up to this share large segments; beyond, each has a segment of its own.
    static final long MIDDLE = 16L << 20;
    static final long LARGE_SEGMENT = 32L << 20;
    private static final long GRANULE = 2L << 20;                       // what a driver gives out at least

    private final Driver driver;
    private final Pool common = new Pool();
    private final Deque<Pool> capturing = new ArrayDeque<>();
    private final List<Pool> pools = new ArrayList<>(List.of(common));
    private long reserved;
    private long live;
    private long peak;

    DeviceMemory(Driver driver) {
        this.driver = driver;
    }

    /// How the memory is used.
    ///
    /// @param live bytes of buffers in use, rounded up to blocks
    /// @param peak the most that `live` was
    /// @param reserved bytes taken from the device
    /// @param largestFree bytes of the largest block that is not in use
    public record Usage(long live, long peak, long reserved, long largestFree) {
        /// The share of the unused bytes that the largest request could not get: 0 if they are one block.
        public double fragmentation() {
            return reserved == live ? 0 : 1 - (double) largestFree / (reserved - live);
        }

        @Override
        public String toString() {
            return String.format(Locale.ROOT, "%,d MiB in use, %,d MiB at most, %,d MiB taken, %.0f%% of the rest in "
                    + "pieces", live >> 20, peak >> 20, reserved >> 20, 100 * fragmentation());
        }
    }

    /// A stretch of a segment, used or free, with its neighbours in the segment.
    static final class Block {
        final Pool pool;
        final long address;
        final boolean small;
        long size;
        boolean used;
        Block before;
        Block after;

        Block(Pool pool, long address, long size, boolean small) {
            this.pool = pool;
            this.address = address;
            this.size = size;
            this.small = small;
        }

        boolean isWhole() {
            return before == null && after == null;
        }
    }

    /// Segments that serve the same purpose.
    static final class Pool {
        private static final Comparator<Block> ORDER =
                Comparator.<Block>comparingLong(block -> block.size).thenComparingLong(block -> block.address);
        private final TreeSet<Block> small = new TreeSet<>(ORDER);
        private final TreeSet<Block> large = new TreeSet<>(ORDER);
        private boolean ended;

        TreeSet<Block> free(boolean ofSmall) {
            return ofSmall ? small : large;
        }
    }

    /// `bytes` of uninitialised memory, aligned to 512 bytes.
    ///
    /// @throws OutOfMemoryError if the device has none left, naming the size
    public DeviceBuffer allocate(long bytes) {
        long size = Math.ceilDiv(Math.max(1, bytes), ALIGNMENT) * ALIGNMENT;
        var pool = capturing.isEmpty() ? common : capturing.peek();
        boolean small = size <= SMALL;
        var free = pool.free(small);
        var block = free.ceiling(new Block(pool, 0, size, small));
        if (block == null || isWasteful(block.size, size)) {
            block = segment(pool, size, small);
        } else {
            free.remove(block);
        }
        cut(block, size);
        block.used = true;
        live += block.size;
        peak = Math.max(peak, live);
        return new DeviceBuffer(block, bytes);
    }

    /// A segment of its own is not cut up for much smaller requests: these have segments to share.
    private static boolean isWasteful(long block, long size) {
        return block > LARGE_SEGMENT && size < block / 2;
    }

    private Block segment(Pool pool, long size, boolean small) {
        long bytes = small ? SMALL_SEGMENT : size <= MIDDLE ? LARGE_SEGMENT : Math.ceilDiv(size, GRANULE) * GRANULE;
        long address;
        try {
            address = driver.allocate(bytes);
        } catch (OutOfMemoryError _) {
            trim();
            address = again(bytes);
        }
        reserved += bytes;
        return new Block(pool, address, bytes, small);
    }

    private long again(long bytes) {
        try {
            return driver.allocate(bytes);
        } catch (OutOfMemoryError e) {
            var error = new OutOfMemoryError(String.format(Locale.ROOT, "device memory: no %,d bytes left on %s: %s"
                    + "%nhint: a smaller batch, or fewer values kept for the backward pass (Recompute)", bytes,
                    driver.properties().name(), usage()));
            error.initCause(e);
            throw error;
        }
    }

    /// Cuts what is too much off `block`, which is in no list, and lists it, unless it is too little to be of use.
    private void cut(Block block, long size) {
        long rest = block.size - size;
        if (rest < (block.small ? ALIGNMENT : SMALL + 1)) {
            return;
        }
        var other = new Block(block.pool, block.address + size, rest, block.small);
        other.before = block;
        other.after = block.after;
        if (other.after != null) {
            other.after.before = other;
        }
        block.after = other;
        block.size = size;
        block.pool.free(block.small).add(other);
    }

    /// Takes a buffer of this pool back.
    ///
    /// @throws IllegalStateException if it was taken back before
    public void free(DeviceBuffer buffer) {
        buffer.end();
        var block = buffer.block();
        if (block == null) {
            return;
        }
        block.used = false;
        live -= block.size;
        var free = block.pool.free(block.small);
        if (block.after != null && !block.after.used) {
            free.remove(block.after);
            join(block, block.after);
        }
        if (block.before != null && !block.before.used) {
            free.remove(block.before);
            block = block.before;
            join(block, block.after);
        }
        if (block.pool.ended && block.isWhole()) {
            release(block);
        } else {
            free.add(block);
        }
    }

    private static void join(Block block, Block next) {
        block.size += next.size;
        block.after = next.after;
        if (block.after != null) {
            block.after.before = block;
        }
    }

    /// Gives segments of which nothing is in use back to the device, but those of graphs.
    public void trim() {
        trim(common);
    }

    private void trim(Pool pool) {
        for (var free : List.of(pool.small, pool.large)) {
            for (var block : List.copyOf(free)) {
                if (block.isWhole()) {
                    free.remove(block);
                    release(block);
                }
            }
        }
    }

    private void release(Block segment) {
        driver.free(segment.address);
        reserved -= segment.size;
    }

    /// From here on memory comes from segments of the pool that is returned, until [#endCapture].
    Pool beginCapture() {
        var pool = new Pool();
        capturing.push(pool);
        pools.add(pool);
        return pool;
    }

    /// Memory comes from the common segments again.
    void endCapture() {
        capturing.pop();
    }

    /// The graph of `pool` is not replayed any more: its segments go back to the device, those in use when they are
    /// freed.
    void end(Pool pool) {
        pool.ended = true;
        trim(pool);
        pools.remove(pool);
    }

    /// Bytes taken from the device, in use or not.
    public long reserved() {
        return reserved;
    }

    /// How the memory is used.
    public Usage usage() {
        long largest = 0;
        for (var pool : pools) {
            for (var free : List.of(pool.small, pool.large)) {
                largest = Math.max(largest, free.isEmpty() ? 0 : free.last().size);
            }
        }
        return new Usage(live, peak, reserved, largest);
    }
}
