package org.sfumato.testing;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;

/// Reads many damaged files: nothing but an [IOException] with a message may come out, soon, and the heap may not grow
/// beyond a multiple of the file. `-Dformats.mutations=100000` makes it long, `-Dformats.seed=7` other damage.
///
/// @param heap bytes on the heap for each byte of the file, beside a megabyte
public record Fuzz(long heap) {
    private static final int MUTATIONS = Integer.getInteger("formats.mutations", 1000);
    private static final int SEED = Integer.getInteger("formats.seed", 42);
    private static final long SLOWEST_NANOS = 5_000_000_000L;
    private static final long HEAP_CONSTANT = 1 << 20;
    /// Files whose heap is not counted: they load classes.
    private static final int WARM_UP = 50;

    /// Makes a file of damaged content and says where to open.
    @FunctionalInterface
    public interface Damaged {
        /// The file to be read.
        Path write(SplittableRandom random) throws IOException;
    }

    /// Reads the whole file.
    @FunctionalInterface
    public interface Reader {
        /// Throws [IOException] if the file is damaged.
        void read(Path file) throws IOException;
    }

    /// Reads the files one after another, on this thread; some must be fine and some refused.
    public void run(Damaged damaged, Reader reader) throws IOException {
        run(MUTATIONS, damaged, reader);
    }

    /// The same with one damaged file for every `cost`, for readers that take long.
    public void runFewer(int cost, Damaged damaged, Reader reader) throws IOException {
        run(Math.max(50, MUTATIONS / cost), damaged, reader);
    }

    private void run(int mutations, Damaged damaged, Reader reader) throws IOException {
        var random = new SplittableRandom(SEED);
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        int opened = 0;
        for (int i = -WARM_UP; i < mutations; i++) {
            var path = damaged.write(random);
            long size = Files.size(path);
            long start = System.nanoTime();
            long before = threads.getCurrentThreadAllocatedBytes();
            try {
                reader.read(path);
                opened++;
            } catch (IOException e) {
                assertThat(e.getMessage()).isNotBlank();
            } catch (RuntimeException | Error e) {
                throw new AssertionError("mutation " + i + " of " + path, e);
            }
            long used = threads.getCurrentThreadAllocatedBytes() - before;
            assertThat(System.nanoTime() - start).as("time of mutation %s", i).isLessThan(SLOWEST_NANOS);
            assertThat(i < 0 ? 0 : used).as("heap of mutation %s of %s bytes", i, size)
                    .isLessThan(heap * size + HEAP_CONSTANT);
        }
        assertThat(opened).as("files that are still fine").isBetween(1, mutations + WARM_UP - 1);
    }

    /// A file of its own for each mutation: some file systems write one that is overwritten to the disk at once.
    public static Path fresh(Path file, byte[] bytes) throws IOException {
        Files.deleteIfExists(file);
        return Files.write(file, bytes);
    }
}
