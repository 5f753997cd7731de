package org.sfumato.tensor.cpu;

import java.lang.foreign.Arena;

/// The register tiles of the matrix product for one type of elements: `C = F + A B` for some rows of A and one panel of
/// B, where the sums begin from F: zeros, C itself, or a row that all rows begin from. Whatever the tile, an element is
/// the same chain of multiply-adds ([Tile]), so a product cut anywhere, along any side, has the same bits.
///
/// Addresses and strides are as in [Tile]; A lies in strips of [#ROWS] rows that are `strip` apart: `strip = ROWS * ar`
/// where A lies in place. Packed, a strip has its rows side by side (`ar` one element, `ac = ROWS * ar`,
/// `strip = depth * ac`), or one after another ([#line]), and a panel of B has no gaps (`br = PANEL`).
///
/// The shape is what the registers hold. With 32 of them a tile is 8 rows by 2 vectors. With the 16 of AVX2 it is 4
/// rows by 3 vectors: twelve sums, three vectors of B and an element of A, a quarter faster than the eight sums of 4
/// by 2, which just cover the time of a multiply-add. Strides that the compiler knows make a tile faster by a seventh.
///
/// Source: Goto and van de Geijn, Anatomy of High-Performance Matrix Multiplication, 2008; Van Zee and van de Geijn,
/// BLIS, 2015 (the register tile and the packed panels).
///
/// @param bytes of an element
/// @param one tiles one vector wide; `two` and `three` are of as many, `three` null where [#VECTORS] is 2
/// @param row one row by four panels: where one row is all there is, a panel at a time would wait for each sum
record Tiles(int bytes, Stack one, Stack two, Stack three, Tile row) {
    /// Rows of a strip of A.
    static final int ROWS = 8;

    /// Whether there are 32 registers.
    private static final boolean MANY = Simd.REGISTERS == 32;

    /// Vectors in a row of a panel of B, at most.
    static final int VECTORS = MANY ? 2 : 3;

    /// Bytes in a row of a panel of B, at most.
    static final int PANEL = VECTORS * Simd.BYTES;

    /// Bytes of a row of a block of attention's scores, a left operand like packed ones: 64 floats.
    static final long SCORES = 256;

    /// The most values of k in a block: a strip of A then takes half of the cache nearest to the core.
    static final int DEPTH = 512;

    /// Bytes of working memory that [#edge] needs.
    static final long EDGE = (long) ROWS * PANEL;

    /// The address of a row of zeros as wide as any tile: sums that begin from zero have `from = ZEROS`, `fr = 0`.
    static final long ZEROS = Arena.global().allocate(4L * PANEL, 64).address();

    /// Those of float32.
    static final Tiles F32 = of(false);

    /// Those of float64.
    static final Tiles F64 = of(true);

    /// From this depth on known strides are worth more than they cost to begin.
    private static final int DEEP = 48;

    /// Tiles of as many vectors: of all rows of a strip or of half of them, of four, of one; those of known strides.
    record Stack(int rows, Tile most, Tile four, Tile one, TileWriter.Strides[] strides, Tile[] known) { }

    private static Tiles of(boolean wide) {
        return new Tiles(wide ? Double.BYTES : Float.BYTES, stack(wide, 1), stack(wide, 2),
                VECTORS > 2 ? stack(wide, 3) : null, new TileWriter(wide, 1, VECTORS, 4, null).write());
    }

    private static Stack stack(boolean wide, int vectors) {
        int rows = MANY || vectors == 1 ? ROWS : 4;
        var four = new TileWriter(wide, 4, vectors, 1, null).write();
        var most = rows == 4 ? four : new TileWriter(wide, rows, vectors, 1, null).write();
        long element = wide ? Double.BYTES : Float.BYTES;
        long panel = (long) vectors * Simd.BYTES;
        var strides = vectors < VECTORS ? new TileWriter.Strides[0] : new TileWriter.Strides[] {
            new TileWriter.Strides(element, ROWS * element, panel),          // packed
            new TileWriter.Strides(element, SCORES, panel),                  // scores, from above to below
            new TileWriter.Strides(SCORES, element, panel),                  // scores, along their rows
            new TileWriter.Strides(line(element), element, panel)};          // packed row by row
        var known = new Tile[strides.length];
        for (int i = 0; i < known.length; i++) {
            known[i] = new TileWriter(wide, rows, vectors, 1, strides[i]).write();
        }
        return new Stack(rows, most, four, new TileWriter(wide, 1, vectors, 1, null).write(), strides, known);
    }

    /// Bytes from one row to the next where a strip of A is packed row by row: not a power of two, whose rows would all
    /// want the same places of a cache.
    long line() {
        return line(bytes);
    }

    private static long line(long element) {
        return (DEPTH + 16) * element;
    }

    /// Bytes from one k to the next in a packed strip of A: its rows side by side.
    long strip() {
        return (long) ROWS * bytes;
    }

    /// Elements in a row of a panel of B, at most.
    int width() {
        return PANEL / bytes;
    }

    /// Bytes in a row of a panel of so many columns: whole vectors.
    long panel(int columns) {
        return (columns * (long) bytes + Simd.BYTES - 1) / Simd.BYTES * Simd.BYTES;
    }

    /// `rows` rows by a panel of so many whole vectors.
    void rows(int vectors, int rows, int depth, long a, long strip, long ar, long ac, long b, long br, long c, long cr,
            long from, long fr) {
        var stack = vectors == 1 ? one : vectors == 2 ? two : three;
        var tile = depth < DEEP ? stack.most : best(stack, ar, ac, br);
        int i = 0;
        for (; i <= rows - ROWS; i += ROWS) {
            for (int k = 0; k < ROWS; k += stack.rows) {
                tile.run(depth, a + k * ar, ar, ac, b, br, 0, c, cr, from, fr);
                c += stack.rows * cr;
                from += stack.rows * fr;
            }
            a += strip;
        }
        if (i <= rows - 4) {
            stack.four.run(depth, a, ar, ac, b, br, 0, c, cr, from, fr);
            i += 4;
            a += 4 * ar;
            c += 4 * cr;
            from += 4 * fr;
        }
        for (; i < rows; i++) {
            stack.one.run(depth, a, ar, ac, b, br, 0, c, cr, from, fr);
            a += ar;
            c += cr;
            from += fr;
        }
    }

    private static Tile best(Stack stack, long ar, long ac, long br) {
        for (int i = 0; i < stack.known.length; i++) {
            var strides = stack.strides[i];
            if (ar == strides.ar() && ac == strides.ac() && br == strides.br()) {
                return stack.known[i];
            }
        }
        return stack.most;
    }

    /// `rows` rows by the first `width` columns of a panel, 1 to [#width]; of C and F only these are touched. A row of
    /// B must have whole vectors. `tile` is the address of [#EDGE] bytes of working memory.
    void edge(int rows, int depth, int width, long a, long strip, long ar, long ac, long b, long br, long c, long cr,
            long from, long fr, long tile) {
        int vectors = (width * bytes + Simd.BYTES - 1) / Simd.BYTES;
        if (width * bytes == vectors * Simd.BYTES) {
            rows(vectors, rows, depth, a, strip, ar, ac, b, br, c, cr, from, fr);
            return;
        }
        for (int i = 0; i < rows; i += ROWS) {
            int high = Math.min(ROWS, rows - i);
            move(high, width, from, fr, tile, PANEL);
            rows(vectors, high, depth, a, strip, ar, ac, b, br, tile, PANEL, tile, PANEL);
            move(high, width, tile, PANEL, c, cr);
            a += strip;
            c += ROWS * cr;
            from += ROWS * fr;
        }
    }

    // The end of a row goes four bytes by four: masks, made anew for each width, are boxed now and then.
    private void move(int rows, int width, long from, long fr, long to, long step) {
        long end = (long) width * bytes;
        long whole = end & -Simd.BYTES;
        for (int i = 0; i < rows; i++) {
            for (long at = 0; at < whole; at += Simd.BYTES) {
                Simd.store(to + at, Simd.loadF32(from + at));
            }
            for (long at = whole; at < end; at += Float.BYTES) {
                Simd.setF32(to + at, Simd.getF32(from + at));
            }
            from += fr;
            to += step;
        }
    }
}
