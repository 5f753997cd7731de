package org.sfumato.tensor.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorSpecies;
import org.sfumato.tensor.expr.RawMemory;

/// Register tiles of the float64 matrix product for edges, one vector wide; addresses and strides as in [TileF64].
final class NarrowF64 {
    private static final VectorSpecies<Double> S = Simd.F64;
    private static final MemorySegment MEMORY = RawMemory.ALL;
    private static final ValueLayout.OfDouble ELEMENT = Simd.DOUBLE;
    private static final ByteOrder ORDER = Simd.ORDER;

    private NarrowF64() {}

    /// `rows` rows by the first half of a panel: one vector of columns.
    static void rows(int rows, int depth, long a, long strip, long ar, long ac, long b, long br, long c, long cr,
            long from, long fr) {
        int i = 0;
        for (; i <= rows - TileF64.ROWS; i += TileF64.ROWS) {
            if (TileF64.TALL) {
                tile8(depth, a, ar, ac, b, br, c, cr, from, fr);
            } else {
                tile4(depth, a, ar, ac, b, br, c, cr, from, fr);
                tile4(depth, a + 4 * ar, ar, ac, b, br, c + 4 * cr, cr, from + 4 * fr, fr);
            }
            a += strip;
            c += 8 * cr;
            from += 8 * fr;
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

    private static void tile8(int depth, long a, long ar, long ac, long b, long br, long c, long cr,
            long from, long fr) {
        long fromLow = from + 4 * fr;
        var c0 = DoubleVector.fromMemorySegment(S, MEMORY, from, ORDER);
        var c1 = DoubleVector.fromMemorySegment(S, MEMORY, from + fr, ORDER);
        var c2 = DoubleVector.fromMemorySegment(S, MEMORY, from + 2 * fr, ORDER);
        var c3 = DoubleVector.fromMemorySegment(S, MEMORY, from + 3 * fr, ORDER);
        var c4 = DoubleVector.fromMemorySegment(S, MEMORY, fromLow, ORDER);
        var c5 = DoubleVector.fromMemorySegment(S, MEMORY, fromLow + fr, ORDER);
        var c6 = DoubleVector.fromMemorySegment(S, MEMORY, fromLow + 2 * fr, ORDER);
        var c7 = DoubleVector.fromMemorySegment(S, MEMORY, fromLow + 3 * fr, ORDER);
        long aLow = a + 4 * ar;
        for (int p = 0; p < depth; p++) {
            var b0 = DoubleVector.fromMemorySegment(S, MEMORY, b, ORDER);
            c0 = DoubleVector.broadcast(S, MEMORY.get(ELEMENT, a)).fma(b0, c0);
            c1 = DoubleVector.broadcast(S, MEMORY.get(ELEMENT, a + ar)).fma(b0, c1);
            c2 = DoubleVector.broadcast(S, MEMORY.get(ELEMENT, a + 2 * ar)).fma(b0, c2);
            c3 = DoubleVector.broadcast(S, MEMORY.get(ELEMENT, a + 3 * ar)).fma(b0, c3);
            c4 = DoubleVector.broadcast(S, MEMORY.get(ELEMENT, aLow)).fma(b0, c4);
            c5 = DoubleVector.broadcast(S, MEMORY.get(ELEMENT, aLow + ar)).fma(b0, c5);
            c6 = DoubleVector.broadcast(S, MEMORY.get(ELEMENT, aLow + 2 * ar)).fma(b0, c6);
            c7 = DoubleVector.broadcast(S, MEMORY.get(ELEMENT, aLow + 3 * ar)).fma(b0, c7);
            a += ac;
            aLow += ac;
            b += br;
        }
        long cLow = c + 4 * cr;
        c0.intoMemorySegment(MEMORY, c, ORDER);
        c1.intoMemorySegment(MEMORY, c + cr, ORDER);
        c2.intoMemorySegment(MEMORY, c + 2 * cr, ORDER);
        c3.intoMemorySegment(MEMORY, c + 3 * cr, ORDER);
        c4.intoMemorySegment(MEMORY, cLow, ORDER);
        c5.intoMemorySegment(MEMORY, cLow + cr, ORDER);
        c6.intoMemorySegment(MEMORY, cLow + 2 * cr, ORDER);
        c7.intoMemorySegment(MEMORY, cLow + 3 * cr, ORDER);
    }

    private static void tile4(int depth, long a, long ar, long ac, long b, long br, long c, long cr,
            long from, long fr) {
        var c0 = DoubleVector.fromMemorySegment(S, MEMORY, from, ORDER);
        var c1 = DoubleVector.fromMemorySegment(S, MEMORY, from + fr, ORDER);
        var c2 = DoubleVector.fromMemorySegment(S, MEMORY, from + 2 * fr, ORDER);
        var c3 = DoubleVector.fromMemorySegment(S, MEMORY, from + 3 * fr, ORDER);
        for (int p = 0; p < depth; p++) {
            var b0 = DoubleVector.fromMemorySegment(S, MEMORY, b, ORDER);
            c0 = DoubleVector.broadcast(S, MEMORY.get(ELEMENT, a)).fma(b0, c0);
            c1 = DoubleVector.broadcast(S, MEMORY.get(ELEMENT, a + ar)).fma(b0, c1);
            c2 = DoubleVector.broadcast(S, MEMORY.get(ELEMENT, a + 2 * ar)).fma(b0, c2);
            c3 = DoubleVector.broadcast(S, MEMORY.get(ELEMENT, a + 3 * ar)).fma(b0, c3);
            a += ac;
            b += br;
        }
        c0.intoMemorySegment(MEMORY, c, ORDER);
        c1.intoMemorySegment(MEMORY, c + cr, ORDER);
        c2.intoMemorySegment(MEMORY, c + 2 * cr, ORDER);
        c3.intoMemorySegment(MEMORY, c + 3 * cr, ORDER);
    }

    private static void tile1(int depth, long a, long ac, long b, long br, long c, long from) {
        var c0 = DoubleVector.fromMemorySegment(S, MEMORY, from, ORDER);
        for (int p = 0; p < depth; p++) {
            var b0 = DoubleVector.fromMemorySegment(S, MEMORY, b, ORDER);
            c0 = DoubleVector.broadcast(S, MEMORY.get(ELEMENT, a)).fma(b0, c0);
            a += ac;
            b += br;
        }
        c0.intoMemorySegment(MEMORY, c, ORDER);
    }
}
