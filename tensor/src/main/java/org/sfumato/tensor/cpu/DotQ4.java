package org.sfumato.tensor.cpu;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_B2I;

import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import org.sfumato.tensor.expr.RawMemory;

/// Rows of [org.sfumato.tensor.quantised.WeightFormat#Q4]; sums as those of [DotQ8].
final class DotQ4 {
    private static final int BLOCK = 32;
    private static final int HALF = BLOCK / 2;
    private static final int L = Simd.F32_LANES;

    private DotQ4() { }

    /// The product of x with a row of codes. Only where [DotQ8#FITS].
    static float dot(int blocks, long x, long codes, long scales) {
        var sum = Simd.loadF32(Tiles.ZEROS);
        for (int b = 0; b < blocks; b++) {
            sum = block(x, codes).fma(DotQ8.scale(scales), sum);
            x += BLOCK * Float.BYTES;
            codes += HALF;
            scales += Short.BYTES;
        }
        return Simd.sum(sum);
    }

    private static FloatVector block(long x, long codes) {
        var bytes = bytes(codes);
        var sum = Simd.loadF32(x).mul(lower(bytes));
        sum = Simd.loadF32(x + HALF * Float.BYTES).fma(upper(bytes), sum);
        if (L < HALF) {
            bytes = bytes(codes + L);
            sum = Simd.loadF32(x + L * Float.BYTES).fma(lower(bytes), sum);
            sum = Simd.loadF32(x + (HALF + L) * Float.BYTES).fma(upper(bytes), sum);
        }
        return sum;
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
            int code = RawMemory.ALL.get(ValueLayout.JAVA_BYTE, codes + i);
            long at = to + 4 * (i / HALF * BLOCK + i % HALF);
            Simd.setF32(at, scale * ((code & 15) - 8));
            Simd.setF32(at + HALF * Float.BYTES, scale * ((code >> 4 & 15) - 8));
        }
    }
}
