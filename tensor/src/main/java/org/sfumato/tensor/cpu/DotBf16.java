package org.sfumato.tensor.cpu;

import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.ShortVector.fromMemorySegment;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_S2I;
import static org.sfumato.tensor.cpu.Convert.I16;
import static org.sfumato.tensor.cpu.Convert.I32;
import static org.sfumato.tensor.cpu.Simd.F32;
import static org.sfumato.tensor.cpu.Simd.ORDER;
import static org.sfumato.tensor.cpu.Simd.bounded;
import static org.sfumato.tensor.expr.RawMemory.ALL;

import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/// Rows of bf16. A sum runs in the lanes of two vectors; what fills no two vectors follows one by one.
final class DotBf16 {
    private static final int L = Simd.F32_LANES;
    private static final long V = Simd.BYTES;

    private DotBf16() { }

    /// The product of x with a row. Only where [Convert#WIDE]. Why it is written so: [StoredMatrix#dots].
    static float dot(int columns, long x, long w) {
        int whole = columns / (2 * L) * 2 * L;
        var a = fromMemorySegment(F32, ALL, Tiles.ZEROS, ORDER);
        var b = a;
        x = bounded(x);
        w = bounded(w);
        for (int i = 0; i < whole; i += 2 * L) {
            a = fromMemorySegment(F32, ALL, x, ORDER).fma(fromMemorySegment(I16, ALL, w, ORDER)
                    .convertShape(ZERO_EXTEND_S2I, I32, 0).lanewise(LSHL, 16).reinterpretShape(F32, 0), a);
            b = fromMemorySegment(F32, ALL, x + V, ORDER).fma(fromMemorySegment(I16, ALL, w + V / 2, ORDER)
                    .convertShape(ZERO_EXTEND_S2I, I32, 0).lanewise(LSHL, 16).reinterpretShape(F32, 0), b);
            x = bounded(x + 2 * V);
            w = bounded(w + V);
        }
        return rest(columns - whole, x, w, Simd.sum(a.add(b)));
    }

    private static float rest(int columns, long x, long w, float sum) {
        for (int i = 0; i < columns; i++) {
            sum = Math.fma(Simd.getF32(x + 4L * i), element(w + 2L * i), sum);
        }
        return sum;
    }

    private static FloatVector lanes(long w) {
        var bits = (IntVector) Convert.shorts(w).convertShape(ZERO_EXTEND_S2I, Convert.I32, 0);
        return (FloatVector) bits.lanewise(LSHL, 16).reinterpretShape(Simd.F32, 0);
    }

    private static float element(long at) {
        return Float.intBitsToFloat(ALL.get(ValueLayout.JAVA_SHORT_UNALIGNED, at) << 16);
    }

    /// Writes a row as f32.
    static void decode(int columns, long w, long to) {
        int whole = Convert.WIDE ? columns / L * L : 0;
        for (long i = 0; i < whole; i += L) {
            Simd.store(to + 4 * i, lanes(w + 2 * i));
        }
        for (long i = whole; i < columns; i++) {
            Simd.setF32(to + 4 * i, element(w + 2 * i));
        }
    }
}
