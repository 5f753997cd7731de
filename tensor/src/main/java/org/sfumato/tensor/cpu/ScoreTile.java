package org.sfumato.tensor.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.sfumato.tensor.expr.RawMemory;

/// The register tiles of [TileF32] for a left operand in rows of [#ROW] bytes, such as a block of scores, and panels
/// without gaps: where C2 knows all strides, a deep product is a tenth faster.
final class ScoreTile {
    /// Bytes of a row of a block of scores: 64 floats.
    static final long ROW = 256;

    private static final long V = Simd.BYTES;
    private static final long PANEL = TileF32.PANEL;
    private static final VectorSpecies<Float> S = Simd.F32;
    private static final MemorySegment MEMORY = RawMemory.ALL;
    private static final long E = Float.BYTES;
    private static final ValueLayout.OfFloat ELEMENT = Simd.FLOAT;
    private static final ByteOrder ORDER = Simd.ORDER;

    private ScoreTile() {}

    /// Rows of A side by side: element (i, p) at `a + 4 i + ROW p`.
    static void across(int rows, int depth, long a, long b, long c, long cr, long from, long fr) {
        int i = 0;
        for (; i <= rows - TileF32.ROWS; i += TileF32.ROWS) {
            if (TileF32.ROWS == 8) {
                across8(depth, a, b, c, cr, from, fr);
            } else {
                across4(depth, a, b, c, cr, from, fr);
            }
            a += TileF32.ROWS * E;
            c += TileF32.ROWS * cr;
            from += TileF32.ROWS * fr;
        }
        if (i < rows) {
            TileF32.rows(rows - i, depth, a, TileF32.ROWS * E, E, ROW, b, PANEL, c, cr, from, fr);
        }
    }

    /// Rows of A one below the other: element (i, p) at `a + ROW i + 4 p`.
    static void down(int rows, int depth, long a, long b, long c, long cr, long from, long fr) {
        int i = 0;
        for (; i <= rows - TileF32.ROWS; i += TileF32.ROWS) {
            if (TileF32.ROWS == 8) {
                down8(depth, a, b, c, cr, from, fr);
            } else {
                down4(depth, a, b, c, cr, from, fr);
            }
            a += TileF32.ROWS * ROW;
            c += TileF32.ROWS * cr;
            from += TileF32.ROWS * fr;
        }
        if (i < rows) {
            TileF32.rows(rows - i, depth, a, TileF32.ROWS * ROW, ROW, E, b, PANEL, c, cr, from, fr);
        }
    }

    private static void across8(int depth, long a, long b, long c, long cr,
            long from, long fr) {
        long fromLow = from + 4 * fr;
        var c00 = FloatVector.fromMemorySegment(S, MEMORY, from, ORDER);
        var c01 = FloatVector.fromMemorySegment(S, MEMORY, from + V, ORDER);
        var c10 = FloatVector.fromMemorySegment(S, MEMORY, from + fr, ORDER);
        var c11 = FloatVector.fromMemorySegment(S, MEMORY, from + fr + V, ORDER);
        var c20 = FloatVector.fromMemorySegment(S, MEMORY, from + 2 * fr, ORDER);
        var c21 = FloatVector.fromMemorySegment(S, MEMORY, from + 2 * fr + V, ORDER);
        var c30 = FloatVector.fromMemorySegment(S, MEMORY, from + 3 * fr, ORDER);
        var c31 = FloatVector.fromMemorySegment(S, MEMORY, from + 3 * fr + V, ORDER);
        var c40 = FloatVector.fromMemorySegment(S, MEMORY, fromLow, ORDER);
        var c41 = FloatVector.fromMemorySegment(S, MEMORY, fromLow + V, ORDER);
        var c50 = FloatVector.fromMemorySegment(S, MEMORY, fromLow + fr, ORDER);
        var c51 = FloatVector.fromMemorySegment(S, MEMORY, fromLow + fr + V, ORDER);
        var c60 = FloatVector.fromMemorySegment(S, MEMORY, fromLow + 2 * fr, ORDER);
        var c61 = FloatVector.fromMemorySegment(S, MEMORY, fromLow + 2 * fr + V, ORDER);
        var c70 = FloatVector.fromMemorySegment(S, MEMORY, fromLow + 3 * fr, ORDER);
        var c71 = FloatVector.fromMemorySegment(S, MEMORY, fromLow + 3 * fr + V, ORDER);
        for (int p = 0; p < depth; p++) {
            var b0 = FloatVector.fromMemorySegment(S, MEMORY, b, ORDER);
            var b1 = FloatVector.fromMemorySegment(S, MEMORY, b + V, ORDER);
            var x0 = FloatVector.broadcast(S, MEMORY.get(ELEMENT, a));
            c00 = x0.fma(b0, c00);
            c01 = x0.fma(b1, c01);
            var x1 = FloatVector.broadcast(S, MEMORY.get(ELEMENT, a + E));
            c10 = x1.fma(b0, c10);
            c11 = x1.fma(b1, c11);
            var x2 = FloatVector.broadcast(S, MEMORY.get(ELEMENT, a + 2 * E));
            c20 = x2.fma(b0, c20);
            c21 = x2.fma(b1, c21);
            var x3 = FloatVector.broadcast(S, MEMORY.get(ELEMENT, a + 3 * E));
            c30 = x3.fma(b0, c30);
            c31 = x3.fma(b1, c31);
            var x4 = FloatVector.broadcast(S, MEMORY.get(ELEMENT, a + 4 * E));
            c40 = x4.fma(b0, c40);
            c41 = x4.fma(b1, c41);
            var x5 = FloatVector.broadcast(S, MEMORY.get(ELEMENT, a + 5 * E));
            c50 = x5.fma(b0, c50);
            c51 = x5.fma(b1, c51);
            var x6 = FloatVector.broadcast(S, MEMORY.get(ELEMENT, a + 6 * E));
            c60 = x6.fma(b0, c60);
            c61 = x6.fma(b1, c61);
            var x7 = FloatVector.broadcast(S, MEMORY.get(ELEMENT, a + 7 * E));
            c70 = x7.fma(b0, c70);
            c71 = x7.fma(b1, c71);
            a += ROW;
            b += PANEL;
        }
        long cLow = c + 4 * cr;
        c00.intoMemorySegment(MEMORY, c, ORDER);
        c01.intoMemorySegment(MEMORY, c + V, ORDER);
        c10.intoMemorySegment(MEMORY, c + cr, ORDER);
        c11.intoMemorySegment(MEMORY, c + cr + V, ORDER);
        c20.intoMemorySegment(MEMORY, c + 2 * cr, ORDER);
        c21.intoMemorySegment(MEMORY, c + 2 * cr + V, ORDER);
        c30.intoMemorySegment(MEMORY, c + 3 * cr, ORDER);
        c31.intoMemorySegment(MEMORY, c + 3 * cr + V, ORDER);
        c40.intoMemorySegment(MEMORY, cLow, ORDER);
        c41.intoMemorySegment(MEMORY, cLow + V, ORDER);
        c50.intoMemorySegment(MEMORY, cLow + cr, ORDER);
        c51.intoMemorySegment(MEMORY, cLow + cr + V, ORDER);
        c60.intoMemorySegment(MEMORY, cLow + 2 * cr, ORDER);
        c61.intoMemorySegment(MEMORY, cLow + 2 * cr + V, ORDER);
        c70.intoMemorySegment(MEMORY, cLow + 3 * cr, ORDER);
        c71.intoMemorySegment(MEMORY, cLow + 3 * cr + V, ORDER);
    }

    private static void across4(int depth, long a, long b, long c, long cr,
            long from, long fr) {
        var c00 = Simd.loadF32(from);
        var c01 = Simd.loadF32(from + V);
        var c10 = Simd.loadF32(from + fr);
        var c11 = Simd.loadF32(from + fr + V);
        var c20 = Simd.loadF32(from + 2 * fr);
        var c21 = Simd.loadF32(from + 2 * fr + V);
        var c30 = Simd.loadF32(from + 3 * fr);
        var c31 = Simd.loadF32(from + 3 * fr + V);
        for (int p = 0; p < depth; p++) {
            var b0 = Simd.loadF32(b);
            var b1 = Simd.loadF32(b + V);
            var x0 = Simd.splatF32(a);
            c00 = x0.fma(b0, c00);
            c01 = x0.fma(b1, c01);
            var x1 = Simd.splatF32(a + E);
            c10 = x1.fma(b0, c10);
            c11 = x1.fma(b1, c11);
            var x2 = Simd.splatF32(a + 2 * E);
            c20 = x2.fma(b0, c20);
            c21 = x2.fma(b1, c21);
            var x3 = Simd.splatF32(a + 3 * E);
            c30 = x3.fma(b0, c30);
            c31 = x3.fma(b1, c31);
            a += ROW;
            b += PANEL;
        }
        Simd.store(c, c00);
        Simd.store(c + V, c01);
        Simd.store(c + cr, c10);
        Simd.store(c + cr + V, c11);
        Simd.store(c + 2 * cr, c20);
        Simd.store(c + 2 * cr + V, c21);
        Simd.store(c + 3 * cr, c30);
        Simd.store(c + 3 * cr + V, c31);
    }

    private static void down8(int depth, long a, long b, long c, long cr,
            long from, long fr) {
        long fromLow = from + 4 * fr;
        var c00 = FloatVector.fromMemorySegment(S, MEMORY, from, ORDER);
        var c01 = FloatVector.fromMemorySegment(S, MEMORY, from + V, ORDER);
        var c10 = FloatVector.fromMemorySegment(S, MEMORY, from + fr, ORDER);
        var c11 = FloatVector.fromMemorySegment(S, MEMORY, from + fr + V, ORDER);
        var c20 = FloatVector.fromMemorySegment(S, MEMORY, from + 2 * fr, ORDER);
        var c21 = FloatVector.fromMemorySegment(S, MEMORY, from + 2 * fr + V, ORDER);
        var c30 = FloatVector.fromMemorySegment(S, MEMORY, from + 3 * fr, ORDER);
        var c31 = FloatVector.fromMemorySegment(S, MEMORY, from + 3 * fr + V, ORDER);
        var c40 = FloatVector.fromMemorySegment(S, MEMORY, fromLow, ORDER);
        var c41 = FloatVector.fromMemorySegment(S, MEMORY, fromLow + V, ORDER);
        var c50 = FloatVector.fromMemorySegment(S, MEMORY, fromLow + fr, ORDER);
        var c51 = FloatVector.fromMemorySegment(S, MEMORY, fromLow + fr + V, ORDER);
        var c60 = FloatVector.fromMemorySegment(S, MEMORY, fromLow + 2 * fr, ORDER);
        var c61 = FloatVector.fromMemorySegment(S, MEMORY, fromLow + 2 * fr + V, ORDER);
        var c70 = FloatVector.fromMemorySegment(S, MEMORY, fromLow + 3 * fr, ORDER);
        var c71 = FloatVector.fromMemorySegment(S, MEMORY, fromLow + 3 * fr + V, ORDER);
        for (int p = 0; p < depth; p++) {
            var b0 = FloatVector.fromMemorySegment(S, MEMORY, b, ORDER);
            var b1 = FloatVector.fromMemorySegment(S, MEMORY, b + V, ORDER);
            var x0 = FloatVector.broadcast(S, MEMORY.get(ELEMENT, a));
            c00 = x0.fma(b0, c00);
            c01 = x0.fma(b1, c01);
            var x1 = FloatVector.broadcast(S, MEMORY.get(ELEMENT, a + ROW));
            c10 = x1.fma(b0, c10);
            c11 = x1.fma(b1, c11);
            var x2 = FloatVector.broadcast(S, MEMORY.get(ELEMENT, a + 2 * ROW));
            c20 = x2.fma(b0, c20);
            c21 = x2.fma(b1, c21);
            var x3 = FloatVector.broadcast(S, MEMORY.get(ELEMENT, a + 3 * ROW));
            c30 = x3.fma(b0, c30);
            c31 = x3.fma(b1, c31);
            var x4 = FloatVector.broadcast(S, MEMORY.get(ELEMENT, a + 4 * ROW));
            c40 = x4.fma(b0, c40);
            c41 = x4.fma(b1, c41);
            var x5 = FloatVector.broadcast(S, MEMORY.get(ELEMENT, a + 5 * ROW));
            c50 = x5.fma(b0, c50);
            c51 = x5.fma(b1, c51);
            var x6 = FloatVector.broadcast(S, MEMORY.get(ELEMENT, a + 6 * ROW));
            c60 = x6.fma(b0, c60);
            c61 = x6.fma(b1, c61);
            var x7 = FloatVector.broadcast(S, MEMORY.get(ELEMENT, a + 7 * ROW));
            c70 = x7.fma(b0, c70);
            c71 = x7.fma(b1, c71);
            a += E;
            b += PANEL;
        }
        long cLow = c + 4 * cr;
        c00.intoMemorySegment(MEMORY, c, ORDER);
        c01.intoMemorySegment(MEMORY, c + V, ORDER);
        c10.intoMemorySegment(MEMORY, c + cr, ORDER);
        c11.intoMemorySegment(MEMORY, c + cr + V, ORDER);
        c20.intoMemorySegment(MEMORY, c + 2 * cr, ORDER);
        c21.intoMemorySegment(MEMORY, c + 2 * cr + V, ORDER);
        c30.intoMemorySegment(MEMORY, c + 3 * cr, ORDER);
        c31.intoMemorySegment(MEMORY, c + 3 * cr + V, ORDER);
        c40.intoMemorySegment(MEMORY, cLow, ORDER);
        c41.intoMemorySegment(MEMORY, cLow + V, ORDER);
        c50.intoMemorySegment(MEMORY, cLow + cr, ORDER);
        c51.intoMemorySegment(MEMORY, cLow + cr + V, ORDER);
        c60.intoMemorySegment(MEMORY, cLow + 2 * cr, ORDER);
        c61.intoMemorySegment(MEMORY, cLow + 2 * cr + V, ORDER);
        c70.intoMemorySegment(MEMORY, cLow + 3 * cr, ORDER);
        c71.intoMemorySegment(MEMORY, cLow + 3 * cr + V, ORDER);
    }

    private static void down4(int depth, long a, long b, long c, long cr,
            long from, long fr) {
        var c00 = Simd.loadF32(from);
        var c01 = Simd.loadF32(from + V);
        var c10 = Simd.loadF32(from + fr);
        var c11 = Simd.loadF32(from + fr + V);
        var c20 = Simd.loadF32(from + 2 * fr);
        var c21 = Simd.loadF32(from + 2 * fr + V);
        var c30 = Simd.loadF32(from + 3 * fr);
        var c31 = Simd.loadF32(from + 3 * fr + V);
        for (int p = 0; p < depth; p++) {
            var b0 = Simd.loadF32(b);
            var b1 = Simd.loadF32(b + V);
            var x0 = Simd.splatF32(a);
            c00 = x0.fma(b0, c00);
            c01 = x0.fma(b1, c01);
            var x1 = Simd.splatF32(a + ROW);
            c10 = x1.fma(b0, c10);
            c11 = x1.fma(b1, c11);
            var x2 = Simd.splatF32(a + 2 * ROW);
            c20 = x2.fma(b0, c20);
            c21 = x2.fma(b1, c21);
            var x3 = Simd.splatF32(a + 3 * ROW);
            c30 = x3.fma(b0, c30);
            c31 = x3.fma(b1, c31);
            a += E;
            b += PANEL;
        }
        Simd.store(c, c00);
        Simd.store(c + V, c01);
        Simd.store(c + cr, c10);
        Simd.store(c + cr + V, c11);
        Simd.store(c + 2 * cr, c20);
        Simd.store(c + 2 * cr + V, c21);
        Simd.store(c + 3 * cr, c30);
        Simd.store(c + 3 * cr + V, c31);
    }
}
