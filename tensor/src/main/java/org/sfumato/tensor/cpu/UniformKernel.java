package org.sfumato.tensor.cpu;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.ULT;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorSpecies;
import org.sfumato.tensor.Rng;

/// Random words into uniform numbers, in place.
final class UniformKernel {
    private static final VectorSpecies<Long> L = LongVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final long LOW = 0xFFFF_FFFFL;
    /// Bits of 2^52: a double with this exponent carries an integer below 2^32 in its low bits.
    private static final long TWO_52 = 0x4330_0000_0000_0000L;
    /// Bits of 2^84: the same for an integer times 2^32.
    private static final long TWO_84 = 0x4530_0000_0000_0000L;

    private UniformKernel() { }

    /// Words into f32 in [0, 1): `(word >>> 8) / 2^24`.
    static void uniformF32(MemorySegment out, long at, long n) {
        long i = 0;
        for (; i + I.length() <= n; i += I.length()) {
            var w = IntVector.fromMemorySegment(I, out, at + 4 * i, ORDER).lanewise(LSHR, 8);
            ((FloatVector) w.convertShape(I2F, F, 0)).mul(0x1p-24f).intoMemorySegment(out, at + 4 * i, ORDER);
        }
        for (; i < n; i++) {
            int w = out.get(JAVA_INT_UNALIGNED, at + 4 * i);
            out.set(JAVA_FLOAT_UNALIGNED, at + 4 * i, (w >>> 8) * 0x1p-24f);
        }
    }

    /// 64-bit values into f64 in [0, 1): `(value >>> 11) / 2^53`. Not every CPU converts long to double in lanes; here
    /// each half of the integer is put under a large exponent, which is exact and fast everywhere.
    static void uniformF64(MemorySegment out, long at, long n) {
        long i = 0;
        for (; i + L.length() <= n; i += L.length()) {
            var k = LongVector.fromMemorySegment(L, out, at + 8 * i, ORDER).lanewise(LSHR, 11);
            var high = k.lanewise(LSHR, 32).or(TWO_84).reinterpretAsDoubles().sub(0x1p84);
            var low = k.and(LOW).or(TWO_52).reinterpretAsDoubles().sub(0x1p52);
            high.add(low).mul(0x1p-53).intoMemorySegment(out, at + 8 * i, ORDER);
        }
        for (; i < n; i++) {
            long x = out.get(JAVA_LONG_UNALIGNED, at + 8 * i);
            out.set(JAVA_DOUBLE_UNALIGNED, at + 8 * i, (x >>> 11) * 0x1p-53);
        }
    }

    /// 64-bit values `[from, to)` into integers in [0, bound): the high half of the 128-bit product. A product whose
    /// low half is under the threshold, `2^64 mod bound`, would be drawn too often; its element is drawn again.
    static void below(Rng rng, long bound, MemorySegment out, long at, long from, long to) {
        long threshold = Long.remainderUnsigned(-bound, bound);
        long i = bound <= LOW ? belowSmall(rng, bound, threshold, out, at, from, to) : from;
        for (; i < to; i++) {
            long x = out.get(JAVA_LONG_UNALIGNED, at + 8 * i);
            boolean again = Long.compareUnsigned(x * bound, threshold) < 0;
            out.set(JAVA_LONG_UNALIGNED, at + 8 * i, again ? rng.below(i, bound) : Math.unsignedMultiplyHigh(x, bound));
        }
    }

    /// Whole vectors of [#below] for a bound of at most 32 bits; gives the first element that is left.
    private static long belowSmall(
            Rng rng, long bound, long threshold, MemorySegment out, long at, long from, long to) {
        var factor = LongVector.broadcast(L, bound).and(LOW);
        long i = from;
        for (; i + L.length() <= to; i += L.length()) {
            var x = LongVector.fromMemorySegment(L, out, at + 8 * i, ORDER);
            var low = x.and(LOW).mul(factor);
            var high = x.lanewise(LSHR, 32).mul(factor).add(low.lanewise(LSHR, 32));
            high.lanewise(LSHR, 32).intoMemorySegment(out, at + 8 * i, ORDER);
            var product = high.lanewise(LSHL, 32).or(low.and(LOW));              // modulo 2^64
            if (product.compare(ULT, threshold).anyTrue()) {
                for (long k = i; k < i + L.length(); k++) {
                    out.set(JAVA_LONG_UNALIGNED, at + 8 * k, rng.below(k, bound));
                }
            }
        }
        return i;
    }
}
