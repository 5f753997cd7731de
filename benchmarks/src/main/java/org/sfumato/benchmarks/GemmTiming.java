package org.sfumato.benchmarks;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Locale;
import org.sfumato.tensor.cpu.Gemm;
import org.sfumato.tensor.cpu.Gemm.Batch;
import org.sfumato.tensor.cpu.Gemm.Matrix;
import org.sfumato.tensor.cpu.Parallel;

/// Prints the speed of matrix products of the shapes that small text models use, in 10^9 flop/s, the median and the
/// best of seven rounds of 0.1 s. The argument is the number of threads. `gemm_timing.py`, in the root of this module,
/// prints PyTorch's for the same products: run both one after the other.
public final class GemmTiming {
    // {batch, M, N, K}
    private static final int[][] SQUARE = {{1, 1024, 1024, 1024}, {1, 768, 384, 128}, {1, 768, 128, 512},
        {1, 768, 512, 128}};
    private static final int[][] SMALL = {{1, 768, 66, 128}, {1, 66, 128, 128}, {1, 1, 384, 128}, {1, 1, 1024, 1024},
        {1, 8, 1024, 1024}, {1, 256, 1, 256}, {1, 16, 16, 16}, {48, 64, 64, 32}, {48, 64, 32, 64}};

    private GemmTiming() {}

    /// Times all shapes.
    public static void main(String[] args) {
        Parallel.withThreads(args.length > 0 ? Integer.parseInt(args[0]) : Parallel.threads(), GemmTiming::all);
    }

    private static void all() {
        for (int[] s : SQUARE) {
            for (int layout = 0; layout < 4; layout++) {
                time(s, (layout & 1) != 0, (layout & 2) != 0, true);
            }
        }
        time(new int[] {1, 128, 384, 768}, true, false, true);
        for (int[] s : SMALL) {
            time(s, false, false, true);
            time(s, false, true, true);
        }
        time(new int[] {1, 512, 512, 512}, false, false, false);
    }

    private static void time(int[] s, boolean tA, boolean tB, boolean f32) {
        int count = s[0], m = s[1], n = s[2], k = s[3];
        int bytes = f32 ? Float.BYTES : Double.BYTES;
        try (var arena = Arena.ofShared()) {
            var a = matrix(arena, bytes, count, m, k, tA);
            var b = matrix(arena, bytes, count, k, n, tB);
            var c = matrix(arena, bytes, count, m, n, false);
            var batch = Batch.strided(count, (long) m * k, (long) k * n, (long) m * n);
            Runnable run = f32 ? () -> Gemm.f32(batch, m, n, k, a, b, c, false)
                    : () -> Gemm.f64(batch, m, n, k, a, b, c, false);
            for (int round = 0; round < 3; round++) {
                nanos(run);
            }
            var rounds = new double[7];
            Arrays.setAll(rounds, _ -> nanos(run));
            Arrays.sort(rounds);
            System.out.printf(Locale.ROOT, "%s %d*%dx%dx%d %s%s %8.1f best %8.1f GFLOP/s %9.1f us%n", f32 ? "f32"
                    : "f64",
                    count, m, n, k, tA ? "T" : "N", tB ? "T" : "N", 2.0 * count * m * n * k / rounds[3],
                    2.0 * count * m * n * k / rounds[0], rounds[3] / 1000);
        }
    }

    private static double nanos(Runnable run) {
        long start = System.nanoTime();
        long calls = 0;
        while (System.nanoTime() - start < 100_000_000) {
            run.run();
            calls++;
        }
        return (System.nanoTime() - start) / (double) calls;
    }

    private static Matrix matrix(Arena arena, int bytes, int count, int rows, int cols, boolean transposed) {
        var segment = arena.allocate((long) bytes * count * rows * cols, 64);
        return transposed ? Matrix.rowMajor(segment, rows).transposed() : Matrix.rowMajor(segment, cols);
    }
}
