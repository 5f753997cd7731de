package org.sfumato.tensor.cpu;

import static jdk.incubator.vector.VectorOperators.B2I;
import static jdk.incubator.vector.VectorOperators.I2F;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import org.sfumato.tensor.expr.RawMemory;

/// Rows of [org.sfumato.tensor.quantised.WeightFormat#Q8]. Addresses are in bytes, and nothing is checked.
///
/// A sum runs in the lanes of one vector, block after block, each with its scale; so its bits depend on the length of
/// the row alone, and on the width of a vector.
final class DotQ8 {
    private static final int BLOCK = 32;
    private static final int L = Simd.F32_LANES;
    private static final long V = Simd.BYTES;

    /// Whether two or four vectors of floats are a block, and there are vectors of as many bytes.
    static final boolean FITS = Convert.WIDE && L <= BLOCK / 2;

    private DotQ8() { }

    /// The product of x with a row of codes. Only where [#FITS].
    static float dot(int blocks, long x, long codes, long scales) {
        var sum = Simd.loadF32(Tiles.ZEROS);
        for (int b = 0; b < blocks; b++) {
            sum = block(x, codes).fma(scale(scales), sum);
            x += BLOCK * Float.BYTES;
            codes += BLOCK;
            scales += Short.BYTES;
        }
        return Simd.sum(sum);
    }

    private static FloatVector block(long x, long codes) {
        var sum = Simd.loadF32(x + V).fma(lanes(codes + L), Simd.loadF32(x).mul(lanes(codes)));
        if (L < BLOCK / 2) {                                            // not as a loop: C2 would not unroll it
            sum = Simd.loadF32(x + 2 * V).fma(lanes(codes + 2 * L), sum);
            sum = Simd.loadF32(x + 3 * V).fma(lanes(codes + 3 * L), sum);
        }
        return sum;
    }

    private static FloatVector lanes(long codes) {
        var whole = (IntVector) Convert.bytes(codes).convertShape(B2I, Convert.I32, 0);     // B2F is no instruction
        return (FloatVector) whole.convertShape(I2F, Simd.F32, 0);
    }

    /// An f16 scale in all lanes.
    static FloatVector scale(long at) {
        return FloatVector.broadcast(Simd.F32, half(at));
    }

    /// The f16 at an address.
    static float half(long at) {
        return Float.float16ToFloat(RawMemory.ALL.get(java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED, at));
    }

    /// Writes a row as f32.
    static void decode(int blocks, long codes, long scales, long to) {
        if (!FITS) {
            single(blocks, codes, scales, to);
            return;
        }
        for (int b = 0; b < blocks; b++) {
            var scale = scale(scales + b * Short.BYTES);
            Simd.store(to, lanes(codes).mul(scale));
            Simd.store(to + V, lanes(codes + L).mul(scale));
            if (L < BLOCK / 2) {
                Simd.store(to + 2 * V, lanes(codes + 2 * L).mul(scale));
                Simd.store(to + 3 * V, lanes(codes + 3 * L).mul(scale));
            }
            to += BLOCK * Float.BYTES;
            codes += BLOCK;
        }
    }

    private static void single(int blocks, long codes, long scales, long to) {
        for (long i = 0; i < (long) blocks * BLOCK; i++) {
            Simd.setF32(to + 4 * i, half(scales + i / BLOCK * Short.BYTES)
                    * RawMemory.ALL.get(java.lang.foreign.ValueLayout.JAVA_BYTE, codes + i));
        }
    }
}
