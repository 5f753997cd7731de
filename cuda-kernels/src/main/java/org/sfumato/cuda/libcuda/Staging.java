package org.sfumato.cuda.libcuda;

import java.lang.foreign.MemorySegment;

/// A ring of page-locked host memory through which all data goes to a device and back: the device copies such memory
/// while the host goes on, and the caller's memory is free again at once.
final class Staging {
    private final Lane lane;
    private final MemorySegment[] slots;
    private final long size;
    private int next;

    /// How slots get to the device and back: copies are started in order, and end later.
    interface Lane {
        /// Starts to copy `from` to the device.
        void toDevice(MemorySegment from, long to);

        /// Starts to copy from the device.
        void toHost(long from, MemorySegment to);

        /// Notes that all that was started so far belongs to slot `slot`.
        void mark(int slot);

        /// Waits for what was noted last for `slot`, if anything.
        void await(int slot);
    }

    /// A ring over `memory`, of `slots` equal parts.
    Staging(Lane lane, MemorySegment memory, int slots) {
        this.lane = lane;
        this.size = memory.byteSize() / slots;
        this.slots = new MemorySegment[slots];
        for (int i = 0; i < slots; i++) {
            this.slots[i] = memory.asSlice(i * size, size);
        }
    }

    /// Copies to the device; `from` may change once this returns.
    void upload(MemorySegment from, long to) {
        for (long at = 0; at < from.byteSize(); at += size) {
            long n = Math.min(size, from.byteSize() - at);
            int slot = take();
            var part = slots[slot].asSlice(0, n);
            MemorySegment.copy(from, at, part, 0, n);
            lane.toDevice(part, to + at);
            lane.mark(slot);
        }
    }

    /// Copies from the device, and waits.
    void download(long from, MemorySegment to) {
        long parts = Math.ceilDiv(to.byteSize(), size);
        int first = next;
        for (long i = 0; i < Math.min(parts, slots.length); i++) {
            start(from, to, i);
        }
        for (long i = 0; i < parts; i++) {
            int slot = (int) ((first + i) % slots.length);
            lane.await(slot);
            long n = Math.min(size, to.byteSize() - i * size);
            MemorySegment.copy(slots[slot], 0, to, i * size, n);
            if (i + slots.length < parts) {
                start(from, to, i + slots.length);
            }
        }
    }

    private void start(long from, MemorySegment to, long part) {
        int slot = take();
        lane.toHost(from + part * size, slots[slot].asSlice(0, Math.min(size, to.byteSize() - part * size)));
        lane.mark(slot);
    }

    private int take() {
        int slot = next;
        next = (next + 1) % slots.length;
        lane.await(slot);
        return slot;
    }
}
