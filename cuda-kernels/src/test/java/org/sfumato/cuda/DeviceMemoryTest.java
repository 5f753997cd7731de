package org.sfumato.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class DeviceMemoryTest {
    private static final long MIB = 1L << 20;

    /// Buffers never overlap, lie in memory of the device, are aligned, and all comes back in the end.
    @Test
    void anyOrderOfRequestsIsServed() {
        var random = new Random(7);
        var driver = new HostDriver(1L << 40);
        var memory = new DeviceMemory(driver);
        var live = new ArrayList<DeviceBuffer>();
        var places = new TreeMap<Long, Long>();
        long bytes = 0;
        for (int i = 0; i < 20_000; i++) {
            if (live.isEmpty() || random.nextInt(100) < (i / 2000 % 2 == 0 ? 60 : 45)) {
                long size = random.nextLong(1L << random.nextInt(1, 27));
                var buffer = memory.allocate(size);
                long at = buffer.address();
                assertThat(buffer.bytes()).isEqualTo(size);
                assertThat(at % DeviceMemory.ALIGNMENT).isZero();
                var segment = driver.allocated.floorEntry(at);
                assertThat(at + size).isLessThanOrEqualTo(segment.getKey() + segment.getValue());
                var before = places.floorEntry(at);
                var after = places.ceilingEntry(at);
                assertThat(before == null || before.getKey() + before.getValue() <= at).isTrue();
                assertThat(after == null || at + size <= after.getKey()).isTrue();
                places.put(at, Math.max(1, size));
                live.add(buffer);
                bytes += size;
            } else {
                var buffer = live.remove(random.nextInt(live.size()));
                places.remove(buffer.address());
                memory.free(buffer);
                bytes -= buffer.bytes();
            }
            if (i % 1000 == 0) {
                memory.trim();
            }
            var usage = memory.usage();
            assertThat(usage.live()).isBetween(bytes, usage.reserved());
            assertThat(usage.reserved()).isEqualTo(driver.allocated.values().stream().mapToLong(s -> s).sum());
        }
        live.forEach(memory::free);
        memory.trim();
        assertThat(driver.allocated).isEmpty();
        assertThat(memory.reserved()).isZero();
        assertThat(memory.usage().live()).isZero();
        assertThat(memory.usage().peak()).isPositive();
    }

    @Test
    void aLoopOfEqualStepsTakesNothingNew() {
        var driver = new HostDriver(1L << 40);
        var memory = new DeviceMemory(driver);
        long reserved = 0;
        for (int step = 0; step < 50; step++) {
            var made = new ArrayList<DeviceBuffer>();
            for (long size : new long[] {400, 3 * MIB, 70_000, 40 * MIB, 9 * MIB, 512}) {
                made.add(memory.allocate(size));
            }
            made.forEach(memory::free);
            reserved = step == 0 ? memory.reserved() : reserved;
            assertThat(memory.reserved()).isEqualTo(reserved);
        }
    }

    @Test
    void neighboursAreJoined() {
        var memory = new DeviceMemory(new HostDriver(1L << 40));
        var parts = new ArrayList<DeviceBuffer>();
        for (int i = 0; i < 8; i++) {
            parts.add(memory.allocate(4 * MIB));
        }
        assertThat(memory.reserved()).isEqualTo(DeviceMemory.LARGE_SEGMENT);
        for (int i : new int[] {1, 3, 5, 7}) {
            memory.free(parts.get(i));
        }
        assertThat(memory.usage().largestFree()).isEqualTo(4 * MIB);
        assertThat(memory.usage().fragmentation()).isEqualTo(.75);
        for (int i : new int[] {0, 2, 4, 6}) {
            memory.free(parts.get(i));
        }
        assertThat(memory.usage().largestFree()).isEqualTo(DeviceMemory.LARGE_SEGMENT);
        assertThat(memory.usage().fragmentation()).isZero();
    }

    @Test
    void whenTheDeviceIsFullUnusedMemoryIsGivenBackFirst() {
        var driver = new HostDriver(100 * MIB);
        var memory = new DeviceMemory(driver);
        memory.free(memory.allocate(60 * MIB));
        var large = memory.allocate(90 * MIB);                              // only if the 60 are given back
        assertThat(memory.reserved()).isEqualTo(90 * MIB);
        assertThatThrownBy(() -> memory.allocate(20 * MIB)).isInstanceOf(OutOfMemoryError.class)
                .hasMessageContaining("no 20,971,520 bytes left on test device")
                .hasMessageContaining("90 MiB in use").hasMessageContaining("hint:");
        memory.free(large);
        memory.free(memory.allocate(20 * MIB));
    }

    @Test
    void misuseIsNoticed() {
        var memory = new DeviceMemory(new HostDriver(1L << 40));
        var buffer = memory.allocate(10);
        memory.free(buffer);
        assertThatThrownBy(() -> memory.free(buffer)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("freed twice");
        assertThatThrownBy(buffer::address).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("used after it was freed");
        assertThatThrownBy(memory.allocate(1)::host).isInstanceOf(UnsupportedOperationException.class)
                .hasMessageContaining("hint:");
    }

    /// A graph's memory is nobody else's until the graph is closed.
    @Test
    void aGraphHasMemoryOfItsOwn() {
        var driver = new HostDriver(1L << 40);
        var memory = new DeviceMemory(driver);
        var outside = memory.allocate(5 * MIB);
        var pool = memory.beginCapture();
        var inside = memory.allocate(5 * MIB);
        long address = inside.address();
        memory.free(inside);
        var again = memory.allocate(5 * MIB);                               // within the graph it is used again
        assertThat(again.address()).isEqualTo(address);
        memory.free(again);
        var result = memory.allocate(2 * MIB);
        memory.endCapture();
        memory.free(outside);
        for (int i = 0; i < 8; i++) {
            assertThat(memory.allocate(5 * MIB).address()).isNotEqualTo(address);
        }
        long before = memory.reserved();
        memory.end(pool);
        assertThat(memory.reserved()).as("its result is alive").isEqualTo(before);
        memory.free(result);
        assertThat(memory.reserved()).isEqualTo(before - DeviceMemory.LARGE_SEGMENT);
    }
}
