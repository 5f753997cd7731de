package org.sfumato.cuda.interpreter;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.TreeMap;

/// Memory of the interpreted device. Addresses are never used twice and a red zone lies behind each allocation, so an
/// address outside of all, or in one that was freed, is always noticed. Fresh memory holds NaN in every floating type.
final class DeviceMemory {
    private static final long FIRST = 0x7F00_0000_0000L;
    private static final int ALIGNMENT = 256;
    private static final int REMEMBERED = 4096;

    /// Memory from `address` on, until it is freed.
    static final class Allocation {
        final long address;
        final int[] words;
        final boolean constant;
        private long bytes;

        private Allocation(long address, long bytes, int[] words, boolean constant) {
            this.address = address;
            this.bytes = bytes;
            this.words = words;
            this.constant = constant;
        }

        /// Its size; 0 once it is freed.
        long bytes() {
            return bytes;
        }

        boolean holds(long at, long length) {
            return at >= address && at + length <= address + bytes;
        }
    }

    /// What holds nothing.
    static final Allocation NONE = new Allocation(0, 0, new int[0], true);

    private final TreeMap<Long, Allocation> live = new TreeMap<>();
    private final TreeMap<Long, Long> freed = new TreeMap<>();
    private final long limit;
    private long used;
    private long next = FIRST;

    DeviceMemory(long limit) {
        this.limit = limit;
    }

    long allocate(long bytes, boolean constant) {
        if (bytes < 0 || bytes > 4L * (Integer.MAX_VALUE - 8) || used + bytes > limit) {
            throw new OutOfMemoryError("the interpreted device has %d of %d bytes left, not %d".formatted(limit - used,
                    limit, bytes));
        }
        var words = new int[(int) ((bytes + 3) / 4)];
        Arrays.fill(words, -1);
        long address = next;
        live.put(address, new Allocation(address, bytes, words, constant));
        next += (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT + ALIGNMENT;
        used += bytes;
        return address;
    }

    void free(long address) {
        var allocation = live.remove(address);
        if (allocation == null) {
            throw new Fault("free of 0x%x, which %s".formatted(address, where(address)));
        }
        used -= allocation.bytes();
        freed.put(address, allocation.bytes());
        allocation.bytes = 0;
        if (freed.size() > REMEMBERED) {
            freed.pollFirstEntry();
        }
    }

    /// The allocation that holds `bytes` at `address`, or an empty one.
    Allocation find(long address, long bytes) {
        var entry = live.floorEntry(address);
        return entry != null && entry.getValue().holds(address, bytes) ? entry.getValue() : NONE;
    }

    /// Copies from or to the host, or within; errors as in kernels.
    MemorySegment segment(long address, long bytes, String what) {
        var allocation = find(address, bytes);
        if (bytes > 0 && allocation == NONE) {
            throw new Fault("%s of %d bytes at 0x%x, which %s".formatted(what, bytes, address, where(address)));
        }
        return bytes == 0 ? MemorySegment.ofArray(new int[0])
                : MemorySegment.ofArray(allocation.words).asSlice(address - allocation.address, bytes);
    }

    /// What lies at `address`, for errors.
    String where(long address) {
        var below = live.floorEntry(address);
        var gone = freed.floorEntry(address);
        if (below != null && address < below.getKey() + below.getValue().bytes() + ALIGNMENT) {
            long offset = address - below.getKey();
            return "is at byte %d of an allocation of %d".formatted(offset, below.getValue().bytes());
        } else if (gone != null && address < gone.getKey() + gone.getValue()) {
            return "was freed (%d bytes)".formatted(gone.getValue());
        }
        return "was never allocated";
    }

    long used() {
        return used;
    }
}
