package org.sfumato.tensor.cpu;

/// Several kernels one after another on the same rows, few enough to stay in the cache between them.
///
/// C2 gives up inlining in the middle of a method that has become large, and boxes every vector from there on. The
/// kernels of all operations are called from the one place here, so it compiles each by itself.
///
/// @param kernels in order
record Phases(Parallel.RowBody... kernels) implements Parallel.RowBody {
    private static final int ELEMENTS = 2048;

    @Override
    public void run(long r0, long r1) {
        for (var kernel : kernels) {
            kernel.run(r0, r1);
        }
    }

    /// Runs them on rows `[r0, r1)` of `width` floats, as many at a time as a near cache holds.
    void each(long r0, long r1, int width) {
        long some = Math.max(1, ELEMENTS / width);
        for (long r = r0; r < r1; r += some) {
            run(r, Math.min(r1, r + some));
        }
    }
}
