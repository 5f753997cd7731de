package org.sfumato.tensor.cpu;

/// Register tiles of the float32 matrix product for edges, one vector wide; addresses and strides as in [TileF32].
final class NarrowF32 {
    private NarrowF32() {}

    /// `rows` rows by the first half of a panel: one vector of columns.
    static void rows(int rows, int depth, long a, long strip, long ar, long ac, long b, long br, long c, long cr,
            long from, long fr) {
        int i = 0;
        for (; i <= rows - 8; i += 8) {
            if (TileF32.ROWS == 8) {
                tile8(depth, a, ar, ac, b, br, c, cr, from, fr);
            } else {
                tile4(depth, a, ar, ac, b, br, c, cr, from, fr);
                tile4(depth, a + strip, ar, ac, b, br, c + 4 * cr, cr, from + 4 * fr, fr);
            }
            a += 8 / TileF32.ROWS * strip;
            c += 8 * cr;
            from += 8 * fr;
        }
        if (i <= rows - 4) {
            tile4(depth, a, ar, ac, b, br, c, cr, from, fr);
            i += 4;
            a += TileF32.ROWS == 4 ? strip : 4 * ar;
            c += 4 * cr;
            from += 4 * fr;
        }
        for (; i < rows; i++) {
            tile1(depth, a, ac, b, br, c, from);
            a += ar;
            c += cr;
            from += fr;
        }
    }

    private static void tile8(int depth, long a, long ar, long ac, long b, long br, long c, long cr,
            long from, long fr) {
        long fromLow = from + 4 * fr;
        var c0 = Simd.loadF32(from);
        var c1 = Simd.loadF32(from + fr);
        var c2 = Simd.loadF32(from + 2 * fr);
        var c3 = Simd.loadF32(from + 3 * fr);
        var c4 = Simd.loadF32(fromLow);
        var c5 = Simd.loadF32(fromLow + fr);
        var c6 = Simd.loadF32(fromLow + 2 * fr);
        var c7 = Simd.loadF32(fromLow + 3 * fr);
        long aLow = a + 4 * ar;
        for (int p = 0; p < depth; p++) {
            var b0 = Simd.loadF32(b);
            c0 = Simd.splatF32(a).fma(b0, c0);
            c1 = Simd.splatF32(a + ar).fma(b0, c1);
            c2 = Simd.splatF32(a + 2 * ar).fma(b0, c2);
            c3 = Simd.splatF32(a + 3 * ar).fma(b0, c3);
            c4 = Simd.splatF32(aLow).fma(b0, c4);
            c5 = Simd.splatF32(aLow + ar).fma(b0, c5);
            c6 = Simd.splatF32(aLow + 2 * ar).fma(b0, c6);
            c7 = Simd.splatF32(aLow + 3 * ar).fma(b0, c7);
            a += ac;
            aLow += ac;
            b += br;
        }
        long cLow = c + 4 * cr;
        Simd.store(c, c0);
        Simd.store(c + cr, c1);
        Simd.store(c + 2 * cr, c2);
        Simd.store(c + 3 * cr, c3);
        Simd.store(cLow, c4);
        Simd.store(cLow + cr, c5);
        Simd.store(cLow + 2 * cr, c6);
        Simd.store(cLow + 3 * cr, c7);
    }

    private static void tile4(int depth, long a, long ar, long ac, long b, long br, long c, long cr,
            long from, long fr) {
        var c0 = Simd.loadF32(from);
        var c1 = Simd.loadF32(from + fr);
        var c2 = Simd.loadF32(from + 2 * fr);
        var c3 = Simd.loadF32(from + 3 * fr);
        for (int p = 0; p < depth; p++) {
            var b0 = Simd.loadF32(b);
            c0 = Simd.splatF32(a).fma(b0, c0);
            c1 = Simd.splatF32(a + ar).fma(b0, c1);
            c2 = Simd.splatF32(a + 2 * ar).fma(b0, c2);
            c3 = Simd.splatF32(a + 3 * ar).fma(b0, c3);
            a += ac;
            b += br;
        }
        Simd.store(c, c0);
        Simd.store(c + cr, c1);
        Simd.store(c + 2 * cr, c2);
        Simd.store(c + 3 * cr, c3);
    }

    private static void tile1(int depth, long a, long ac, long b, long br, long c, long from) {
        var c0 = Simd.loadF32(from);
        for (int p = 0; p < depth; p++) {
            var b0 = Simd.loadF32(b);
            c0 = Simd.splatF32(a).fma(b0, c0);
            a += ac;
            b += br;
        }
        Simd.store(c, c0);
    }
}
