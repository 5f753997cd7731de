package org.sfumato.tensor.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.sfumato.tensor.expr.RawMemory;

/// Register tiles of the float32 matrix product three vectors wide and four rows high; addresses, strides and sums as
/// in [TileF32]. Twelve sums, three vectors of B and one element of A are what 16 registers hold: a quarter faster
/// there than tiles of 4 by 2, whose eight sums just cover the time of a multiply-add. Strides are left unknown to C2
/// on purpose: where it knows them it keeps fewer of the sums in registers, at half of the speed.
final class WideF32 {
    /// Whether this is the tile for this machine: one of 16 registers.
    static final boolean FITS = !TileF32.TALL;

    /// Floats in a row of a panel of B.
    static final int WIDTH = 3 * Simd.F32_LANES;

    /// Bytes in a row of a panel of B.
    static final long PANEL = 3 * Simd.BYTES;

    private static final long V = Simd.BYTES;
    private static final VectorSpecies<Float> S = Simd.F32;
    private static final MemorySegment MEMORY = RawMemory.ALL;
    private static final ValueLayout.OfFloat ELEMENT = Simd.FLOAT;
    private static final ByteOrder ORDER = Simd.ORDER;

    private WideF32() {}

    /// `rows` rows by a panel of [#WIDTH] columns.
    static void rows(int rows, int depth, long a, long strip, long ar, long ac, long b, long br, long c, long cr,
            long from, long fr) {
        int i = 0;
        for (; i <= rows - 4; i += 4) {
            long at = a + i / TileF32.ROWS * strip + i % TileF32.ROWS * ar;
            tile4(depth, at, ar, ac, b, br, c, cr, from, fr);
            c += 4 * cr;
            from += 4 * fr;
        }
        for (; i < rows; i++) {
            tile1(depth, a + i / TileF32.ROWS * strip + i % TileF32.ROWS * ar, ac, b, br, c, from);
            c += cr;
            from += fr;
        }
    }

    /// `rows` rows by the first `width` columns of a panel, as [TileF32#edge].
    static void edge(int rows, int depth, int width, long a, long strip, long ar, long ac, long b, long br, long c,
            long cr, long from, long fr, long tile) {
        if (width <= TileF32.WIDTH) {
            TileF32.edge(rows, depth, width, a, strip, ar, ac, b, br, c, cr, from, fr, tile);
            return;
        }
        if (width == WIDTH) {
            rows(rows, depth, a, strip, ar, ac, b, br, c, cr, from, fr);
            return;
        }
        for (int i = 0; i < rows; i += TileF32.ROWS) {
            int high = Math.min(TileF32.ROWS, rows - i);
            TileF32.move(high, width, from, fr, tile, PANEL);
            rows(high, depth, a, strip, ar, ac, b, br, tile, PANEL, tile, PANEL);
            TileF32.move(high, width, tile, PANEL, c, cr);
            a += strip;
            c += TileF32.ROWS * cr;
            from += TileF32.ROWS * fr;
        }
    }

    /// One row by four panels that lie `next` bytes apart, as [TileF32#row].
    static void row(int depth, long a, long ac, long b, long br, long next, long c, long from) {
        var c0 = FloatVector.fromMemorySegment(S, MEMORY, from, ORDER);
        var c1 = FloatVector.fromMemorySegment(S, MEMORY, from + V, ORDER);
        var c2 = FloatVector.fromMemorySegment(S, MEMORY, from + 2 * V, ORDER);
        var c3 = FloatVector.fromMemorySegment(S, MEMORY, from + 3 * V, ORDER);
        var c4 = FloatVector.fromMemorySegment(S, MEMORY, from + 4 * V, ORDER);
        var c5 = FloatVector.fromMemorySegment(S, MEMORY, from + 5 * V, ORDER);
        var c6 = FloatVector.fromMemorySegment(S, MEMORY, from + 6 * V, ORDER);
        var c7 = FloatVector.fromMemorySegment(S, MEMORY, from + 7 * V, ORDER);
        var c8 = FloatVector.fromMemorySegment(S, MEMORY, from + 8 * V, ORDER);
        var c9 = FloatVector.fromMemorySegment(S, MEMORY, from + 9 * V, ORDER);
        var c10 = FloatVector.fromMemorySegment(S, MEMORY, from + 10 * V, ORDER);
        var c11 = FloatVector.fromMemorySegment(S, MEMORY, from + 11 * V, ORDER);
        long d = b + 2 * next;
        for (int p = 0; p < depth; p++) {
            var x = FloatVector.broadcast(S, MEMORY.get(ELEMENT, a));
            c0 = x.fma(FloatVector.fromMemorySegment(S, MEMORY, b, ORDER), c0);
            c1 = x.fma(FloatVector.fromMemorySegment(S, MEMORY, b + V, ORDER), c1);
            c2 = x.fma(FloatVector.fromMemorySegment(S, MEMORY, b + 2 * V, ORDER), c2);
            c3 = x.fma(FloatVector.fromMemorySegment(S, MEMORY, b + next, ORDER), c3);
            c4 = x.fma(FloatVector.fromMemorySegment(S, MEMORY, b + next + V, ORDER), c4);
            c5 = x.fma(FloatVector.fromMemorySegment(S, MEMORY, b + next + 2 * V, ORDER), c5);
            c6 = x.fma(FloatVector.fromMemorySegment(S, MEMORY, d, ORDER), c6);
            c7 = x.fma(FloatVector.fromMemorySegment(S, MEMORY, d + V, ORDER), c7);
            c8 = x.fma(FloatVector.fromMemorySegment(S, MEMORY, d + 2 * V, ORDER), c8);
            c9 = x.fma(FloatVector.fromMemorySegment(S, MEMORY, d + next, ORDER), c9);
            c10 = x.fma(FloatVector.fromMemorySegment(S, MEMORY, d + next + V, ORDER), c10);
            c11 = x.fma(FloatVector.fromMemorySegment(S, MEMORY, d + next + 2 * V, ORDER), c11);
            a += ac;
            b += br;
            d += br;
        }
        c0.intoMemorySegment(MEMORY, c, ORDER);
        c1.intoMemorySegment(MEMORY, c + V, ORDER);
        c2.intoMemorySegment(MEMORY, c + 2 * V, ORDER);
        c3.intoMemorySegment(MEMORY, c + 3 * V, ORDER);
        c4.intoMemorySegment(MEMORY, c + 4 * V, ORDER);
        c5.intoMemorySegment(MEMORY, c + 5 * V, ORDER);
        c6.intoMemorySegment(MEMORY, c + 6 * V, ORDER);
        c7.intoMemorySegment(MEMORY, c + 7 * V, ORDER);
        c8.intoMemorySegment(MEMORY, c + 8 * V, ORDER);
        c9.intoMemorySegment(MEMORY, c + 9 * V, ORDER);
        c10.intoMemorySegment(MEMORY, c + 10 * V, ORDER);
        c11.intoMemorySegment(MEMORY, c + 11 * V, ORDER);
    }

    private static void tile4(int depth, long a, long ar, long ac, long b, long br, long c, long cr,
            long from, long fr) {
        var c00 = FloatVector.fromMemorySegment(S, MEMORY, from, ORDER);
        var c01 = FloatVector.fromMemorySegment(S, MEMORY, from + V, ORDER);
        var c02 = FloatVector.fromMemorySegment(S, MEMORY, from + 2 * V, ORDER);
        var c10 = FloatVector.fromMemorySegment(S, MEMORY, from + fr, ORDER);
        var c11 = FloatVector.fromMemorySegment(S, MEMORY, from + fr + V, ORDER);
        var c12 = FloatVector.fromMemorySegment(S, MEMORY, from + fr + 2 * V, ORDER);
        var c20 = FloatVector.fromMemorySegment(S, MEMORY, from + 2 * fr, ORDER);
        var c21 = FloatVector.fromMemorySegment(S, MEMORY, from + 2 * fr + V, ORDER);
        var c22 = FloatVector.fromMemorySegment(S, MEMORY, from + 2 * fr + 2 * V, ORDER);
        var c30 = FloatVector.fromMemorySegment(S, MEMORY, from + 3 * fr, ORDER);
        var c31 = FloatVector.fromMemorySegment(S, MEMORY, from + 3 * fr + V, ORDER);
        var c32 = FloatVector.fromMemorySegment(S, MEMORY, from + 3 * fr + 2 * V, ORDER);
        for (int p = 0; p < depth; p++) {
            var b0 = FloatVector.fromMemorySegment(S, MEMORY, b, ORDER);
            var b1 = FloatVector.fromMemorySegment(S, MEMORY, b + V, ORDER);
            var b2 = FloatVector.fromMemorySegment(S, MEMORY, b + 2 * V, ORDER);
            var x0 = FloatVector.broadcast(S, MEMORY.get(ELEMENT, a));
            c00 = x0.fma(b0, c00);
            c01 = x0.fma(b1, c01);
            c02 = x0.fma(b2, c02);
            var x1 = FloatVector.broadcast(S, MEMORY.get(ELEMENT, a + ar));
            c10 = x1.fma(b0, c10);
            c11 = x1.fma(b1, c11);
            c12 = x1.fma(b2, c12);
            var x2 = FloatVector.broadcast(S, MEMORY.get(ELEMENT, a + 2 * ar));
            c20 = x2.fma(b0, c20);
            c21 = x2.fma(b1, c21);
            c22 = x2.fma(b2, c22);
            var x3 = FloatVector.broadcast(S, MEMORY.get(ELEMENT, a + 3 * ar));
            c30 = x3.fma(b0, c30);
            c31 = x3.fma(b1, c31);
            c32 = x3.fma(b2, c32);
            a += ac;
            b += br;
        }
        c00.intoMemorySegment(MEMORY, c, ORDER);
        c01.intoMemorySegment(MEMORY, c + V, ORDER);
        c02.intoMemorySegment(MEMORY, c + 2 * V, ORDER);
        c10.intoMemorySegment(MEMORY, c + cr, ORDER);
        c11.intoMemorySegment(MEMORY, c + cr + V, ORDER);
        c12.intoMemorySegment(MEMORY, c + cr + 2 * V, ORDER);
        c20.intoMemorySegment(MEMORY, c + 2 * cr, ORDER);
        c21.intoMemorySegment(MEMORY, c + 2 * cr + V, ORDER);
        c22.intoMemorySegment(MEMORY, c + 2 * cr + 2 * V, ORDER);
        c30.intoMemorySegment(MEMORY, c + 3 * cr, ORDER);
        c31.intoMemorySegment(MEMORY, c + 3 * cr + V, ORDER);
        c32.intoMemorySegment(MEMORY, c + 3 * cr + 2 * V, ORDER);
    }

    private static void tile1(int depth, long a, long ac, long b, long br, long c, long from) {
        var c0 = FloatVector.fromMemorySegment(S, MEMORY, from, ORDER);
        var c1 = FloatVector.fromMemorySegment(S, MEMORY, from + V, ORDER);
        var c2 = FloatVector.fromMemorySegment(S, MEMORY, from + 2 * V, ORDER);
        for (int p = 0; p < depth; p++) {
            var x = FloatVector.broadcast(S, MEMORY.get(ELEMENT, a));
            c0 = x.fma(FloatVector.fromMemorySegment(S, MEMORY, b, ORDER), c0);
            c1 = x.fma(FloatVector.fromMemorySegment(S, MEMORY, b + V, ORDER), c1);
            c2 = x.fma(FloatVector.fromMemorySegment(S, MEMORY, b + 2 * V, ORDER), c2);
            a += ac;
            b += br;
        }
        c0.intoMemorySegment(MEMORY, c, ORDER);
        c1.intoMemorySegment(MEMORY, c + V, ORDER);
        c2.intoMemorySegment(MEMORY, c + 2 * V, ORDER);
    }
}
