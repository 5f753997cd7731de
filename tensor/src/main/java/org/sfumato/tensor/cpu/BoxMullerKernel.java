package org.sfumato.tensor.cpu;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.XOR;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;
import org.sfumato.tensor.spi.BoxMuller;

/// [BoxMuller] in vector lanes, in place: the same IEEE operations in the same order, hence the same bits.
final class BoxMullerKernel {
    private static final VectorSpecies<Long> L = LongVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Double> D = DoubleVector.SPECIES_PREFERRED;
    private static final int LANES = L.length();
    private static final VectorShuffle<Long> EVEN = VectorShuffle.makeUnzip(L, 0);
    private static final VectorShuffle<Long> ODD = VectorShuffle.makeUnzip(L, 1);
    private static final VectorShuffle<Long> ZIP_LOW = VectorShuffle.makeZip(L, 0);
    private static final VectorShuffle<Long> ZIP_HIGH = VectorShuffle.makeZip(L, 1);
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final long LOW = 0xFFFF_FFFFL;

    private BoxMullerKernel() { }

    /// Pairs of words (radius, angle) become pairs of normals; `n` is even.
    static void normalF32(MemorySegment out, long at, long n) {
        long whole = n / (4 * LANES) * (4 * LANES);
        radiiF32(out, at, whole);
        turnsF32(out, at, whole);
        for (long i = whole; i < n; i += 2) {
            float r = BoxMuller.radius(out.get(JAVA_INT_UNALIGNED, at + 4 * i));
            int angle = out.get(JAVA_INT_UNALIGNED, at + 4 * i + 4);
            out.set(JAVA_FLOAT_UNALIGNED, at + 4 * i, r * BoxMuller.cosTurn(angle));
            out.set(JAVA_FLOAT_UNALIGNED, at + 4 * i + 4, r * BoxMuller.sinTurn(angle));
        }
    }

    /// Pairs of 64-bit values (radius, angle) become pairs of normals; `n` is even.
    static void normalF64(MemorySegment out, long at, long n) {
        long whole = n / (2 * LANES) * (2 * LANES);
        unzip(out, at, whole);
        radiiF64(out, at, whole);
        turnsF64(out, at, whole);
        zip(out, at, whole);
        for (long i = whole; i < n; i += 2) {
            double r = BoxMuller.radius(out.get(JAVA_LONG_UNALIGNED, at + 8 * i));
            long angle = out.get(JAVA_LONG_UNALIGNED, at + 8 * i + 8);
            out.set(JAVA_DOUBLE_UNALIGNED, at + 8 * i, r * BoxMuller.cosTurn(angle));
            out.set(JAVA_DOUBLE_UNALIGNED, at + 8 * i + 8, r * BoxMuller.sinTurn(angle));
        }
    }

    /// Each two vectors of pairs become a vector of radii and a vector of angle words, so that every lane of the
    /// formulas does useful work. Radii and turns are separate loops because one loop with all of it exceeds the
    /// compiler's limit of nodes for inlining, and what is not inlined allocates its vectors.
    private static void radiiF32(MemorySegment out, long at, long n) {
        for (long i = 0; i < n; i += 4 * LANES) {
            long here = at + 4 * i;
            long next = here + 8L * LANES;
            var a = LongVector.fromMemorySegment(L, out, here, ORDER);
            var b = LongVector.fromMemorySegment(L, out, next, ORDER);
            radius(a.and(LOW).or(b.lanewise(LSHL, 32)).reinterpretAsInts()).intoMemorySegment(out, here, ORDER);
            a.lanewise(LSHR, 32).or(b.and(~LOW)).intoMemorySegment(out, next, ORDER);
        }
    }

    /// Each vector of radii and vector of angle words become two vectors of pairs of normals.
    private static void turnsF32(MemorySegment out, long at, long n) {
        for (long i = 0; i < n; i += 4 * LANES) {
            long here = at + 4 * i;
            long next = here + 8L * LANES;
            var r = FloatVector.fromMemorySegment(F, out, here, ORDER);
            var angle = IntVector.fromMemorySegment(I, out, next, ORDER);
            var quarter = angle.add(0x2000_0000).lanewise(LSHR, 30);
            var rest = (FloatVector) angle.sub(quarter.lanewise(LSHL, 30)).convertShape(I2F, F, 0);
            var x = rest.mul((float) (Math.PI / 2 * 0x1p-30));
            var sin = sin(x).reinterpretAsInts();
            var cos = cos(x).reinterpretAsInts();
            var swap = sin.lanewise(XOR, cos).and(quarter.lanewise(LSHL, 31).lanewise(ASHR, 31));    // in odd quarters
            cos = cos.lanewise(XOR, swap).lanewise(XOR, quarter.add(1).and(2).lanewise(LSHL, 30));
            sin = sin.lanewise(XOR, swap).lanewise(XOR, quarter.and(2).lanewise(LSHL, 30));
            var z0 = r.mul(cos.reinterpretAsFloats()).reinterpretAsInts().reinterpretAsLongs();
            var z1 = r.mul(sin.reinterpretAsFloats()).reinterpretAsInts().reinterpretAsLongs();
            z0.and(LOW).or(z1.lanewise(LSHL, 32)).intoMemorySegment(out, here, ORDER);
            z0.lanewise(LSHR, 32).or(z1.and(~LOW)).intoMemorySegment(out, next, ORDER);
        }
    }

    /// Each two vectors of pairs become a vector of radius bits and a vector of angle bits.
    private static void unzip(MemorySegment out, long at, long n) {
        for (long i = 0; i < n; i += 2 * LANES) {
            long here = at + 8 * i;
            long next = here + 8L * LANES;
            var a = LongVector.fromMemorySegment(L, out, here, ORDER);
            var b = LongVector.fromMemorySegment(L, out, next, ORDER);
            a.rearrange(EVEN, b).intoMemorySegment(out, here, ORDER);
            a.rearrange(ODD, b).intoMemorySegment(out, next, ORDER);
        }
    }

    private static void radiiF64(MemorySegment out, long at, long n) {
        for (long i = 0; i < n; i += 2 * LANES) {
            radius(LongVector.fromMemorySegment(L, out, at + 8 * i, ORDER)).intoMemorySegment(out, at + 8 * i, ORDER);
        }
    }

    /// Each vector of radii and vector of angle bits become two vectors of normals, cosines and sines.
    private static void turnsF64(MemorySegment out, long at, long n) {
        for (long i = 0; i < n; i += 2 * LANES) {
            long here = at + 8 * i;
            long next = here + 8L * LANES;
            var r = DoubleVector.fromMemorySegment(D, out, here, ORDER);
            var angle = LongVector.fromMemorySegment(L, out, next, ORDER);
            var quarter = angle.add(0x2000_0000_0000_0000L).lanewise(LSHR, 62);
            var rest = angle.sub(quarter.lanewise(LSHL, 62)).lanewise(ASHR, 10);
            var x = rest.add(BoxMuller.THREE_HALVES_52).reinterpretAsDoubles().sub(0x1.8p52).mul(Math.PI / 2 * 0x1p-52);
            var sin = sin(x).reinterpretAsLongs();
            var cos = cos(x).reinterpretAsLongs();
            var swap = sin.lanewise(XOR, cos).and(quarter.lanewise(LSHL, 63).lanewise(ASHR, 63));    // in odd quarters
            cos = cos.lanewise(XOR, swap).lanewise(XOR, quarter.add(1).and(2).lanewise(LSHL, 62));
            sin = sin.lanewise(XOR, swap).lanewise(XOR, quarter.and(2).lanewise(LSHL, 62));
            r.mul(cos.reinterpretAsDoubles()).intoMemorySegment(out, here, ORDER);
            r.mul(sin.reinterpretAsDoubles()).intoMemorySegment(out, next, ORDER);
        }
    }

    /// The opposite of [#unzip].
    private static void zip(MemorySegment out, long at, long n) {
        for (long i = 0; i < n; i += 2 * LANES) {
            long here = at + 8 * i;
            long next = here + 8L * LANES;
            var a = LongVector.fromMemorySegment(L, out, here, ORDER);
            var b = LongVector.fromMemorySegment(L, out, next, ORDER);
            a.rearrange(ZIP_LOW, b).intoMemorySegment(out, here, ORDER);
            a.rearrange(ZIP_HIGH, b).intoMemorySegment(out, next, ORDER);
        }
    }

    /// [BoxMuller#radius(int)].
    private static FloatVector radius(IntVector word) {
        var u = ((FloatVector) word.lanewise(LSHR, 1).or(1).convertShape(I2F, F, 0)).mul(0x1p-31f);
        var bits = u.reinterpretAsInts();
        var e = bits.sub(BoxMuller.SQRT_HALF_F32).lanewise(ASHR, 23);
        var m = bits.sub(e.lanewise(LSHL, 23)).reinterpretAsFloats();
        var s = m.sub(1f).div(m.add(1f));
        var z = s.mul(s);
        var p = z.fma(1f / 9f, 1f / 7f).fma(z, FloatVector.broadcast(F, 1f / 5f));
        p = p.fma(z, FloatVector.broadcast(F, 1f / 3f)).fma(z, FloatVector.broadcast(F, 1f));
        var scaled = (FloatVector) e.convertShape(I2F, F, 0);
        return scaled.fma(FloatVector.broadcast(F, (float) BoxMuller.MINUS_TWO_LN2), s.mul(-4f).mul(p)).sqrt();
    }

    private static FloatVector sin(FloatVector x) {
        var z = x.mul(x);
        var p = z.fma(1f / 362880f, -1f / 5040f).fma(z, FloatVector.broadcast(F, 1f / 120f));
        p = p.fma(z, FloatVector.broadcast(F, -1f / 6f));
        return x.mul(z).fma(p, x);
    }

    private static FloatVector cos(FloatVector x) {
        var z = x.mul(x);
        var p = z.fma(1f / 40320f, -1f / 720f).fma(z, FloatVector.broadcast(F, 1f / 24f));
        p = p.fma(z, FloatVector.broadcast(F, -1f / 2f));
        return p.fma(z, FloatVector.broadcast(F, 1f));
    }

    /// [BoxMuller#radius(long)].
    private static DoubleVector radius(LongVector value) {
        var k = value.lanewise(LSHR, 12).or(BoxMuller.TWO_52).reinterpretAsDoubles().sub(0x1p52);
        var bits = k.add(0.5).mul(0x1p-52).reinterpretAsLongs();
        var e = bits.sub(BoxMuller.SQRT_HALF_F64).lanewise(ASHR, 52);
        var m = bits.sub(e.lanewise(LSHL, 52)).reinterpretAsDoubles();
        var s = m.sub(1).div(m.add(1));
        var z = s.mul(s);
        var p = z.fma(1.0 / 21, 1.0 / 19).fma(z, DoubleVector.broadcast(D, 1.0 / 17));
        p = p.fma(z, DoubleVector.broadcast(D, 1.0 / 15)).fma(z, DoubleVector.broadcast(D, 1.0 / 13));
        p = p.fma(z, DoubleVector.broadcast(D, 1.0 / 11)).fma(z, DoubleVector.broadcast(D, 1.0 / 9));
        p = p.fma(z, DoubleVector.broadcast(D, 1.0 / 7)).fma(z, DoubleVector.broadcast(D, 1.0 / 5));
        p = p.fma(z, DoubleVector.broadcast(D, 1.0 / 3)).fma(z, DoubleVector.broadcast(D, 1.0));
        var scaled = e.add(BoxMuller.THREE_HALVES_52).reinterpretAsDoubles().sub(0x1.8p52);    // e as a double, exactly
        return scaled.fma(DoubleVector.broadcast(D, BoxMuller.MINUS_TWO_LN2), s.mul(-4).mul(p)).sqrt();
    }

    private static DoubleVector sin(DoubleVector x) {
        var z = x.mul(x);
        var p = z.fma(1 / 355687428096000.0, -1 / 1307674368000.0);
        p = p.fma(z, DoubleVector.broadcast(D, 1 / 6227020800.0)).fma(z, DoubleVector.broadcast(D, -1 / 39916800.0));
        p = p.fma(z, DoubleVector.broadcast(D, 1 / 362880.0)).fma(z, DoubleVector.broadcast(D, -1 / 5040.0));
        p = p.fma(z, DoubleVector.broadcast(D, 1 / 120.0)).fma(z, DoubleVector.broadcast(D, -1 / 6.0));
        return x.mul(z).fma(p, x);
    }

    private static DoubleVector cos(DoubleVector x) {
        var z = x.mul(x);
        var p = z.fma(1 / 20922789888000.0, -1 / 87178291200.0);
        p = p.fma(z, DoubleVector.broadcast(D, 1 / 479001600.0)).fma(z, DoubleVector.broadcast(D, -1 / 3628800.0));
        p = p.fma(z, DoubleVector.broadcast(D, 1 / 40320.0)).fma(z, DoubleVector.broadcast(D, -1 / 720.0));
        p = p.fma(z, DoubleVector.broadcast(D, 1 / 24.0)).fma(z, DoubleVector.broadcast(D, -1 / 2.0));
        return p.fma(z, DoubleVector.broadcast(D, 1.0));
    }
}
