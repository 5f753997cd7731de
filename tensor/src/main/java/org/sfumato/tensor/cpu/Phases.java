package org.sfumato.tensor.cpu;

/// Several kernels one after another on the same rows, few enough to stay in the cache between them.
///
/// C2 gives up inlining in the middle of a method that has become large, and boxes every vector from there on. The
/// kernels of all operations are called from the one place here, so it compiles each by itself. What one finds out of a
/// row it leaves in the notes of that row for the next.
///
/// @param notes bytes of working memory for a row
/// @param kernels in order
record Phases(int notes, Kernel... kernels) {
    private static final int ELEMENTS = 2048;

    /// Elements that a thread does in one go: a few microseconds of work, against a tenth of one to hand it out.
    private static final long CHUNK = 4096;
    private static final long LARGE_CHUNK = 16 * 1024;
    private static final long CHUNKS = 64;

    /// Work on rows.
    @FunctionalInterface
    interface Kernel {
        /// Does rows `[r0, r1)`. `notes` is the address of the notes of row `r0`, those of the others follow.
        void run(long r0, long r1, long notes);
    }

    /// Runs them on `rows` rows of `width` floats, on all threads.
    void all(long rows, int width) {
        long elements = Math.clamp(rows * width / CHUNKS, CHUNK, LARGE_CHUNK);
        Parallel.grains(rows, Math.max(1, elements / Math.max(1, width)), (r0, r1) -> each(r0, r1, width));
    }

    /// Runs them on rows `[r0, r1)` of `width` floats, as many at a time as a near cache holds.
    void each(long r0, long r1, int width) {
        long some = Math.max(1, ELEMENTS / Math.max(Simd.F32_LANES, width));
        try (var memory = Scratch.of(some * notes)) {
            long address = memory.segment.address();
            for (long r = r0; r < r1; r += some) {
                run(r, Math.min(r1, r + some), address);
            }
        }
    }

    private void run(long r0, long r1, long address) {
        for (var kernel : kernels) {
            kernel.run(r0, r1, address);
        }
    }
}
