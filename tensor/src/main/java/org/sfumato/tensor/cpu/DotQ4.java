package org.sfumato.tensor.cpu;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static jdk.incubator.vector.ByteVector.fromMemorySegment;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.VectorOperators.AND;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.SUB;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_B2I;
import static org.sfumato.tensor.cpu.Convert.I32;
import static org.sfumato.tensor.cpu.Convert.I8;
import static org.sfumato.tensor.cpu.DotQ8.SHORT;
import static org.sfumato.tensor.cpu.Simd.F32;
import static org.sfumato.tensor.cpu.Simd.ORDER;
import static org.sfumato.tensor.cpu.Simd.bounded;
import static org.sfumato.tensor.expr.RawMemory.ALL;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/// Rows of [org.sfumato.tensor.quantised.WeightFormat#Q4]; sums as those of [DotQ8].
final class DotQ4 {
    private static final int BLOCK = 32;
    private static final int HALF = BLOCK / 2;
    private static final int L = Simd.F32_LANES;

    private DotQ4() { }

    /// The product of x with a row of codes. Only where [DotQ8#FITS]. Why it is written so: [StoredMatrix#dots].
    static float dot(int blocks, long x, long codes, long scales) {
        var sum = fromMemorySegment(F32, ALL, Tiles.ZEROS, ORDER);
        x = bounded(x);
        codes = bounded(codes);
        scales = bounded(scales);
        for (long end = bounded(codes + (long) blocks * HALF); codes != end; codes = bounded(codes + HALF)) {
            var c = fromMemorySegment(I8, ALL, codes, ORDER).convertShape(ZERO_EXTEND_B2I, I32, 0);
            var a = fromMemorySegment(F32, ALL, x, ORDER)
                    .mul(c.lanewise(AND, 15).lanewise(SUB, 8).convertShape(I2F, F32, 0));
            a = fromMemorySegment(F32, ALL, x + HALF * Float.BYTES, ORDER)
                    .fma(c.lanewise(ASHR, 4).lanewise(SUB, 8).convertShape(I2F, F32, 0), a);
            if (L < HALF) {
                c = fromMemorySegment(I8, ALL, codes + L, ORDER).convertShape(ZERO_EXTEND_B2I, I32, 0);
                a = fromMemorySegment(F32, ALL, x + L * Float.BYTES, ORDER)
                        .fma(c.lanewise(AND, 15).lanewise(SUB, 8).convertShape(I2F, F32, 0), a);
                a = fromMemorySegment(F32, ALL, x + (HALF + L) * Float.BYTES, ORDER)
                        .fma(c.lanewise(ASHR, 4).lanewise(SUB, 8).convertShape(I2F, F32, 0), a);
            }
            sum = a.fma(broadcast(F32, Float.float16ToFloat(ALL.get(SHORT, scales))), sum);
            x = bounded(x + BLOCK * Float.BYTES);
            scales = bounded(scales + Short.BYTES);
        }
        return Simd.sum(sum);
    }

    /// Bytes, unsigned.
    static IntVector bytes(long codes) {
        return (IntVector) Convert.bytes(codes).convertShape(ZERO_EXTEND_B2I, Convert.I32, 0);
    }

    private static FloatVector lower(IntVector bytes) {
        return (FloatVector) bytes.and(15).sub(8).convertShape(I2F, Simd.F32, 0);
    }

    private static FloatVector upper(IntVector bytes) {
        return (FloatVector) bytes.lanewise(ASHR, 4).sub(8).convertShape(I2F, Simd.F32, 0);
    }

    /// Writes a row as f32.
    static void decode(int blocks, long codes, long scales, long to) {
        if (!DotQ8.FITS) {
            single(blocks, codes, scales, to);
            return;
        }
        for (int b = 0; b < blocks; b++) {
            var scale = DotQ8.scale(scales + b * Short.BYTES);
            for (int i = 0; i < HALF; i += L) {
                var bytes = bytes(codes + i);
                Simd.store(to + i * Float.BYTES, lower(bytes).mul(scale));
                Simd.store(to + (HALF + i) * Float.BYTES, upper(bytes).mul(scale));
            }
            codes += HALF;
            to += BLOCK * Float.BYTES;
        }
    }

    private static void single(int blocks, long codes, long scales, long to) {
        for (long i = 0; i < (long) blocks * HALF; i++) {
            float scale = DotQ8.half(scales + i / HALF * Short.BYTES);
            int code = ALL.get(JAVA_BYTE, codes + i);
            long at = to + 4 * (i / HALF * BLOCK + i % HALF);
            Simd.setF32(at, scale * ((code & 15) - 8));
            Simd.setF32(at + HALF * Float.BYTES, scale * ((code >> 4 & 15) - 8));
        }
    }
}
