package org.sfumato.tensor.cpu;

import jdk.incubator.vector.VectorMask;

/// The last columns of a float32 product where they are few: two of them fill a vector with the eight rows of a strip
/// of A, while a tile one vector wide would compute a whole vector of columns for each row. The sums are those of
/// [Tile]. Addresses and strides are in bytes, and nothing is checked.
final class PairF32 {
    /// Whether a vector holds two strips, which this needs.
    static final boolean FITS = Simd.F32_LANES == 2 * Tiles.ROWS;

    /// At most so many columns: their pairs take the room of a panel.
    static final int COLUMNS = 4;

    private static final long E = Float.BYTES;
    private static final long V = Simd.BYTES;
    private static final long HALF = V / 2;
    private static final VectorMask<Float> UPPER = Simd.firstF32(Math.max(1, Simd.F32_LANES / 2)).not();

    private PairF32() {}

    /// Packs `width` columns of B: each element of a pair of columns fills half a vector; pairs lie `depth` vectors
    /// apart. The second column of an incomplete pair repeats the first.
    static void pack(int depth, int width, long b, long br, long bc, long to) {
        for (int j = 0; j < width; j += 2) {
            long second = j + 1 < width ? bc : 0;
            for (int p = 0; p < depth; p++) {
                long at = b + j * bc + p * br;
                Simd.store(to + p * V, Simd.splatF32(at).blend(Simd.splatF32(at + second), UPPER));
            }
            to += depth * V;
        }
    }

    /// `rows` rows, 1 to 8, of a packed strip by `width` packed columns; C and F as in [Tile]. `tile` is the address
    /// of two vectors of working memory.
    static void tile(int rows, int depth, int width, long a, long b, long c, long cr, long from, long fr, long tile) {
        for (int j = 0; j < width; j += 2) {
            int count = Math.min(2, width - j);
            move(rows, count, from + j * E, fr, E, tile, E, HALF);
            pair(depth / 2, a, b + j / 2 * depth * V, tile);
            if (depth % 2 != 0) {
                last(a + (depth - 1) * Tiles.F32.strip(), b + (j / 2 * depth + depth - 1L) * V, tile);
            }
            move(rows, count, tile, E, HALF, c + j * E, cr, E);
        }
    }

    private static void pair(int steps, long a, long b, long tile) {
        var c = Simd.loadF32(tile);
        for (int p = 0; p < steps; p++) {
            var x = Simd.loadF32(a);
            c = PackF32.LEFT.selectFrom(x, x).fma(Simd.loadF32(b), c);
            c = PackF32.RIGHT.selectFrom(x, x).fma(Simd.loadF32(b + V), c);
            a += V;
            b += 2 * V;
        }
        Simd.store(tile, c);
    }

    // The last p of an odd number: a vector of A would reach beyond the strip.
    private static void last(long a, long b, long tile) {
        for (int i = 0; i < 2 * Tiles.ROWS; i++) {
            float x = Simd.getF32(a + i % Tiles.ROWS * E);
            Simd.setF32(tile + i * E, Math.fma(x, Simd.getF32(b + i * E), Simd.getF32(tile + i * E)));
        }
    }

    private static void move(int rows, int columns, long from, long row, long column, long to, long toRow,
            long toColumn) {
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                Simd.setF32(to + i * toRow + j * toColumn, Simd.getF32(from + i * row + j * column));
            }
        }
    }
}
