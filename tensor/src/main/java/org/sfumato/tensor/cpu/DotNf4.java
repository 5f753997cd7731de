package org.sfumato.tensor.cpu;

import static jdk.incubator.vector.ByteVector.fromMemorySegment;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.IntVector.fromMemorySegment;
import static jdk.incubator.vector.VectorOperators.AND;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_B2I;
import static org.sfumato.tensor.cpu.Convert.I32;
import static org.sfumato.tensor.cpu.Convert.I8;
import static org.sfumato.tensor.cpu.Simd.F32;
import static org.sfumato.tensor.cpu.Simd.ORDER;
import static org.sfumato.tensor.cpu.Simd.bounded;
import static org.sfumato.tensor.expr.RawMemory.ALL;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.IntVector;
import org.sfumato.tensor.quantised.DynamicMap;
import org.sfumato.tensor.quantised.NormalFloat;
import org.sfumato.tensor.quantised.WeightFormat;

/// Rows of [org.sfumato.tensor.quantised.WeightFormat#NF4]; sums as those of [DotQ8], in the order of the codes: of as
/// many elements as two vectors hold the even ones, then the odd ones.
final class DotNf4 {
    /// Whether one vector or two hold all levels.
    static final boolean FITS = Simd.F32_LANES == NormalFloat.COUNT || Simd.F32_LANES == NormalFloat.COUNT / 2;

    private static final int BLOCK = 64;
    private static final int L = Simd.F32_LANES;
    private static final long V = Simd.BYTES;
    private static final long LEVELS = table(NormalFloat.levels());
    private static final long MAP = table(DynamicMap.values());
    private static final IntVector LOWER = FITS ? fromMemorySegment(I32, ALL, LEVELS, ORDER) : null;
    private static final IntVector UPPER = FITS
            ? fromMemorySegment(I32, ALL, LEVELS + 4L * (NormalFloat.COUNT - L), ORDER) : null;

    private DotNf4() { }

    private static long table(float[] values) {
        var memory = Arena.global().allocate((long) values.length * Float.BYTES, 64);
        MemorySegment.copy(values, 0, memory, ValueLayout.JAVA_FLOAT, 0, values.length);
        return memory.address();
    }

    /// Where [#dot] expects element `i` of x: of as many elements as two vectors hold, the even ones stand before the
    /// odd ones.
    static int place(int i) {
        return i / (2 * L) * 2 * L + i % 2 * L + i % (2 * L) / 2;
    }

    /// The product of x, in the order of [#place], with a row whose blocks are counted from `first` on. Only where
    /// [#FITS]. Why it is written so: [StoredMatrix#dots].
    static float dot(int blocks, long x, long codes, long scales, long first, long groups, long mean) {
        var sum = fromMemorySegment(F32, ALL, Tiles.ZEROS, ORDER);
        x = bounded(x);
        codes = bounded(codes);
        for (int b = 0; b < blocks; b++) {
            var a = fromMemorySegment(F32, ALL, Tiles.ZEROS, ORDER);
            for (long end = bounded(codes + BLOCK / 2); codes != end; codes = bounded(codes + L)) {
                var c = (IntVector) fromMemorySegment(I8, ALL, codes, ORDER).convertShape(ZERO_EXTEND_B2I, I32, 0);
                var high = c.lanewise(ASHR, 4);
                var low = c.lanewise(AND, 15);
                var even = high.selectFrom(LOWER);
                var odd = low.selectFrom(LOWER);
                if (L < NormalFloat.COUNT) {
                    even = even.blend(high.selectFrom(UPPER), high.compare(GE, L));
                    odd = odd.blend(low.selectFrom(UPPER), low.compare(GE, L));
                }
                a = fromMemorySegment(F32, ALL, x, ORDER).fma(even.reinterpretShape(F32, 0), a);
                a = fromMemorySegment(F32, ALL, x + V, ORDER).fma(odd.reinterpretShape(F32, 0), a);
                x = bounded(x + 2 * V);
            }
            sum = a.fma(broadcast(F32, scale(scales + b, first + b, groups, mean)), sum);
        }
        return Simd.sum(sum);
    }

    private static float scale(long at, long block, long groups, long mean) {
        int code = ALL.get(ValueLayout.JAVA_BYTE, at) & 255;
        float group = Simd.getF32(groups + 4 * (block / WeightFormat.GROUP));
        return Simd.getF32(MAP + 4L * code) * group + Simd.getF32(mean);
    }

    /// Writes a row as f32.
    static void decode(int blocks, long codes, long scales, long first, long groups, long mean, long to) {
        for (int b = 0; b < blocks; b++) {
            float scale = scale(scales + b, first + b, groups, mean);
            for (int i = 0; i < BLOCK / 2; i++) {
                int code = ALL.get(ValueLayout.JAVA_BYTE, codes + i);
                Simd.setF32(to, Simd.getF32(LEVELS + (code >> 2 & 60)) * scale);
                Simd.setF32(to + 4, Simd.getF32(LEVELS + ((code & 15) << 2)) * scale);
                to += 8;
            }
            codes += BLOCK / 2;
        }
    }
}
