package org.sfumato.tensor.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Every element is the chain of [TileF32], bit for bit, computed here in plain Java; nothing beside C changes. So are
/// those of [WideF32], which this machine may not use.
class TileF32Test {
    private static final int COLUMNS = 4 * WideF32.WIDTH + 3;

    /// The tile of either class.
    private interface Tile {
        void edge(int rows, int depth, int width, long a, long strip, long ar, long ac, long b, long br, long c,
                long cr, long from, long fr, long tile);
    }

    private interface Row {
        void row(int depth, long a, long ac, long b, long br, long next, long c, long from);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 7, 8, 9, 12, 13, 16, 23})
    void tilesAreChainsOfMultiplyAdds(int rows) {
        for (int depth : new int[] {0, 1, 5, 33}) {
            for (boolean packed : new boolean[] {false, true}) {
                for (int start = 0; start < 3; start++) {
                    for (int width = 1; width <= TileF32.WIDTH; width++) {
                        check(TileF32::edge, TileF32.WIDTH, rows, depth, width, packed, start);
                    }
                    for (int width = 1; width <= WideF32.WIDTH; width++) {
                        check(WideF32::edge, WideF32.WIDTH, rows, depth, width, packed, start);
                    }
                }
            }
        }
    }

    private static void check(Tile kernel, int panel, int rows, int depth, int width, boolean packed, int start) {
        try (var arena = Arena.ofConfined()) {
            var a = random(arena, (rows + TileF32.ROWS) * (depth + 3));
            var b = random(arena, (depth + 1) * (panel + 5));
            var c = random(arena, rows * COLUMNS);
            var from = random(arena, COLUMNS);
            var before = c.toArray(Simd.FLOAT);
            long rowOfA = packed ? 4 : 4L * (depth + 3);
            long columnOfA = packed ? TileF32.STRIP : 4;
            long strip = packed ? depth * TileF32.STRIP : TileF32.ROWS * rowOfA;
            long rowOfB = 4L * panel + (packed ? 0 : 20);
            long first = start == 0 ? TileF32.ZEROS : start == 1 ? from.address() : c.address();
            var tile = arena.allocate(TileF32.EDGE, 64);
            kernel.edge(rows, depth, width, a.address(), strip, rowOfA, columnOfA, b.address(), rowOfB, c.address(),
                    4 * COLUMNS, first, start == 2 ? 4 * COLUMNS : 0, tile.address());
            for (int i = 0; i < rows; i++) {
                for (int j = 0; j < width; j++) {
                    float sum = start == 0 ? 0 : start == 1 ? from.get(Simd.FLOAT, 4L * j) : before[i * COLUMNS + j];
                    long row = i / TileF32.ROWS * strip + i % TileF32.ROWS * rowOfA;
                    for (int p = 0; p < depth; p++) {
                        sum = Math.fma(a.get(Simd.FLOAT, row + p * columnOfA), b.get(Simd.FLOAT, p * rowOfB + 4L * j),
                                sum);
                    }
                    before[i * COLUMNS + j] = sum;
                }
            }
            assertThat(c.toArray(Simd.FLOAT)).as("%d x %d x %d, packed %s, start %d", rows, width, depth, packed, start)
                    .isEqualTo(before);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 40})
    void aRowByFourPanels(int depth) {
        check(TileF32::row, TileF32.WIDTH, depth);
        check(WideF32::row, WideF32.WIDTH, depth);
    }

    private static void check(Row kernel, int panel, int depth) {
        try (var arena = Arena.ofConfined()) {
            int width = 4 * panel;
            var a = random(arena, depth + 1);
            var b = random(arena, (depth + 1) * width);
            var c = random(arena, width);
            var expected = c.toArray(Simd.FLOAT);
            long next = depth * 4L * panel;
            kernel.row(depth, a.address(), 4, b.address(), 4L * panel, next, c.address(), c.address());
            for (int j = 0; j < width; j++) {
                for (int p = 0; p < depth; p++) {
                    long at = j / panel * next + p * 4L * panel + 4L * (j % panel);
                    expected[j] = Math.fma(a.get(Simd.FLOAT, 4L * p), b.get(Simd.FLOAT, at), expected[j]);
                }
            }
            assertThat(c.toArray(Simd.FLOAT)).isEqualTo(expected);
        }
    }

    private static MemorySegment random(Arena arena, int count) {
        var values = new float[count];
        var random = new Random(count);
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        var segment = arena.allocate(4L * count, 64);
        MemorySegment.copy(values, 0, segment, Simd.FLOAT, 0, count);
        return segment;
    }
}
