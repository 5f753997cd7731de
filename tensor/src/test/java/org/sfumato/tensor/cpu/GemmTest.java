package org.sfumato.tensor.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.Random;
import java.util.function.DoubleSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.sfumato.tensor.cpu.Gemm.Batch;
import org.sfumato.tensor.cpu.Gemm.Matrix;

/// Every element of every product is compared in two ways: with a plain sum in double (within what rounding allows),
/// and bit for bit with the scalar sum that [Gemm] promises.
class GemmTest {
    private static final int[] SIZES = {1, 2, 3, 7, 8, 13, 16, 17, 31, 32, 33, 64, 65, 66, 127, 128, 129, 207};
    private static final double CANARY = -0x1.8p39;

    enum Kind {
        F32(4, 0x1p-24) {
            @Override double get(MemorySegment s, long i) { return s.getAtIndex(Simd.FLOAT, i); }

            @Override void set(MemorySegment s, long i, double v) { s.setAtIndex(Simd.FLOAT, i, (float) v); }

            @Override double fma(double a, double b, double c) { return Math.fma((float) a, (float) b, (float) c); }

            @Override void run(Batch batch, int m, int n, int k, Matrix a, Matrix b, Matrix c, boolean accumulate) {
                Gemm.f32(batch, m, n, k, a, b, c, accumulate);
            }
        },
        F64(8, 0x1p-53) {
            @Override double get(MemorySegment s, long i) { return s.getAtIndex(Simd.DOUBLE, i); }

            @Override void set(MemorySegment s, long i, double v) { s.setAtIndex(Simd.DOUBLE, i, v); }

            @Override double fma(double a, double b, double c) { return Math.fma(a, b, c); }

            @Override void run(Batch batch, int m, int n, int k, Matrix a, Matrix b, Matrix c, boolean accumulate) {
                Gemm.f64(batch, m, n, k, a, b, c, accumulate);
            }
        };

        final int bytes;
        final double unit;

        Kind(int bytes, double unit) {
            this.bytes = bytes;
            this.unit = unit;
        }

        abstract double get(MemorySegment s, long i);

        abstract void set(MemorySegment s, long i, double v);

        abstract double fma(double a, double b, double c);

        abstract void run(Batch batch, int m, int n, int k, Matrix a, Matrix b, Matrix c, boolean accumulate);
    }

    static Stream<Arguments> cases() {
        var random = new Random(20);
        var all = Stream.<Arguments>builder();
        for (var kind : Kind.values()) {
            for (int size : SIZES) {
                all.add(Arguments.of(kind, size, size, size));
                all.add(Arguments.of(kind, 1, size, pick(random)));
                all.add(Arguments.of(kind, size, 1, pick(random)));
                all.add(Arguments.of(kind, size, pick(random), 1));
                all.add(Arguments.of(kind, pick(random), size, pick(random)));
                all.add(Arguments.of(kind, pick(random), pick(random), size));
            }
            all.add(Arguments.of(kind, 9, 40, 511));
            all.add(Arguments.of(kind, 12, 33, 512));
            all.add(Arguments.of(kind, 5, 31, 513));
            all.add(Arguments.of(kind, 3, 100, 1100));
            all.add(Arguments.of(kind, 600, 70, 20));
        }
        return all.build();
    }

    private static int pick(Random random) {
        return SIZES[random.nextInt(SIZES.length)];
    }

    @ParameterizedTest(name = "{0} {1}x{2}x{3}")
    @MethodSource("cases")
    void agreesWithTheSumsInEveryLayout(Kind kind, int m, int n, int k) {
        for (int layout = 0; layout < 16; layout++) {
            boolean tA = (layout & 1) != 0, tB = (layout & 2) != 0, views = (layout & 4) != 0, acc = (layout & 8) != 0;
            boolean sample = layout == 0 || layout == 6 || layout == 9 || layout == 15;
            if (!sample && (long) m * n * k > 50_000 || layout < 9 && (long) m * n * k > 1_000_000) {
                continue; // the slow sums of the test, not the products, take the time
            }
            try (var arena = Arena.ofShared()) {
                var random = new Random(layout);
                var a = matrix(arena, kind, m, k, tA, views ? 3 : 0, views ? 5 : 0, random::nextGaussian);
                var b = matrix(arena, kind, k, n, tB, views ? 7 : 0, views ? 1 : 0, random::nextGaussian);
                var c = matrix(arena, kind, m, n, false, 11, views ? 2 : 0, random::nextGaussian);
                check(kind, m, n, k, a, b, c, acc, "tA " + tA + " tB " + tB + " views " + views + " acc " + acc);
            }
        }
    }

    private static void check(Kind kind, int m, int n, int k, Matrix a, Matrix b, Matrix c, boolean acc, String name) {
        var before = all(kind, c.segment());
        kind.run(Batch.ONE, m, n, k, a, b, c, acc);
        var after = all(kind, c.segment());
        boolean dots = m == 1 && b.rowStride() == 1 || n == 1 && c.rowStride() == 1 && a.colStride() == 1;
        boolean chained = kind == Kind.F64 || !dots;
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                int at = (int) (c.offset() + i * c.rowStride() + j);
                double start = acc ? before[at] : 0;
                check(kind, k, a, b, i, j, start, after[at], chained, name);
                after[at] = before[at];
            }
        }
        assertThat(after).as("memory beside C, %s", name).isEqualTo(before);
    }

    private static void check(Kind kind, int k, Matrix a, Matrix b, int i, int j, double start, double actual,
            boolean chained, String name) {
        double sum = start, size = Math.abs(start), bits = start;
        for (int p = 0; p < k; p++) {
            double x = get(kind, a, i, p), y = get(kind, b, p, j);
            sum += x * y;
            size += Math.abs(x * y);
            bits = kind.fma(x, y, bits);
        }
        if (Math.abs(actual - sum) > (k + 2) * (kind.unit + 0x1p-53) * size || chained && actual != bits) {
            assertThat(actual).as("(%d, %d), in double %s, %s", i, j, sum, name).isEqualTo(bits);
        }
    }

    // A matrix in its own segment of canaries, `before` elements in and with `gap` more between rows (or columns).
    private static Matrix matrix(Arena arena, Kind kind, int rows, int cols, boolean transposed, int before, int gap,
            DoubleSupplier values) {
        int lines = transposed ? cols : rows;
        int length = transposed ? rows : cols;
        var segment = arena.allocate((before + (long) lines * (length + gap) + 40) * kind.bytes, 64);
        for (long i = 0; i < segment.byteSize() / kind.bytes; i++) {
            kind.set(segment, i, CANARY);
        }
        var x = new Matrix(segment, before, length + gap, 1);
        x = transposed ? x.transposed() : x;
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < cols; j++) {
                kind.set(segment, x.offset() + i * x.rowStride() + j * x.colStride(), values.getAsDouble());
            }
        }
        return x;
    }

    private static double get(Kind kind, Matrix x, int i, int j) {
        return kind.get(x.segment(), x.offset() + i * x.rowStride() + j * x.colStride());
    }

    private static double[] all(Kind kind, MemorySegment s) {
        var values = new double[(int) (s.byteSize() / kind.bytes)];
        for (int i = 0; i < values.length; i++) {
            values[i] = kind.get(s, i);
        }
        return values;
    }

    @ParameterizedTest
    @EnumSource
    void batchesBroadcastAndTakeAnyOffsets(Kind kind) {
        int m = 9, n = 21, k = 6, count = 7;
        try (var arena = Arena.ofShared()) {
            var random = new Random(3);
            var a = matrix(arena, kind, count * m, k, false, 2, 0, random::nextGaussian);
            var b = matrix(arena, kind, k, n, true, 1, 0, random::nextGaussian);
            var c = matrix(arena, kind, count * m, n, false, 5, 0, random::nextGaussian);
            var expected = matrix(arena, kind, count * m, n, false, 5, 0, new Random(0)::nextGaussian);
            kind.run(Batch.strided(count, (long) m * k, 0, (long) m * n), m, n, k, a, b, c, false);
            kind.run(Batch.ONE, count * m, n, k, a, b, expected, false); // the same rows times the same matrix
            assertThat(all(kind, c.segment())).isEqualTo(all(kind, expected.segment()));

            long[] order = {3, 0, 6, 1, 5, 2, 4};
            var places = new long[count];
            var rows = new long[count];
            for (int i = 0; i < count; i++) {
                places[i] = order[i] * m * n;
                rows[i] = order[i] * m * k;
            }
            var shuffled = matrix(arena, kind, count * m, n, false, 5, 0, new Random(1)::nextGaussian);
            kind.run(new Batch(rows, new long[count], places), m, n, k, a, b, shuffled, false);
            assertThat(all(kind, shuffled.segment())).isEqualTo(all(kind, expected.segment()));
        }
    }

    @ParameterizedTest
    @EnumSource
    void sameBitsForAnyNumberOfThreads(Kind kind) {
        int[][] shapes = {{768, 66, 128}, {1, 1000, 300}, {130, 257, 300}, {1000, 3, 77}, {64, 64, 600}};
        for (int[] s : shapes) {
            int count = s[0] == 64 ? 6 : 1;
            try (var arena = Arena.ofShared()) {
                var random = new Random(4);
                var a = matrix(arena, kind, count * s[0], s[2], false, 0, 0, random::nextGaussian);
                var b = matrix(arena, kind, s[2], s[1], true, 0, 0, random::nextGaussian);
                var c = matrix(arena, kind, count * s[0], s[1], false, 0, 0, () -> 0);
                var batch = Batch.strided(count, (long) s[0] * s[2], 0, (long) s[0] * s[1]);
                double[] first = null;
                for (int threads : new int[] {1, 2, 3, 8, 8, 3, 2}) {
                    Parallel.withThreads(threads, () -> kind.run(batch, s[0], s[1], s[2], a, b, c, false));
                    var now = all(kind, c.segment());
                    first = first == null ? now : first;
                    assertThat(now).as("%d threads", threads).isEqualTo(first);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void notANumberAndInfinityPropagate(Kind kind) {
        int m = 11, n = 35, k = 19;
        try (var arena = Arena.ofShared()) {
            var a = matrix(arena, kind, m, k, false, 0, 0, () -> 0);
            var b = matrix(arena, kind, k, n, false, 0, 0, () -> 1);
            var c = matrix(arena, kind, m, n, false, 0, 0, () -> 5);
            kind.set(b.segment(), 4 * n + 33, Double.NaN);
            kind.set(b.segment(), 7 * n + 2, Double.POSITIVE_INFINITY);
            kind.set(a.segment(), 9 * k + 3, Double.NEGATIVE_INFINITY);
            kind.run(Batch.ONE, m, n, k, a, b, c, false);
            for (int i = 0; i < m; i++) {
                for (int j = 0; j < n; j++) {
                    double expected = j == 33 || j == 2 ? Double.NaN : i == 9 ? Double.NEGATIVE_INFINITY : 0;
                    assertThat(get(kind, c, i, j)).as("(%d, %d)", i, j).isEqualTo(Double.valueOf(expected));
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void withNothingToSumThereAreZerosOrWhatWasThere(Kind kind) {
        try (var arena = Arena.ofShared()) {
            var empty = new Matrix(arena.allocate(0, 64), 0, 0, 1);
            var c = matrix(arena, kind, 3, 40, false, 1, 2, () -> 5);
            var before = all(kind, c.segment());
            kind.run(Batch.ONE, 3, 40, 0, empty, empty, c, true);
            assertThat(all(kind, c.segment())).isEqualTo(before);
            kind.run(Batch.ONE, 3, 40, 0, empty, empty, c, false);
            for (int i = 0; i < before.length; i++) {
                boolean inside = i > 0 && (i - 1) / 42 < 3 && (i - 1) % 42 < 40;
                assertThat(kind.get(c.segment(), i)).as("element %d", i).isEqualTo(inside ? 0 : CANARY);
            }
            kind.run(Batch.ONE, 0, 40, 3, empty, c, c, false);
            kind.run(Batch.strided(0, 0, 0, 0), 3, 4, 5, empty, empty, empty, false);
        }
    }

    @Test
    void aRowAmongTwoHasTheBitsItHasAmongMany() {
        int m = 130, n = 200, k = 700;
        try (var arena = Arena.ofShared()) {
            var random = new Random(8);
            var a = matrix(arena, Kind.F32, m, k, false, 0, 0, random::nextGaussian);
            for (boolean transposed : new boolean[] {false, true}) {
                var b = matrix(arena, Kind.F32, k, n, transposed, 0, 0, random::nextGaussian);
                var c = matrix(arena, Kind.F32, m, n, false, 0, 0, () -> 0);
                var row = matrix(arena, Kind.F32, 2, n, false, 0, 0, () -> 0);
                Gemm.f32(m, n, k, a, b, c, false);
                for (int i : new int[] {0, 1, 64, 128, 129}) {
                    Gemm.f32(2, n, k, new Matrix(a.segment(), (long) i * k, 0, 1), b, row, false);
                    for (int j = 0; j < n; j++) {
                        assertThat(get(Kind.F32, row, 0, j)).isEqualTo(get(Kind.F32, c, i, j));
                    }
                }
            }
        }
    }

    // A boxed vector would show as kilobytes for each call. How soon the compiler is done does not matter: the rounds
    // go on until nothing is boxed.
    @ParameterizedTest
    @EnumSource
    void compiledKernelsDoNotAllocate(Kind kind) {
        int m = 70, n = 75, k = 300;
        var counter = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (var arena = Arena.ofShared()) {
            var a = matrix(arena, kind, m, k, false, 0, 0, () -> 1);
            var b = matrix(arena, kind, k, n, true, 0, 0, () -> 1);
            var c = matrix(arena, kind, m, n, false, 0, 0, () -> 0);
            long each = Long.MAX_VALUE;
            for (int round = 0; round < 1000 && each > 2048; round++) {
                long before = counter.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < 50; i++) {
                    Parallel.withThreads(1, () -> kind.run(Batch.ONE, m, n, k, a, b, c, false));
                }
                each = (counter.getCurrentThreadAllocatedBytes() - before) / 50;
            }
            assertThat(each).as("bytes allocated by a call").isLessThanOrEqualTo(2048);
        }
    }

    @Test
    void whatDoesNotFitIsRefusedBeforeAnyWork() {
        try (var arena = Arena.ofShared()) {
            var s = Matrix.rowMajor(arena.allocate(4 * 12, 64), 4);
            assertThatThrownBy(() -> Gemm.f32(3, 4, 4, s, s, s, false)).isInstanceOf(IndexOutOfBoundsException.class)
                    .hasMessageContaining("B (4, 4) needs elements 0 to 15, the segment has 12");
            assertThatThrownBy(() -> Gemm.f64(1, 4, 2, s, s, s, false)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> Gemm.f32(-1, 4, 3, s, s, s, false)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> Gemm.f32(2, 2, 2, s, s, s.transposed(), false))
                    .hasMessageContaining("columns of C");
            assertThatThrownBy(() -> new Batch(new long[1], new long[2], new long[1])).hasMessageContaining("1, 2, 1");
            assertThatThrownBy(() -> Gemm.f32(new Batch(new long[] {0, -1}, new long[2], new long[2]), 1, 1, 1, s, s, s,
                    false)).isInstanceOf(IndexOutOfBoundsException.class).hasMessageContaining("A (1, 1)");
        }
    }
}
