package org.sfumato.tensor.cpu;

import java.lang.foreign.MemorySegment;

/// Sums over rows, one for each column, for kernels that cut the rows into chunks: every chunk has sums of its own,
/// which are added in the order of the chunks. The cut follows the sizes alone, so the bits are the same for any number
/// of threads.
final class ColumnSums implements AutoCloseable {
    /// Work in a chunk at least, in elements.
    private static final long CHUNK = 4096;
    private static final long MOST_CHUNKS = 32;
    private static final int LANES = Simd.F32_LANES;

    /// How many chunks.
    final int chunks;
    /// Rows in a chunk.
    final long rows;
    /// The sums.
    final MemorySegment segment;

    private final long all;
    private final long bytes;
    private final Scratch scratch;

    /// Sums of `columns` columns for `rows` rows of `width` elements.
    ColumnSums(long rows, long width, long columns) {
        this.all = rows;
        this.rows = Math.max(Math.ceilDiv(CHUNK, width), Math.ceilDiv(rows, MOST_CHUNKS));
        this.chunks = (int) Math.ceilDiv(rows, this.rows);
        this.bytes = Math.ceilDiv(4 * columns, 64) * 64;
        this.scratch = Scratch.of(chunks * bytes);
        this.segment = scratch.segment;
        segment.asSlice(0, chunks * bytes).fill((byte) 0);
    }

    /// The first row of chunk `chunk`; that of the chunk after it is its end.
    long row(int chunk) {
        return Math.min(all, chunk * rows);
    }

    /// Byte offset of the sums of chunk `chunk`.
    long offset(int chunk) {
        return chunk * bytes;
    }

    /// Writes the totals of the `d` columns from `column` on.
    void into(MemorySegment to, long at, long column, int d) {
        to.asSlice(at, 4L * d).fill((byte) 0);
        for (int chunk = 0; chunk < chunks; chunk++) {
            add(segment, offset(chunk) + 4 * column, d, to, at);
        }
    }

    private static void add(MemorySegment x, long xo, int d, MemorySegment y, long yo) {
        int i = 0;
        for (; i <= d - LANES; i += LANES) {
            Simd.store(y, yo + 4L * i, Simd.loadF32(y, yo + 4L * i).add(Simd.loadF32(x, xo + 4L * i)));
        }
        if (i < d) {
            var lanes = Simd.firstF32(d - i);
            var sum = Simd.loadF32(y, yo + 4L * i, lanes).add(Simd.loadF32(x, xo + 4L * i, lanes));
            Simd.store(y, yo + 4L * i, sum, lanes);
        }
    }

    @Override
    public void close() {
        scratch.close();
    }
}
