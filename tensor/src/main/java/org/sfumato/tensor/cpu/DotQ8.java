package org.sfumato.tensor.cpu;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static jdk.incubator.vector.ByteVector.fromMemorySegment;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.VectorOperators.B2I;
import static jdk.incubator.vector.VectorOperators.I2F;
import static org.sfumato.tensor.cpu.Convert.I32;
import static org.sfumato.tensor.cpu.Convert.I8;
import static org.sfumato.tensor.cpu.Simd.F32;
import static org.sfumato.tensor.cpu.Simd.ORDER;
import static org.sfumato.tensor.cpu.Simd.bounded;
import static org.sfumato.tensor.expr.RawMemory.ALL;

import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/// Rows of [org.sfumato.tensor.quantised.WeightFormat#Q8]. Addresses are in bytes, and nothing is checked.
///
/// A sum runs in the lanes of one vector, block after block, each with its scale; so its bits depend on the length of
/// the row alone, and on the width of a vector.
final class DotQ8 {
    private static final int BLOCK = 32;
    private static final int L = Simd.F32_LANES;
    private static final long V = Simd.BYTES;

    /// One scale.
    static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

    /// Whether two or four vectors of floats are a block, and there are vectors of as many bytes.
    static final boolean FITS = Convert.WIDE && L <= BLOCK / 2;

    private DotQ8() { }

    /// The product of x with a row of codes. Only where [#FITS]. Why it is written so: [StoredMatrix#dots].
    static float dot(int blocks, long x, long codes, long scales) {
        var sum = fromMemorySegment(F32, ALL, Tiles.ZEROS, ORDER);
        x = bounded(x);
        codes = bounded(codes);
        scales = bounded(scales);
        for (long end = bounded(codes + (long) blocks * BLOCK); codes != end; codes = bounded(codes + BLOCK)) {
            var a = fromMemorySegment(F32, ALL, x, ORDER).mul(fromMemorySegment(I8, ALL, codes, ORDER)
                    .convertShape(B2I, I32, 0).convertShape(I2F, F32, 0));
            a = fromMemorySegment(F32, ALL, x + V, ORDER).fma(fromMemorySegment(I8, ALL, codes + L, ORDER)
                    .convertShape(B2I, I32, 0).convertShape(I2F, F32, 0), a);
            if (L < BLOCK / 2) {                                        // not as a loop: C2 would not unroll it
                a = fromMemorySegment(F32, ALL, x + 2 * V, ORDER).fma(fromMemorySegment(I8, ALL, codes + 2 * L, ORDER)
                        .convertShape(B2I, I32, 0).convertShape(I2F, F32, 0), a);
                a = fromMemorySegment(F32, ALL, x + 3 * V, ORDER).fma(fromMemorySegment(I8, ALL, codes + 3 * L, ORDER)
                        .convertShape(B2I, I32, 0).convertShape(I2F, F32, 0), a);
            }
            sum = a.fma(broadcast(F32, Float.float16ToFloat(ALL.get(SHORT, scales))), sum);
            x = bounded(x + BLOCK * Float.BYTES);
            scales = bounded(scales + Short.BYTES);
        }
        return Simd.sum(sum);
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
        return Float.float16ToFloat(ALL.get(SHORT, at));
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
                    * ALL.get(JAVA_BYTE, codes + i));
        }
    }
}
