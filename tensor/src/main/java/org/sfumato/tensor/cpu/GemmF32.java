package org.sfumato.tensor.cpu;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/// The float32 kernels of [Gemm]: register tiles two vectors wide, eight, four or one row high, and one of eight rows
/// and one vector for narrow edges. Offsets and strides are in bytes. A is read in place, one element to all lanes at a
/// time, so its strides are free; rows of B lie `br` apart, in a panel or in place.
///
/// The tiles are near C2's limit of nodes, past which it inlines only what the JDK forces it to: one small method of
/// our own after the loop, or a branch at the stores, and every sum is boxed (ten times slower). Hence the plain
/// stores; adding to C takes the way over a scratch tile.
///
/// [GemmF64] is the same text for float64: species and element type must be constants in each kernel.
final class GemmF32 {
    private static final int BYTES = Float.BYTES;
    private static final long V = Simd.BYTES;
    private static final long PANEL = GemmRegion.PANEL_BYTES;
    private static final int LANES = (int) PANEL / BYTES;

    private GemmF32() {}

    /// `rows` rows of C, `width` columns: `C = A B`, or `C += A B` when `add`. A panel narrower than the tile goes
    /// through the scratch `tile`, so that nothing beside C is touched.
    static void rows(int rows, int depth, int width, MemorySegment a, long ao, long ar, long ac,
            MemorySegment b, long bo, long br, MemorySegment c, long co, long cr, boolean add, MemorySegment tile) {
        boolean whole = width == LANES;
        for (int i = 0; i < rows; ) {
            int high = Math.min(GemmRegion.TILE_ROWS, rows - i);
            high = high == 8 ? 8 : high >= 4 ? 4 : 1;
            if (whole && !add) {
                tile(high, depth, a, ao, ar, ac, b, bo, br, c, co, cr);
            } else {
                if (high == 8 && width * BYTES <= V) {
                    tile8narrow(depth, a, ao, ar, ac, b, bo, br, tile, 0, PANEL);
                } else {
                    tile(high, depth, a, ao, ar, ac, b, bo, br, tile, 0, PANEL);
                }
                if (whole) {
                    addTile(tile, high, c, co, cr);
                } else {
                    unpack(tile, high, width, c, co, cr, add);
                }
            }
            i += high;
            ao += high * ar;
            co += high * cr;
        }
    }

    private static void tile(int high, int depth, MemorySegment a, long ao, long ar, long ac,
            MemorySegment b, long bo, long br, MemorySegment c, long co, long cr) {
        switch (high) {
            case 8 -> tile8(depth, a, ao, ar, ac, b, bo, br, c, co, cr);
            case 4 -> tile4(depth, a, ao, ar, ac, b, bo, br, c, co, cr);
            default -> tile1(depth, a, ao, ac, b, bo, br, c, co);
        }
    }

    private static void tile8(int depth, MemorySegment a, long ao, long ar, long ac,
            MemorySegment b, long bo, long br, MemorySegment c, long co, long cr) {
        var zero = FloatVector.zero(Simd.F32);
        FloatVector c00 = zero, c01 = zero, c10 = zero, c11 = zero, c20 = zero, c21 = zero, c30 = zero, c31 = zero;
        FloatVector c40 = zero, c41 = zero, c50 = zero, c51 = zero, c60 = zero, c61 = zero, c70 = zero, c71 = zero;
        for (int p = 0; p < depth; p++) {
            var b0 = Simd.loadF32(b, bo);
            var b1 = Simd.loadF32(b, bo + V);
            var x0 = Simd.splatF32(a, ao);
            c00 = x0.fma(b0, c00);
            c01 = x0.fma(b1, c01);
            var x1 = Simd.splatF32(a, ao + ar);
            c10 = x1.fma(b0, c10);
            c11 = x1.fma(b1, c11);
            var x2 = Simd.splatF32(a, ao + 2 * ar);
            c20 = x2.fma(b0, c20);
            c21 = x2.fma(b1, c21);
            var x3 = Simd.splatF32(a, ao + 3 * ar);
            c30 = x3.fma(b0, c30);
            c31 = x3.fma(b1, c31);
            var x4 = Simd.splatF32(a, ao + 4 * ar);
            c40 = x4.fma(b0, c40);
            c41 = x4.fma(b1, c41);
            var x5 = Simd.splatF32(a, ao + 5 * ar);
            c50 = x5.fma(b0, c50);
            c51 = x5.fma(b1, c51);
            var x6 = Simd.splatF32(a, ao + 6 * ar);
            c60 = x6.fma(b0, c60);
            c61 = x6.fma(b1, c61);
            var x7 = Simd.splatF32(a, ao + 7 * ar);
            c70 = x7.fma(b0, c70);
            c71 = x7.fma(b1, c71);
            ao += ac;
            bo += br;
        }
        c00.intoMemorySegment(c, co, Simd.ORDER);
        c01.intoMemorySegment(c, co + V, Simd.ORDER);
        c10.intoMemorySegment(c, co + cr, Simd.ORDER);
        c11.intoMemorySegment(c, co + cr + V, Simd.ORDER);
        c20.intoMemorySegment(c, co + 2 * cr, Simd.ORDER);
        c21.intoMemorySegment(c, co + 2 * cr + V, Simd.ORDER);
        c30.intoMemorySegment(c, co + 3 * cr, Simd.ORDER);
        c31.intoMemorySegment(c, co + 3 * cr + V, Simd.ORDER);
        c40.intoMemorySegment(c, co + 4 * cr, Simd.ORDER);
        c41.intoMemorySegment(c, co + 4 * cr + V, Simd.ORDER);
        c50.intoMemorySegment(c, co + 5 * cr, Simd.ORDER);
        c51.intoMemorySegment(c, co + 5 * cr + V, Simd.ORDER);
        c60.intoMemorySegment(c, co + 6 * cr, Simd.ORDER);
        c61.intoMemorySegment(c, co + 6 * cr + V, Simd.ORDER);
        c70.intoMemorySegment(c, co + 7 * cr, Simd.ORDER);
        c71.intoMemorySegment(c, co + 7 * cr + V, Simd.ORDER);
    }

    private static void tile8narrow(int depth, MemorySegment a, long ao, long ar, long ac,
            MemorySegment b, long bo, long br, MemorySegment c, long co, long cr) {
        var zero = FloatVector.zero(Simd.F32);
        FloatVector c0 = zero, c1 = zero, c2 = zero, c3 = zero, c4 = zero, c5 = zero, c6 = zero, c7 = zero;
        for (int p = 0; p < depth; p++) {
            var b0 = Simd.loadF32(b, bo);
            c0 = Simd.splatF32(a, ao).fma(b0, c0);
            c1 = Simd.splatF32(a, ao + ar).fma(b0, c1);
            c2 = Simd.splatF32(a, ao + 2 * ar).fma(b0, c2);
            c3 = Simd.splatF32(a, ao + 3 * ar).fma(b0, c3);
            c4 = Simd.splatF32(a, ao + 4 * ar).fma(b0, c4);
            c5 = Simd.splatF32(a, ao + 5 * ar).fma(b0, c5);
            c6 = Simd.splatF32(a, ao + 6 * ar).fma(b0, c6);
            c7 = Simd.splatF32(a, ao + 7 * ar).fma(b0, c7);
            ao += ac;
            bo += br;
        }
        c0.intoMemorySegment(c, co, Simd.ORDER);
        c1.intoMemorySegment(c, co + cr, Simd.ORDER);
        c2.intoMemorySegment(c, co + 2 * cr, Simd.ORDER);
        c3.intoMemorySegment(c, co + 3 * cr, Simd.ORDER);
        c4.intoMemorySegment(c, co + 4 * cr, Simd.ORDER);
        c5.intoMemorySegment(c, co + 5 * cr, Simd.ORDER);
        c6.intoMemorySegment(c, co + 6 * cr, Simd.ORDER);
        c7.intoMemorySegment(c, co + 7 * cr, Simd.ORDER);
    }

    private static void tile4(int depth, MemorySegment a, long ao, long ar, long ac,
            MemorySegment b, long bo, long br, MemorySegment c, long co, long cr) {
        var zero = FloatVector.zero(Simd.F32);
        FloatVector c00 = zero, c01 = zero, c10 = zero, c11 = zero, c20 = zero, c21 = zero, c30 = zero, c31 = zero;
        for (int p = 0; p < depth; p++) {
            var b0 = Simd.loadF32(b, bo);
            var b1 = Simd.loadF32(b, bo + V);
            var x0 = Simd.splatF32(a, ao);
            c00 = x0.fma(b0, c00);
            c01 = x0.fma(b1, c01);
            var x1 = Simd.splatF32(a, ao + ar);
            c10 = x1.fma(b0, c10);
            c11 = x1.fma(b1, c11);
            var x2 = Simd.splatF32(a, ao + 2 * ar);
            c20 = x2.fma(b0, c20);
            c21 = x2.fma(b1, c21);
            var x3 = Simd.splatF32(a, ao + 3 * ar);
            c30 = x3.fma(b0, c30);
            c31 = x3.fma(b1, c31);
            ao += ac;
            bo += br;
        }
        c00.intoMemorySegment(c, co, Simd.ORDER);
        c01.intoMemorySegment(c, co + V, Simd.ORDER);
        c10.intoMemorySegment(c, co + cr, Simd.ORDER);
        c11.intoMemorySegment(c, co + cr + V, Simd.ORDER);
        c20.intoMemorySegment(c, co + 2 * cr, Simd.ORDER);
        c21.intoMemorySegment(c, co + 2 * cr + V, Simd.ORDER);
        c30.intoMemorySegment(c, co + 3 * cr, Simd.ORDER);
        c31.intoMemorySegment(c, co + 3 * cr + V, Simd.ORDER);
    }

    private static void tile1(int depth, MemorySegment a, long ao, long ac,
            MemorySegment b, long bo, long br, MemorySegment c, long co) {
        var c0 = FloatVector.zero(Simd.F32);
        var c1 = c0;
        for (int p = 0; p < depth; p++) {
            var x = Simd.splatF32(a, ao);
            c0 = x.fma(Simd.loadF32(b, bo), c0);
            c1 = x.fma(Simd.loadF32(b, bo + V), c1);
            ao += ac;
            bo += br;
        }
        c0.intoMemorySegment(c, co, Simd.ORDER);
        c1.intoMemorySegment(c, co + V, Simd.ORDER);
    }

    private static void addTile(MemorySegment tile, int rows, MemorySegment c, long co, long cr) {
        for (long at = 0; at < rows * PANEL; at += PANEL) {
            Simd.store(c, co, Simd.loadF32(c, co).add(Simd.loadF32(tile, at)));
            Simd.store(c, co + V, Simd.loadF32(c, co + V).add(Simd.loadF32(tile, at + V)));
            co += cr;
        }
    }

    private static void unpack(MemorySegment tile, int rows, int width, MemorySegment c, long co, long cr,
            boolean add) {
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < width; j++) {
                long at = co + i * cr + (long) j * BYTES;
                float value = tile.get(Simd.FLOAT, i * PANEL + (long) j * BYTES);
                c.set(Simd.FLOAT, at, add ? c.get(Simd.FLOAT, at) + value : value);
            }
        }
    }
}
