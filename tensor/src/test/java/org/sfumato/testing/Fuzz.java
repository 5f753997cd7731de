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
        int opened = 0;
        for (int i = 0; i < mutations; i++) {
            var path = damaged.write(random);
            long most = heap * Files.size(path) + HEAP_CONSTANT;
            var read = read(reader, path, i);
            if (read.heap > most) {
                read = read(reader, path, i);                           // the first time may have loaded classes
            }
            assertThat(read.heap).as("heap of mutation %s of %s", i, path).isLessThanOrEqualTo(most);
            opened += read.fine ? 1 : 0;
        }
        assertThat(opened).as("files that are still fine").isBetween(1, mutations - 1);
    }

    private record Read(boolean fine, long heap) { }

    private static Read read(Reader reader, Path path, int mutation) {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        boolean fine = true;
        long start = System.nanoTime();
        long before = threads.getCurrentThreadAllocatedBytes();
        try {
            reader.read(path);
        } catch (IOException e) {
            assertThat(e.getMessage()).isNotBlank();
            fine = false;
        } catch (RuntimeException | Error e) {
            throw new AssertionError("mutation " + mutation + " of " + path, e);
        }
        long used = threads.getCurrentThreadAllocatedBytes() - before;
        assertThat(System.nanoTime() - start).as("time of mutation %s", mutation).isLessThan(SLOWEST_NANOS);
        return new Read(fine, used);
    }

    /// A file of its own for each mutation: some file systems write one that is overwritten to the disk at once.
    public static Path fresh(Path file, byte[] bytes) throws IOException {
        Files.deleteIfExists(file);
        return Files.write(file, bytes);
    }
}
