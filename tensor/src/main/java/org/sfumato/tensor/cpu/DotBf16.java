package org.sfumato.tensor.cpu;

import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_S2I;

import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import org.sfumato.tensor.expr.RawMemory;

/// Rows of bf16. A sum runs in the lanes of two vectors; what fills no two vectors follows one by one.
final class DotBf16 {
    private static final int L = Simd.F32_LANES;
    private static final long V = Simd.BYTES;

    private DotBf16() { }

    /// The product of x with a row. Only where [Convert#WIDE].
    static float dot(int columns, long x, long w) {
        int whole = columns / (2 * L) * 2 * L;
        var a = Simd.loadF32(Tiles.ZEROS);
        var b = a;
        for (int i = 0; i < whole; i += 2 * L) {
            a = Simd.loadF32(x).fma(lanes(w), a);
            b = Simd.loadF32(x + V).fma(lanes(w + V / 2), b);
            x += 2 * V;
            w += V;
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
        return Float.intBitsToFloat(RawMemory.ALL.get(ValueLayout.JAVA_SHORT_UNALIGNED, at) << 16);
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
