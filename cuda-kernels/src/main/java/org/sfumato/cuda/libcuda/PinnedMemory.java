package org.sfumato.cuda.libcuda;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// The page-locked memory of a device's [Staging], allocated when data first goes to or from the device.
final class PinnedMemory {
    private static final int SLOTS = 8;
    private static final long SLOT_BYTES = 4L << 20;
    private static final int CU_EVENT_DISABLE_TIMING = 2;

    private final CudaFunctions cuda;
    private final long stream;
    private long address;
    private long[] events;
    private Staging staging;

    PinnedMemory(CudaFunctions cuda, long stream) {
        this.cuda = cuda;
        this.stream = stream;
    }

    /// The way to the device and back. The context must be current.
    Staging staging() {
        if (staging == null) {
            try (var arena = Arena.ofConfined()) {
                var cell = arena.allocate(JAVA_LONG);
                var made = new long[SLOTS];
                for (int i = 0; i < SLOTS; i++) {
                    cuda.check(cuda.cuEventCreate.call(cell.address(), CU_EVENT_DISABLE_TIMING), "event");
                    made[i] = cell.get(JAVA_LONG, 0);
                }
                cuda.check(cuda.cuMemHostAlloc.call(cell.address(), SLOTS * SLOT_BYTES, 0),
                        "page-locked memory of " + SLOTS * SLOT_BYTES + " bytes");
                address = cell.get(JAVA_LONG, 0);
                events = made;
            }
            staging = new Staging(new StreamLane(), segment(address), SLOTS);
        }
        return staging;
    }

    @SuppressWarnings("restricted")
    private static MemorySegment segment(long address) {
        return MemorySegment.ofAddress(address).reinterpret(SLOTS * SLOT_BYTES);
    }

    private final class StreamLane implements Staging.Lane {
        @Override
        public void toDevice(MemorySegment from, long to) {
            cuda.check(cuda.cuMemcpyHtoDAsync.call(to, from.address(), from.byteSize(), stream), "upload");
        }

        @Override
        public void toHost(long from, MemorySegment to) {
            cuda.check(cuda.cuMemcpyDtoHAsync.call(to.address(), from, to.byteSize(), stream), "download");
        }

        @Override
        public void mark(int slot) {
            cuda.check(cuda.cuEventRecord.call(events[slot], stream), "event");
        }

        /// An event that was never recorded has ended.
        @Override
        public void await(int slot) {
            cuda.check(cuda.cuEventSynchronize.call(events[slot]), "a kernel or copy has failed");
        }
    }

    void close() {
        if (staging != null) {
            for (long event : events) {
                cuda.cuEventDestroy.call(event);
            }
            cuda.cuMemFreeHost.call(address);
            staging = null;
        }
    }
}
