package org.sfumato.cuda;

import java.lang.foreign.MemorySegment;
import org.sfumato.tensor.spi.Buffer;

/// A stretch of a device's memory, given out by [DeviceMemory].
public final class DeviceBuffer implements Buffer {
    private final DeviceMemory.Block block;
    private final long address;
    private final long bytes;
    private boolean free;

    DeviceBuffer(DeviceMemory.Block block, long bytes) {
        this(block, block.address, bytes);
    }

    private DeviceBuffer(DeviceMemory.Block block, long address, long bytes) {
        this.block = block;
        this.address = address;
        this.bytes = bytes;
    }

    /// A part of this buffer as one of its own, which is nothing to be given back.
    DeviceBuffer part(long from, long size) {
        return new DeviceBuffer(null, address() + from, size);
    }

    /// What goes back to the pool, or `null` for a part of another buffer.
    DeviceMemory.Block block() {
        return block;
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
        return address;
    }

    void end() {
        if (free) {
            throw new IllegalStateException("buffer: freed twice, " + bytes + " bytes on the device");
        }
        free = true;
    }
}
