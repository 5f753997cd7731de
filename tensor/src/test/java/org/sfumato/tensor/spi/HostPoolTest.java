package org.sfumato.tensor.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class HostPoolTest {
    private static final Pattern RANGE = Pattern.compile("([0-9a-f]+)-([0-9a-f]+) ");

    @Test
    void classesHoldWhatTheyMustAndWasteLittle() {
        var random = new Random(1);
        for (int i = 0; i < 100_000; i++) {
            long bytes = i < 5000 ? i : random.nextLong(1L << random.nextInt(1, 60));
            long size = HostPool.classSize(HostPool.classOf(bytes));
            assertThat(size).isGreaterThanOrEqualTo(bytes).matches(s -> s % 64 == 0);
            assertThat(size - bytes).isLessThanOrEqualTo(Math.max(64, size / 8));
        }
        for (int i = 0; i < 400; i++) {
            assertThat(HostPool.classOf(HostPool.classSize(i))).isEqualTo(i);
            assertThat(HostPool.classOf(HostPool.classSize(i) + 1)).isEqualTo(i + 1);
        }
    }

    @Test
    void buffersAreAlignedBoundedAndApart() {
        var pool = new HostPool();
        long[] sizes = {0, 1, 63, 64, 65, 1000, 16_384, 16_385, 100_000, 1 << 21};
        var buffers = new ArrayList<HostBuffer>();
        for (int round = 0; round < 3; round++) {
            for (long size : sizes) {
                var buffer = pool.allocate(size);
                buffers.add(buffer);
                assertThat(buffer.bytes()).isEqualTo(size);
                assertThat(buffer.host().byteSize()).isEqualTo(size);
                assertThat(buffer.host().address() % 64).isZero();
                assertThat(buffer.host().isNative()).isTrue();
                buffer.host().fill((byte) buffers.size());
            }
        }
        for (int i = 0; i < buffers.size(); i++) {
            var memory = buffers.get(i).host();
            for (long at = 0; at < memory.byteSize(); at += 61) {
                assertThat(memory.get(ValueLayout.JAVA_BYTE, at)).isEqualTo((byte) (i + 1));
            }
        }
        assertThatThrownBy(() -> buffers.get(5).host().get(ValueLayout.JAVA_BYTE, 1000))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> pool.allocate(-1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void whatIsFreedLastIsGivenOutFirstAndNotCleared() {
        var pool = new HostPool();
        var first = pool.allocate(5000);
        var second = pool.allocate(5000);
        first.host().fill((byte) 1);
        second.host().fill((byte) 2);
        pool.free(first);
        pool.free(second);
        assertThat(pool.allocate(4990).host().get(ValueLayout.JAVA_BYTE, 17)).isEqualTo((byte) 2);
        assertThat(pool.allocate(5000).host().get(ValueLayout.JAVA_BYTE, 17)).isEqualTo((byte) 1);
        assertThatThrownBy(() -> pool.free(first)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("freed twice");
        assertThatThrownBy(first::host).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("after it was freed");
    }

    @Test
    void tenThousandCyclesDoNotGrowThePool() {
        var pool = new HostPool();
        cycle(pool, new Random(7), 200);
        long reserved = pool.reserved();
        for (int i = 0; i < 50; i++) {
            cycle(pool, new Random(7), 200);
        }
        assertThat(pool.reserved()).isEqualTo(reserved);
        assertThat(pool.live()).isZero();
    }

    private static void cycle(HostPool pool, Random random, int count) {
        var held = new ArrayList<HostBuffer>();
        for (int i = 0; i < count; i++) {
            held.add(pool.allocate(random.nextInt(50_000)));
        }
        held.forEach(pool::free);
    }

    @Test
    void trimGivesBackUnusedLargeBlocksOnly() {
        var pool = new HostPool();
        var used = pool.allocate(1 << 20);
        var unused = pool.allocate(3 << 20);
        long all = pool.reserved();
        assertThat(all).isGreaterThanOrEqualTo(4 << 20);
        pool.free(unused);
        assertThat(pool.reserved()).isEqualTo(all);
        pool.trim();
        assertThat(pool.reserved()).isEqualTo(all - (3 << 20));
        used.host().fill((byte) 3);
        pool.free(used);
        pool.trim();
        assertThat(pool.reserved()).isZero();
    }

    @Test
    void largeBlocksAskForHugePagesAndAreGivenBack() throws IOException {
        assumeThat(HugePages.ALIGNMENT).as("a Linux that gives huge pages where asked").isPositive();
        var pool = new HostPool();
        var large = pool.allocate(64 << 20);
        long address = large.host().address();
        assertThat(address % HugePages.ALIGNMENT).isZero();
        assertThat(flags(address)).contains("hg");                       // asked for huge pages, see proc_pid_smaps(5)
        large.host().fill((byte) 1);
        assertThat(large.host().get(ValueLayout.JAVA_BYTE, (64 << 20) - 1)).isEqualTo((byte) 1);
        long small = pool.allocate(2 << 20).host().address();
        assertThat(flags(small)).doesNotContain("hg");
        pool.free(large);
        pool.trim();
        assertThat(flags(address)).doesNotContain("hg");
    }

    /// The flags of the part of this process's memory that holds `address`; empty if there is none.
    private static List<String> flags(long address) throws IOException {
        boolean inside = false;
        for (var line : Files.readAllLines(Path.of("/proc/self/smaps"))) {
            var range = RANGE.matcher(line);
            if (range.lookingAt()) {
                inside = Long.compareUnsigned(Long.parseUnsignedLong(range.group(1), 16), address) <= 0
                        && Long.compareUnsigned(address, Long.parseUnsignedLong(range.group(2), 16)) < 0;
            } else if (inside && line.startsWith("VmFlags:")) {
                return List.of(line.substring(8).strip().split(" "));
            }
        }
        return List.of();
    }

    @Test
    void threadsNeverShareABuffer() throws Exception {
        var pool = new HostPool();
        var work = new ArrayList<Callable<Boolean>>();
        for (int t = 0; t < 8; t++) {
            long mark = t + 1;
            work.add(() -> {
                var random = new Random(mark);
                var held = new ArrayList<HostBuffer>();
                boolean intact = true;
                for (int i = 0; i < 5000; i++) {
                    var buffer = pool.allocate(8L * (1 + random.nextInt(40)));
                    buffer.host().set(ValueLayout.JAVA_LONG, 0, mark);
                    held.add(buffer);
                    if (held.size() > 20) {
                        var gone = held.remove(random.nextInt(20));
                        intact &= gone.host().get(ValueLayout.JAVA_LONG, 0) == mark;
                        pool.free(gone);
                    }
                }
                held.forEach(pool::free);
                return intact;
            });
        }
        try (var threads = Executors.newFixedThreadPool(8)) {
            for (var result : threads.invokeAll(work)) {
                assertThat(result.get()).isTrue();
            }
        }
        assertThat(pool.live()).isZero();
    }

    @Test
    void outOfMemorySaysHowMuchWasWantedLiveAndReserved() {
        var pool = new HostPool();
        var held = pool.allocate(1 << 20);
        assertThatThrownBy(() -> pool.allocate(1L << 50)).isInstanceOf(OutOfMemoryError.class)
                .hasMessageContaining("1,125,899,906,842,624 bytes")
                .hasMessageContaining("1,048,576 live, 1,048,576 reserved").hasMessageContaining("MaxDirectMemorySize");
        assertThatThrownBy(() -> pool.allocate(Long.MAX_VALUE)).isInstanceOf(OutOfMemoryError.class);
        pool.free(held);
        assertThat(pool.reserved()).isEqualTo(1 << 20);
    }
}
