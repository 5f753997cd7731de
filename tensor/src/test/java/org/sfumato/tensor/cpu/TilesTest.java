package org.sfumato.tensor.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Every element is the chain of [Tile], bit for bit, computed here in plain Java; nothing beside C changes.
class TilesTest {
    private static final int COLUMNS = 4 * Tiles.PANEL / 4 + 3;
    private static final int SCORES = (int) Tiles.SCORES / Float.BYTES;

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 7, 8, 9, 12, 13, 16, 23})
    void floatsAreChainsOfMultiplyAdds(int rows) {
        edges(Tiles.F32, rows);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4, 7, 8, 13})
    void doublesAreChainsOfMultiplyAdds(int rows) {
        edges(Tiles.F64, rows);
    }

    private static void edges(Tiles tiles, int rows) {
        for (int depth : new int[] {0, 1, 5, 50}) {
            for (boolean packed : new boolean[] {false, true}) {
                for (int start = 0; start < 3; start++) {
                    for (int width = 1; width <= tiles.width(); width++) {
                        edge(tiles, rows, depth, width, packed, start);
                    }
                }
            }
        }
    }

    private static void edge(Tiles tiles, int rows, int depth, int width, boolean packed, int start) {
        try (var arena = Arena.ofConfined()) {
            var a = new Matrix(arena, tiles, (rows + Tiles.ROWS) * (depth + 3));
            var b = new Matrix(arena, tiles, (depth + 1) * (tiles.width() + 5));
            var c = new Matrix(arena, tiles, rows * COLUMNS);
            var from = new Matrix(arena, tiles, COLUMNS);
            int rowOfA = packed ? 1 : depth + 3;
            int columnOfA = packed ? Tiles.ROWS : 1;
            int strip = packed ? depth * Tiles.ROWS : Tiles.ROWS * rowOfA;
            int rowOfB = (int) tiles.panel(width) / tiles.bytes() + (packed ? 0 : 5);
            double[] expected = c.values();
            for (int i = 0; i < rows; i++) {
                int row = i / Tiles.ROWS * strip + i % Tiles.ROWS * rowOfA;
                for (int j = 0; j < width; j++) {
                    double sum = start == 0 ? 0 : start == 1 ? from.get(j) : expected[i * COLUMNS + j];
                    expected[i * COLUMNS + j] = chain(tiles, depth, a, row, columnOfA, b, j, rowOfB, sum);
                }
            }
            var work = arena.allocate(Tiles.EDGE, 64);
            long first = start == 0 ? Tiles.ZEROS : start == 1 ? from.address() : c.address();
            long n = tiles.bytes();
            tiles.edge(rows, depth, width, a.address(), strip * n, rowOfA * n, columnOfA * n, b.address(), rowOfB * n,
                    c.address(), COLUMNS * n, first, start == 2 ? COLUMNS * n : 0, work.address());
            assertThat(c.values()).as("%d x %d x %d, packed %s, start %d", rows, width, depth, packed, start)
                    .isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 40})
    void aRowByFourPanels(int depth) {
        for (var tiles : new Tiles[] {Tiles.F32, Tiles.F64}) {
            try (var arena = Arena.ofConfined()) {
                int panel = tiles.width();
                var a = new Matrix(arena, tiles, depth + 1);
                var b = new Matrix(arena, tiles, (depth + 1) * 4 * panel);
                var c = new Matrix(arena, tiles, 4 * panel);
                double[] expected = c.values();
                for (int j = 0; j < 4 * panel; j++) {
                    expected[j] = chain(tiles, depth, a, 0, 1, b, j / panel * depth * panel + j % panel, panel,
                            expected[j]);
                }
                tiles.row().run(depth, a.address(), 0, tiles.bytes(), b.address(), Tiles.PANEL,
                        (long) depth * Tiles.PANEL, c.address(), 0, c.address(), 0);
                assertThat(c.values()).isEqualTo(expected);
            }
        }
    }

    /// Also shapes and strides that this machine has no use for.
    @Test
    void everyShapeAndKnownStrides() {
        int depth = 9;
        var packed = new TileWriter.Strides(4, 4L * Tiles.ROWS, 2L * Simd.BYTES);
        var across = new TileWriter.Strides(4, Tiles.SCORES, 2L * Simd.BYTES);
        var down = new TileWriter.Strides(Tiles.SCORES, 4, 2L * Simd.BYTES);
        for (var writer : new TileWriter[] {new TileWriter(false, 4, 3, 1, null), new TileWriter(false, 6, 2, 1, null),
            new TileWriter(false, 8, 2, 1, null), new TileWriter(false, 8, 2, 1, packed),
            new TileWriter(false, 8, 2, 1, across), new TileWriter(false, 4, 2, 1, down)}) {
            try (var arena = Arena.ofConfined()) {
                int width = writer.vectors() * Simd.F32_LANES;
                var a = new Matrix(arena, Tiles.F32, SCORES * SCORES);
                var b = new Matrix(arena, Tiles.F32, depth * width);
                var c = new Matrix(arena, Tiles.F32, writer.rows() * width);
                var known = writer.known() == null ? across : writer.known();
                double[] expected = c.values();
                for (int i = 0; i < expected.length; i++) {
                    expected[i] = chain(Tiles.F32, depth, a, (int) (i / width * known.ar() / 4), (int) known.ac() / 4,
                            b, i % width, width, expected[i]);
                }
                writer.write().run(depth, a.address(), known.ar(), known.ac(), b.address(), 4L * width, 0, c.address(),
                        4L * width, c.address(), 4L * width);
                assertThat(c.values()).as("%s", writer).isEqualTo(expected);
            }
        }
    }

    private static double chain(Tiles tiles, int depth, Matrix a, int at, int step, Matrix b, int to, int stepOfB,
            double from) {
        return IntStream.range(0, depth).boxed().reduce(from, (sum, p) -> {
            double x = a.get(at + p * step);
            double y = b.get(to + p * stepOfB);
            return tiles == Tiles.F64 ? Math.fma(x, y, sum) : Math.fma((float) x, (float) y, sum.floatValue());
        }, (x, _) -> x);
    }

    /// Random numbers in memory, of either type.
    private record Matrix(MemorySegment segment, Tiles tiles) {
        Matrix(Arena arena, Tiles tiles, int count) {
            this(arena.allocate((long) tiles.bytes() * count, 64), tiles);
            var random = new Random(count);
            for (int i = 0; i < count; i++) {
                if (tiles == Tiles.F64) {
                    segment.setAtIndex(Simd.DOUBLE, i, random.nextGaussian());
                } else {
                    segment.setAtIndex(Simd.FLOAT, i, (float) random.nextGaussian());
                }
            }
        }

        long address() {
            return segment.address();
        }

        double get(int i) {
            return tiles == Tiles.F64 ? segment.getAtIndex(Simd.DOUBLE, i) : segment.getAtIndex(Simd.FLOAT, i);
        }

        double[] values() {
            return IntStream.range(0, (int) (segment.byteSize() / tiles.bytes())).mapToDouble(this::get).toArray();
        }
    }
}
