package org.sfumato.tensor.cpu;

import static jdk.incubator.vector.VectorOperators.ASHR;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import org.sfumato.tensor.expr.RawMemory;
import org.sfumato.tensor.quantised.DynamicMap;
import org.sfumato.tensor.quantised.NormalFloat;
import org.sfumato.tensor.quantised.WeightFormat;

/// Rows of [org.sfumato.tensor.quantised.WeightFormat#NF4]; sums as those of [DotQ8], in the order of the codes: the
/// even elements of 32, then the odd ones.
final class DotNf4 {
    /// Whether a vector holds all levels.
    static final boolean FITS = Simd.F32_LANES == NormalFloat.COUNT;

    private static final int BLOCK = 64;
    private static final int L = NormalFloat.COUNT;
    private static final long V = (long) L * Float.BYTES;
    private static final long LEVELS = table(NormalFloat.levels());
    private static final long MAP = table(DynamicMap.values());
    private static final IntVector LEVEL_BITS = FITS
            ? IntVector.fromMemorySegment(Convert.I32, RawMemory.ALL, LEVELS, Simd.ORDER) : null;

    private DotNf4() { }

    private static long table(float[] values) {
        var memory = Arena.global().allocate((long) values.length * Float.BYTES, 64);
        MemorySegment.copy(values, 0, memory, ValueLayout.JAVA_FLOAT, 0, values.length);
        return memory.address();
    }

    /// Where [#dot] expects element `i` of x: the even ones of each 32 stand before the odd ones.
    static int place(int i) {
        return i / (2 * L) * 2 * L + i % 2 * L + i % (2 * L) / 2;
    }

    /// The product of x, in the order of [#place], with a row whose blocks are counted from `first` on. Only where
    /// [#FITS].
    static float dot(int blocks, long x, long codes, long scales, long first, long groups, long mean) {
        var sum = Simd.loadF32(Tiles.ZEROS);
        for (int b = 0; b < blocks; b++) {
            var scale = FloatVector.broadcast(Simd.F32, scale(scales + b, first + b, groups, mean));
            sum = block(x, codes).fma(scale, sum);
            x += BLOCK * Float.BYTES;
            codes += BLOCK / 2;
        }
        return Simd.sum(sum);
    }

    private static FloatVector block(long x, long codes) {
        var bytes = DotQ4.bytes(codes);
        var sum = Simd.loadF32(x).mul(levels(bytes.lanewise(ASHR, 4)));
        sum = Simd.loadF32(x + V).fma(levels(bytes.and(15)), sum);
        bytes = DotQ4.bytes(codes + L);
        sum = Simd.loadF32(x + 2 * V).fma(levels(bytes.lanewise(ASHR, 4)), sum);
        return Simd.loadF32(x + 3 * V).fma(levels(bytes.and(15)), sum);
    }

    private static FloatVector levels(IntVector codes) {
        return (FloatVector) codes.selectFrom(LEVEL_BITS).reinterpretShape(Simd.F32, 0);
    }

    private static float scale(long at, long block, long groups, long mean) {
        int code = RawMemory.ALL.get(ValueLayout.JAVA_BYTE, at) & 255;
        float group = Simd.getF32(groups + 4 * (block / WeightFormat.GROUP));
        return Simd.getF32(MAP + 4L * code) * group + Simd.getF32(mean);
    }

    /// Writes a row as f32.
    static void decode(int blocks, long codes, long scales, long first, long groups, long mean, long to) {
        for (int b = 0; b < blocks; b++) {
            float scale = scale(scales + b, first + b, groups, mean);
            for (int i = 0; i < BLOCK / 2; i++) {
                int code = RawMemory.ALL.get(ValueLayout.JAVA_BYTE, codes + i);
                Simd.setF32(to, Simd.getF32(LEVELS + (code >> 2 & 60)) * scale);
                Simd.setF32(to + 4, Simd.getF32(LEVELS + ((code & 15) << 2)) * scale);
                to += 8;
            }
            codes += BLOCK / 2;
        }
    }
}
