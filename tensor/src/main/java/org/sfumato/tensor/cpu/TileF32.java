package org.sfumato.tensor.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.sfumato.tensor.expr.RawMemory;

/// Register tiles of the float32 matrix product: `C = F + A B` for some rows of A and one panel of B, where the sums
/// begin from F: zeros, C itself, or a row that all rows begin from. Element (i, j) is
/// `fma(A[i,k-1], B[k-1,j], ... fma(A[i,0], B[0,j], F[i,j]))`: one chain in the order of k, whatever the tile. So a
/// product cut anywhere, along any side, has the same bits.
///
/// Addresses and strides are in bytes, and nothing is checked: who calls has proved that all of it lies in memory that
/// it may use. Element (i, p) of A is at `a + i * ar + p * ac`, in strips of [#ROWS] rows that lie `strip` apart:
/// `strip = ROWS * ar` where A lies in place. Packed operands are the fastest, by a seventh: strips with the rows side
/// by side (`ar = 4`, `ac = STRIP`, `strip = depth * STRIP`) and panels without gaps (`br = PANEL`), where C2 knows all
/// strides. Row p of B is at `b + p * br`, a panel of [#WIDTH] floats side by side;
/// row i of C at `c + i * cr`, of F at `from + i * fr`.
///
/// Tiles are two vectors wide and eight, four or one row high; those of [NarrowF32] are one vector wide, those of
/// [WideF32] three. They are near C2's limit of nodes, past which it inlines only what the JDK forces it to, and boxes
/// what it does not inline: so they call the JDK alone, and no branch follows a loop.
///
/// [TileF64] is the same text for float64: species and element type must be constants in each kernel.
/// Source: Goto and van de Geijn, Anatomy of High-Performance Matrix Multiplication, 2008; Van Zee and van de Geijn,
/// BLIS, 2015 (the register tile and the packed panels).
final class TileF32 {
    /// Rows of a strip of A.
    static final int ROWS = 8;

    /// Floats in a row of a panel of B: the width of a tile.
    static final int WIDTH = 2 * Simd.F32_LANES;

    /// Bytes in a row of a panel of B.
    static final long PANEL = 2 * Simd.BYTES;

    /// Bytes from one p to the next in a packed strip of A: its rows side by side.
    static final long STRIP = ROWS * Float.BYTES;

    /// Bytes of working memory that [#edge] needs, and that of [WideF32].
    static final long EDGE = 3L * ROWS * Simd.BYTES;

    /// The address of a row of zeros as wide as any tile: sums that begin from zero have `from = ZEROS`, `fr = 0`.
    static final long ZEROS = Arena.global().allocate(12 * Simd.BYTES, 64).address();

    /// Whether the registers hold 16 sums: not the 16 registers of AVX2.
    static final boolean TALL = Simd.BYTES != 32;

    private static final long V = Simd.BYTES;
    private static final VectorSpecies<Float> S = Simd.F32;
    private static final MemorySegment MEMORY = RawMemory.ALL;
    private static final long E = Float.BYTES;
    private static final ValueLayout.OfFloat ELEMENT = Simd.FLOAT;
    private static final ByteOrder ORDER = Simd.ORDER;

    private TileF32() {}

    /// `rows` rows by a panel of [#WIDTH] columns.
    static void rows(int rows, int depth, long a, long strip, long ar, long ac, long b, long br, long c, long cr,
            long from, long fr) {
        int i = 0;
        for (; i <= rows - ROWS; i += ROWS) {
            if (!TALL) {
                tile4(depth, a, ar, ac, b, br, c, cr, from, fr);
                tile4(depth, a + 4 * ar, ar, ac, b, br, c + 4 * cr, cr, from + 4 * fr, fr);
            } else if (ar == Float.BYTES && ac == STRIP && br == PANEL) {
                packed8(depth, a, b, c, cr, from, fr);
            } else {
                tile8(depth, a, ar, ac, b, br, c, cr, from, fr);
            }
            a += strip;
            c += ROWS * cr;
            from += ROWS * fr;
        }
        if (i <= rows - 4) {
            tile4(depth, a, ar, ac, b, br, c, cr, from, fr);
            i += 4;
            a += 4 * ar;
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

    /// `rows` rows by the first `width` columns of a panel, 1 to [#WIDTH]; of C and F only these are touched. A row of
    /// B must have a whole vector, or two where `width` is more. `tile` is the address of [#EDGE] bytes of working
    /// memory.
    static void edge(int rows, int depth, int width, long a, long strip, long ar, long ac, long b, long br, long c,
            long cr, long from, long fr, long tile) {
        if (width == WIDTH) {
            rows(rows, depth, a, strip, ar, ac, b, br, c, cr, from, fr);
            return;
        }
        if (width == Simd.F32_LANES) {
            NarrowF32.rows(rows, depth, a, strip, ar, ac, b, br, c, cr, from, fr);
            return;
        }
        for (int i = 0; i < rows; i += ROWS) {
            int high = Math.min(ROWS, rows - i);
            move(high, width, from, fr, tile, PANEL);
            if (width < Simd.F32_LANES) {
                NarrowF32.rows(high, depth, a, strip, ar, ac, b, br, tile, PANEL, tile, PANEL);
            } else {
                rows(high, depth, a, strip, ar, ac, b, br, tile, PANEL, tile, PANEL);
            }
            move(high, width, tile, PANEL, c, cr);
            a += strip;
            c += ROWS * cr;
            from += ROWS * fr;
        }
    }

    /// One row by four panels that lie `next` bytes apart, into `4 * WIDTH` columns of C side by side: where one row is
    /// all there is, a panel at a time would wait for each sum.
    static void row(int depth, long a, long ac, long b, long br, long next, long c, long from) {
        var c0 = FloatVector.fromMemorySegment(S, MEMORY, from, ORDER);
        var c1 = FloatVector.fromMemorySegment(S, MEMORY, from + V, ORDER);
        var c2 = FloatVector.fromMemorySegment(S, MEMORY, from + 2 * V, ORDER);
        var c3 = FloatVector.fromMemorySegment(S, MEMORY, from + 3 * V, ORDER);
        var c4 = FloatVector.fromMemorySegment(S, MEMORY, from + 4 * V, ORDER);
        var c5 = FloatVector.fromMemorySegment(S, MEMORY, from + 5 * V, ORDER);
        var c6 = FloatVector.fromMemorySegment(S, MEMORY, from + 6 * V, ORDER);
        var c7 = FloatVector.fromMemorySegment(S, MEMORY, from + 7 * V, ORDER);
        long d = b + 2 * next;
        for (int p = 0; p < depth; p++) {
            var x = FloatVector.broadcast(S, MEMORY.get(ELEMENT, a));
            c0 = x.fma(FloatVector.fromMemorySegment(S, MEMORY, b, ORDER), c0);
            c1 = x.fma(FloatVector.fromMemorySegment(S, MEMORY, b + V, ORDER), c1);
            c2 = x.fma(FloatVector.fromMemorySegment(S, MEMORY, b + next, ORDER), c2);
            c3 = x.fma(FloatVector.fromMemorySegment(S, MEMORY, b + next + V, ORDER), c3);
            c4 = x.fma(FloatVector.fromMemorySegment(S, MEMORY, d, ORDER), c4);
            c5 = x.fma(FloatVector.fromMemorySegment(S, MEMORY, d + V, ORDER), c5);
            c6 = x.fma(FloatVector.fromMemorySegment(S, MEMORY, d + next, ORDER), c6);
            c7 = x.fma(FloatVector.fromMemorySegment(S, MEMORY, d + next + V, ORDER), c7);
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
    }

    /// Copies rows of `width` floats. The end of a row goes one by one: masks, made anew for each width, are boxed now
    /// and then.
    static void move(int rows, int width, long from, long fr, long to, long step) {
        int whole = width & -Simd.F32_LANES;
        for (int i = 0; i < rows; i++) {
            for (long at = 0; at < (long) whole * Float.BYTES; at += V) {
                Simd.store(to + at, Simd.loadF32(from + at));
            }
            for (long at = (long) whole * Float.BYTES; at < (long) width * Float.BYTES; at += Float.BYTES) {
                Simd.setF32(to + at, Simd.getF32(from + at));
            }
            from += fr;
            to += step;
        }
    }

    private static void packed8(int depth, long a, long b, long c, long cr, long from, long fr) {
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
        long aLow = a + 4 * E;
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
            var x4 = FloatVector.broadcast(S, MEMORY.get(ELEMENT, aLow));
            c40 = x4.fma(b0, c40);
            c41 = x4.fma(b1, c41);
            var x5 = FloatVector.broadcast(S, MEMORY.get(ELEMENT, aLow + E));
            c50 = x5.fma(b0, c50);
            c51 = x5.fma(b1, c51);
            var x6 = FloatVector.broadcast(S, MEMORY.get(ELEMENT, aLow + 2 * E));
            c60 = x6.fma(b0, c60);
            c61 = x6.fma(b1, c61);
            var x7 = FloatVector.broadcast(S, MEMORY.get(ELEMENT, aLow + 3 * E));
            c70 = x7.fma(b0, c70);
            c71 = x7.fma(b1, c71);
            a += STRIP;
            aLow += STRIP;
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

    private static void tile8(int depth, long a, long ar, long ac, long b, long br, long c, long cr,
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
        long aLow = a + 4 * ar;
        for (int p = 0; p < depth; p++) {
            var b0 = FloatVector.fromMemorySegment(S, MEMORY, b, ORDER);
            var b1 = FloatVector.fromMemorySegment(S, MEMORY, b + V, ORDER);
            var x0 = FloatVector.broadcast(S, MEMORY.get(ELEMENT, a));
            c00 = x0.fma(b0, c00);
            c01 = x0.fma(b1, c01);
            var x1 = FloatVector.broadcast(S, MEMORY.get(ELEMENT, a + ar));
            c10 = x1.fma(b0, c10);
            c11 = x1.fma(b1, c11);
            var x2 = FloatVector.broadcast(S, MEMORY.get(ELEMENT, a + 2 * ar));
            c20 = x2.fma(b0, c20);
            c21 = x2.fma(b1, c21);
            var x3 = FloatVector.broadcast(S, MEMORY.get(ELEMENT, a + 3 * ar));
            c30 = x3.fma(b0, c30);
            c31 = x3.fma(b1, c31);
            var x4 = FloatVector.broadcast(S, MEMORY.get(ELEMENT, aLow));
            c40 = x4.fma(b0, c40);
            c41 = x4.fma(b1, c41);
            var x5 = FloatVector.broadcast(S, MEMORY.get(ELEMENT, aLow + ar));
            c50 = x5.fma(b0, c50);
            c51 = x5.fma(b1, c51);
            var x6 = FloatVector.broadcast(S, MEMORY.get(ELEMENT, aLow + 2 * ar));
            c60 = x6.fma(b0, c60);
            c61 = x6.fma(b1, c61);
            var x7 = FloatVector.broadcast(S, MEMORY.get(ELEMENT, aLow + 3 * ar));
            c70 = x7.fma(b0, c70);
            c71 = x7.fma(b1, c71);
            a += ac;
            aLow += ac;
            b += br;
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

    private static void tile4(int depth, long a, long ar, long ac, long b, long br, long c, long cr,
            long from, long fr) {
        var c00 = FloatVector.fromMemorySegment(S, MEMORY, from, ORDER);
        var c01 = FloatVector.fromMemorySegment(S, MEMORY, from + V, ORDER);
        var c10 = FloatVector.fromMemorySegment(S, MEMORY, from + fr, ORDER);
        var c11 = FloatVector.fromMemorySegment(S, MEMORY, from + fr + V, ORDER);
        var c20 = FloatVector.fromMemorySegment(S, MEMORY, from + 2 * fr, ORDER);
        var c21 = FloatVector.fromMemorySegment(S, MEMORY, from + 2 * fr + V, ORDER);
        var c30 = FloatVector.fromMemorySegment(S, MEMORY, from + 3 * fr, ORDER);
        var c31 = FloatVector.fromMemorySegment(S, MEMORY, from + 3 * fr + V, ORDER);
        for (int p = 0; p < depth; p++) {
            var b0 = FloatVector.fromMemorySegment(S, MEMORY, b, ORDER);
            var b1 = FloatVector.fromMemorySegment(S, MEMORY, b + V, ORDER);
            var x0 = FloatVector.broadcast(S, MEMORY.get(ELEMENT, a));
            c00 = x0.fma(b0, c00);
            c01 = x0.fma(b1, c01);
            var x1 = FloatVector.broadcast(S, MEMORY.get(ELEMENT, a + ar));
            c10 = x1.fma(b0, c10);
            c11 = x1.fma(b1, c11);
            var x2 = FloatVector.broadcast(S, MEMORY.get(ELEMENT, a + 2 * ar));
            c20 = x2.fma(b0, c20);
            c21 = x2.fma(b1, c21);
            var x3 = FloatVector.broadcast(S, MEMORY.get(ELEMENT, a + 3 * ar));
            c30 = x3.fma(b0, c30);
            c31 = x3.fma(b1, c31);
            a += ac;
            b += br;
        }
        c00.intoMemorySegment(MEMORY, c, ORDER);
        c01.intoMemorySegment(MEMORY, c + V, ORDER);
        c10.intoMemorySegment(MEMORY, c + cr, ORDER);
        c11.intoMemorySegment(MEMORY, c + cr + V, ORDER);
        c20.intoMemorySegment(MEMORY, c + 2 * cr, ORDER);
        c21.intoMemorySegment(MEMORY, c + 2 * cr + V, ORDER);
        c30.intoMemorySegment(MEMORY, c + 3 * cr, ORDER);
        c31.intoMemorySegment(MEMORY, c + 3 * cr + V, ORDER);
    }

    private static void tile1(int depth, long a, long ac, long b, long br, long c, long from) {
        var c00 = FloatVector.fromMemorySegment(S, MEMORY, from, ORDER);
        var c01 = FloatVector.fromMemorySegment(S, MEMORY, from + V, ORDER);
        for (int p = 0; p < depth; p++) {
            var b0 = FloatVector.fromMemorySegment(S, MEMORY, b, ORDER);
            var b1 = FloatVector.fromMemorySegment(S, MEMORY, b + V, ORDER);
            var x0 = FloatVector.broadcast(S, MEMORY.get(ELEMENT, a));
            c00 = x0.fma(b0, c00);
            c01 = x0.fma(b1, c01);
            a += ac;
            b += br;
        }
        c00.intoMemorySegment(MEMORY, c, ORDER);
        c01.intoMemorySegment(MEMORY, c + V, ORDER);
    }
}
