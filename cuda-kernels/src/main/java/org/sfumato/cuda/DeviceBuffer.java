package org.sfumato.cuda;

import java.lang.foreign.MemorySegment;
import org.sfumato.tensor.spi.Buffer;

/// A stretch of a device's memory, given out by [DeviceMemory].
public final class DeviceBuffer implements Buffer {
    final DeviceMemory.Block block;
    private final long bytes;
    private boolean free;

    DeviceBuffer(DeviceMemory.Block block, long bytes) {
        this.block = block;
        this.bytes = bytes;
    }

    @Override
    public long bytes() {
        return bytes;
    }

    @Override
    public MemorySegment host() {
        throw new UnsupportedOperationException("buffer: the memory is a CUDA device's\nhint: to(Device.CPU)");
    }

    /// The address on the device.
    @Override
    public long address() {
        if (free) {
            throw new IllegalStateException("buffer: used after it was freed, " + bytes + " bytes on the device");
        }
        return block.address;
    }

    void end() {
        if (free) {
            throw new IllegalStateException("buffer: freed twice, " + bytes + " bytes on the device");
        }
        free = true;
    }
}
