package org.sfumato.tensor.cpu;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2S;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.UGT;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_S2I;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

/// Contiguous bf16 to f32 and back. Offsets are in bytes. All vectors have the full width.
final class HalfSimd {
    private static final VectorSpecies<Short> S16 = ShortVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Integer> S32 = IntVector.SPECIES_PREFERRED;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final int LANES = S16.length();
    private static final long V = Simd.BYTES;

    private HalfSimd() { }

    /// `d[i] = s[i]`.
    static void bf16ToF32(MemorySegment s, long at, MemorySegment d, long to, long n) {
        long i = 0;
        for (; i <= n - LANES; i += LANES) {
            var v = ShortVector.fromMemorySegment(S16, s, at + 2 * i, Simd.ORDER);
            var low = (IntVector) v.convertShape(ZERO_EXTEND_S2I, S32, 0);
            var high = (IntVector) v.convertShape(ZERO_EXTEND_S2I, S32, 1);
            low.lanewise(LSHL, 16).intoMemorySegment(d, to + 4 * i, Simd.ORDER);
            high.lanewise(LSHL, 16).intoMemorySegment(d, to + 4 * i + V, Simd.ORDER);
        }
        for (; i < n; i++) {
            d.set(Simd.FLOAT, to + 4 * i, Float.intBitsToFloat(s.get(SHORT, at + 2 * i) << 16));
        }
    }

    /// `d[i] = s[i]`, rounded as [Half#bf16] rounds.
    static void f32ToBf16(MemorySegment s, long at, MemorySegment d, long to, long n) {
        long i = 0;
        for (; i <= n - LANES; i += LANES) {
            var low = round(IntVector.fromMemorySegment(S32, s, at + 4 * i, Simd.ORDER));
            var high = round(IntVector.fromMemorySegment(S32, s, at + 4 * i + V, Simd.ORDER));
            var a = (ShortVector) low.convertShape(I2S, S16, 0);
            var b = (ShortVector) high.convertShape(I2S, S16, -1);
            a.or(b).intoMemorySegment(d, to + 2 * i, Simd.ORDER);
        }
        for (; i < n; i++) {
            d.set(SHORT, to + 2 * i, Half.bf16(s.get(Simd.FLOAT, at + 4 * i)));
        }
    }

    /// bf16 bits of the float in each lane, in the lower half.
    private static IntVector round(IntVector bits) {
        var odd = bits.lanewise(LSHR, 16).and(1);
        var rounded = bits.add(odd).add(0x7FFF).lanewise(ASHR, 16);
        var isNan = bits.and(Integer.MAX_VALUE).compare(UGT, 0x7F80_0000);
        return rounded.blend(bits.lanewise(ASHR, 16).or(0x40), isNan);
    }
}
