package org.sfumato.cuda;

import java.util.ArrayDeque;
import java.util.Locale;
import java.util.TreeMap;

/// The memory of one device as a pool: what is freed is kept and given out again, the last freed first.
///
/// Everything on a device happens on one stream, in order; so memory may be given out again as soon as it was freed,
/// though kernels that use it have not run yet. Not safe for several threads: [CudaBackend] locks.
public final class DeviceMemory {
    private static final long ALIGNMENT = 256;

    private final Driver driver;
    private final TreeMap<Long, ArrayDeque<Block>> unused = new TreeMap<>();
    private long reserved;

    DeviceMemory(Driver driver) {
        this.driver = driver;
    }

    /// A piece of memory as the pool keeps it.
    static final class Block {
        final long address;
        final long size;

        Block(long address, long size) {
            this.address = address;
            this.size = size;
        }
    }

    /// `bytes` of uninitialised memory, aligned to 256 bytes.
    ///
    /// @throws OutOfMemoryError if the device has none left, naming the size
    public DeviceBuffer allocate(long bytes) {
        long size = Math.ceilDiv(Math.max(1, bytes), ALIGNMENT) * ALIGNMENT;
        var list = unused.get(size);
        if (list != null && !list.isEmpty()) {
            return new DeviceBuffer(list.pop(), bytes);
        }
        return new DeviceBuffer(new Block(fresh(size), size), bytes);
    }

    private long fresh(long size) {
        try {
            return reserve(size);
        } catch (OutOfMemoryError e) {
            trim();
        }
        try {
            return reserve(size);
        } catch (OutOfMemoryError e) {
            var error = new OutOfMemoryError(String.format(Locale.ROOT, "device memory: no %,d bytes left on %s, "
                    + "%,d reserved%nhint: a smaller batch", size, driver.properties().name(), reserved));
            error.initCause(e);
            throw error;
        }
    }

    private long reserve(long size) {
        long address = driver.allocate(size);
        reserved += size;
        return address;
    }

    /// Takes a buffer of this pool back.
    ///
    /// @throws IllegalStateException if it was taken back before
    public void free(DeviceBuffer buffer) {
        buffer.end();
        unused.computeIfAbsent(buffer.block.size, _ -> new ArrayDeque<>()).push(buffer.block);
    }

    /// Gives unused memory back to the device.
    public void trim() {
        for (var list : unused.values()) {
            for (var block : list) {
                driver.free(block.address);
                reserved -= block.size;
            }
        }
        unused.clear();
    }

    /// Bytes taken from the device, in use or not.
    public long reserved() {
        return reserved;
    }
}
