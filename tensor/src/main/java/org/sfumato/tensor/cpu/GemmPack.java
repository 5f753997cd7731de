package org.sfumato.tensor.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Copies a part of B into a panel: one row of the register tile's width after another, filled up with zeros. Elements
/// are moved as bits, of 4 or of 8 bytes. Offsets and strides are in bytes.
///
/// No narrow vectors here, fast as they are for turning blocks: once FloatVector has been used in two widths, the
/// profiles inside the JDK no longer tell C2 which one a store sees, and the widest kernels begin to box.
final class GemmPack {
    private static final long PANEL = GemmRegion.PANEL_BYTES;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final boolean LITTLE = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
    private static final long LOW = 0xffff_ffffL;

    private GemmPack() {}

    /// Packs `depth` rows of `width` columns; an element has `bytes` bytes, B begins at `bo` with strides `br`, `bc`.
    static void pack(int bytes, MemorySegment b, long bo, long br, long bc, int depth, int width,
            MemorySegment panel) {
        if (bc == bytes && width * bytes == PANEL) {
            rows(b, bo, br, depth, panel);
            return;
        }
        int packed = bytes == Integer.BYTES && br == Integer.BYTES && LITTLE
                ? pairs(b, bo, bc, depth, width, panel) : 0;
        for (int j = packed; j < width; j++) {
            column(bytes, b, bo + j * bc, br, depth, panel, (long) j * bytes);
        }
        for (long at = (long) width * bytes; at < PANEL; at += bytes) {
            zeros(bytes, depth, panel, at);
        }
    }

    private static void rows(MemorySegment b, long bo, long br, int depth, MemorySegment panel) {
        for (long at = 0; at < depth * PANEL; at += PANEL) {
            Simd.store(panel, at, Simd.loadF32(b, bo));
            Simd.store(panel, at + Simd.BYTES, Simd.loadF32(b, bo + Simd.BYTES));
            bo += br;
        }
    }

    // As many columns as make whole fours, in an even number of rows; returns how many columns are complete.
    private static int pairs(MemorySegment b, long bo, long bc, int depth, int width, MemorySegment panel) {
        int whole = width / 4 * 4;
        int even = depth / 2 * 2;
        for (int j = 0; j < whole; j += 4) {
            fourColumns(b, bo + j * bc, bc, even, panel, j * 4L);
        }
        for (int j = 0; even < depth && j < whole; j++) {
            panel.set(INT, even * PANEL + j * 4L, b.get(INT, bo + j * bc + even * 4L));
        }
        return whole;
    }

    // Four columns of 4-byte elements, each contiguous in memory: 2 x 2 elements are turned in two longs.
    private static void fourColumns(MemorySegment b, long bo, long bc, int depth, MemorySegment panel, long to) {
        for (int p = 0; p < depth; p += 2) {
            long x0 = b.get(LONG, bo);
            long x1 = b.get(LONG, bo + bc);
            long x2 = b.get(LONG, bo + 2 * bc);
            long x3 = b.get(LONG, bo + 3 * bc);
            panel.set(LONG, to, x0 & LOW | x1 << 32);
            panel.set(LONG, to + 8, x2 & LOW | x3 << 32);
            panel.set(LONG, to + PANEL, x0 >>> 32 | x1 & ~LOW);
            panel.set(LONG, to + PANEL + 8, x2 >>> 32 | x3 & ~LOW);
            bo += 8;
            to += 2 * PANEL;
        }
    }

    private static void column(int bytes, MemorySegment b, long bo, long br, int depth, MemorySegment panel,
            long to) {
        if (bytes == Integer.BYTES) {
            for (int p = 0; p < depth; p++) {
                panel.set(INT, to + p * PANEL, b.get(INT, bo + p * br));
            }
        } else {
            for (int p = 0; p < depth; p++) {
                panel.set(LONG, to + p * PANEL, b.get(LONG, bo + p * br));
            }
        }
    }

    private static void zeros(int bytes, int depth, MemorySegment panel, long to) {
        for (int p = 0; p < depth; p++) {
            if (bytes == Integer.BYTES) {
                panel.set(INT, to + p * PANEL, 0);
            } else {
                panel.set(LONG, to + p * PANEL, 0);
            }
        }
    }
}
