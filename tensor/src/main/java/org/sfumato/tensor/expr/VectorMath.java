package org.sfumato.tensor.expr;

import static jdk.incubator.vector.VectorOperators.AND;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LE;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.NE;
import static jdk.incubator.vector.VectorOperators.OR;
import static jdk.incubator.vector.VectorOperators.XOR;

import java.util.List;
import java.util.stream.IntStream;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/// Elementary functions of float32 vectors of the preferred width, by argument reduction and polynomials.
///
/// The bits of a lane depend on nothing but that lane: neither on its place nor on the width of the vector, and not
/// on the platform's mathematical library. NaN gives NaN, and results that are subnormal are not flushed. The largest
/// errors below were measured against float64 at every float of the domain (`ExhaustiveTest`); those of [#rsqrt], of
/// [#expBelow], which is [#exp] without its last steps, and of [#erf] below 2^-26, at every 16th.
///
/// The methods have no branches, so that [ExprLoop] can lay their instructions into the loops that it writes.
///
/// Source: W. J. Cody and W. Waite, Software Manual for the Elementary Functions (1980), for the reductions. The
/// polynomials are minimax fits by the exchange algorithm of Remez; `vector_math_coefficients.py`, among the tests,
/// derives them.
@SuppressWarnings("exports") // meant for this module; who calls it from outside reads the incubator module as well
public final class VectorMath {
    static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, SPECIES.vectorShape());
    private static final List<VectorMask<Float>> FIRST_LANES = IntStream.range(0, SPECIES.length())
        .mapToObj(n -> SPECIES.indexInRange(0, n)).toList();

    /// `1.5 2²³`: added to a float below 2²², it leaves the nearest whole number in the low bits, as an int.
    private static final float ROUNDER = 0x1.8p23f;
    private static final int ROUNDER_BITS = 0x4B400000;
    private static final float LOG2_E = 1.44269504f;
    private static final float LN2_HIGH = 0.693147182f;
    private static final float LN2_LOW = -1.90465421e-9f;
    private static final float TWO_OVER_PI = 0.636619772f;
    private static final float HALF_PI_HIGH = 1.57079637f;
    private static final float HALF_PI_MIDDLE = -4.37113883e-8f;
    private static final float HALF_PI_LOW = -1.71512451e-15f;
    private static final int SIGN = Integer.MIN_VALUE;
    private static final int MANTISSA_BITS = 23;
    private static final int SQRT_HALF_BITS = 0x3F3504F3;
    private static final float SMALLEST_NORMAL = 0x1p-126f;

    private VectorMath() { }

    /// `e^x`; overflows to infinity above 88.72. Largest error 1.05 ulp.
    public static FloatVector exp(FloatVector x) {
        var t = x.fma(all(LOG2_E), all(ROUNDER));
        var p = expm1Reduced(expReduced(x, t.sub(all(ROUNDER)))).add(all(1));
        return timesPowerOfTwo(p, t.reinterpretAsInts())
            .blend(all(Float.POSITIVE_INFINITY), x.compare(GT, 89f))
            .blend(all(0), x.compare(LT, -104f));
    }

    /// `e^x` for `x` up to 88, as in a softmax, in fewer steps than [#exp]; 0 below -87.33, where the true value is
    /// subnormal. Largest error 1.05 ulp.
    public static FloatVector expBelow(FloatVector x) {
        var t = x.fma(all(LOG2_E), all(ROUNDER));
        var p = expm1Reduced(expReduced(x, t.sub(all(ROUNDER)))).add(all(1));
        var power = ((IntVector) t.reinterpretShape(INTS, 0)).lanewise(LSHL, MANTISSA_BITS).add(127 << MANTISSA_BITS);
        return p.mul((FloatVector) power.reinterpretShape(SPECIES, 0)).blend(all(0), x.compare(LT, -87.33f));
    }

    /// `x - n ln 2`, at most `ln 2 / 2` in size; the first step is exact.
    static FloatVector expReduced(FloatVector x, FloatVector n) {
        return n.fma(all(-LN2_LOW), n.fma(all(-LN2_HIGH), x));
    }

    /// `e^r - 1` for `|r|` up to `ln 2 / 2`.
    static FloatVector expm1Reduced(FloatVector r) {
        var q = all(0.00139504927f).fma(r, all(0.0083688898f)).fma(r, all(0.041666206f)).fma(r, all(0.166665182f))
            .fma(r, all(0.5f));
        return q.fma(r.mul(r), r);
    }

    /// `p 2^n`, where `n` is in the low bits: in two factors, for `2^n` itself may be out of range and the result not.
    static FloatVector timesPowerOfTwo(FloatVector p, IntVector n) {
        var high = n.max(IntVector.broadcast(n.species(), ROUNDER_BITS - 100));
        var first = powerOfTwo(high, 126);
        var second = powerOfTwo(n.sub(high), 128);
        return p.mul(first).mul(second);
    }

    /// `2^(n + bias - 127)`.
    static FloatVector powerOfTwo(IntVector n, int bias) {
        return n.lanewise(LSHL, MANTISSA_BITS).add(bias << MANTISSA_BITS).reinterpretAsFloats();
    }

    /// `e^x - 1`, exact near 0. Largest error 1.56 ulp.
    public static FloatVector expm1(FloatVector x) {
        var t = x.fma(all(LOG2_E), all(ROUNDER));
        var p = expm1Reduced(expReduced(x, t.sub(all(ROUNDER))));
        var half = powerOfTwo(t.reinterpretAsInts(), 126);
        var y = half.fma(p, half.sub(all(0.5f)));
        return y.add(y)
            .blend(all(Float.POSITIVE_INFINITY), x.compare(GT, 89f))
            .blend(all(-1), x.compare(LT, -20f))
            .blend(x, x.abs().compare(LT, 0x1p-25f));
    }

    /// `1 / (1 + e^-x)`, as `½ / (½ + ½ e^-x)`, which does not overflow before the result is subnormal; 0 below -89.
    /// Largest error 2.49 ulp.
    public static FloatVector sigmoid(FloatVector x) {
        var t = x.fma(all(-LOG2_E), all(ROUNDER));
        var p = expm1Reduced(expReduced(x.neg(), t.sub(all(ROUNDER)))).add(all(1));
        var half = powerOfTwo(t.reinterpretAsInts(), 126);
        return all(0.5f).div(p.mul(half).add(all(0.5f)))
            .blend(all(1), x.compare(GT, 20f))
            .blend(all(0), x.compare(LT, -89f));
    }

    /// Hyperbolic tangent, as `m / (m + 2)` where `m = e^(2|x|) - 1`. Largest error 2.58 ulp.
    public static FloatVector tanh(FloatVector x) {
        var a = x.abs();
        var y = a.add(a);
        var t = y.fma(all(LOG2_E), all(ROUNDER));
        var p = expm1Reduced(expReduced(y, t.sub(all(ROUNDER))));
        var power = powerOfTwo(t.reinterpretAsInts(), 127);
        var m = power.fma(p, power.sub(all(1)));
        return withSignOf(x, m.div(m.add(all(2))).blend(all(1), a.compare(GT, 10f)));
    }

    /// The non-negative `y` with the sign of `x`.
    static FloatVector withSignOf(FloatVector x, FloatVector y) {
        return x.reinterpretAsInts().lanewise(AND, SIGN).lanewise(OR, y.reinterpretAsInts()).reinterpretAsFloats();
    }

    /// Natural logarithm; minus infinity at 0, NaN below. Largest error 0.87 ulp.
    public static FloatVector log(FloatVector x) {
        var tiny = x.compare(LT, SMALLEST_NORMAL);
        var bits = (IntVector) x.blend(x.mul(all(0x1p23f)), tiny).reinterpretShape(INTS, 0);
        var e = exponent(bits);
        var f = ((FloatVector) bits.sub(e.lanewise(LSHL, MANTISSA_BITS)).reinterpretShape(SPECIES, 0)).sub(all(1));
        var n = toFloat(e);
        return atLogarithmEdges(x, logReduced(f, n.blend(n.sub(all(23)), tiny)));
    }

    /// The power of two that leaves a mantissa from `√½` to `√2`.
    static IntVector exponent(IntVector bits) {
        return bits.sub(SQRT_HALF_BITS).lanewise(ASHR, MANTISSA_BITS);
    }

    /// The int `n`, below 2²² in size, as a float.
    static FloatVector toFloat(IntVector n) {
        return ((FloatVector) n.add(ROUNDER_BITS).reinterpretShape(SPECIES, 0)).sub(all(ROUNDER));
    }

    /// `log(1 + f) + n ln 2` for `1 + f` from `√½` to `√2`.
    static FloatVector logReduced(FloatVector f, FloatVector n) {
        var q = all(-0.078596957f).fma(f, all(0.128817007f)).fma(f, all(-0.131287456f)).fma(f, all(0.141811833f))
            .fma(f, all(-0.16624555f)).fma(f, all(0.200022861f)).fma(f, all(-0.250008106f)).fma(f, all(0.333333164f));
        var z = f.mul(f);
        var tail = q.mul(f).fma(z, n.mul(all(LN2_LOW)));
        return n.fma(all(LN2_HIGH), f.add(z.fma(all(-0.5f), tail)));
    }

    /// `y` with the logarithm's values at 0, below it, at infinity and at NaN.
    static FloatVector atLogarithmEdges(FloatVector x, FloatVector y) {
        return y.blend(all(Float.NEGATIVE_INFINITY), x.compare(EQ, 0f))
            .blend(all(Float.NaN), x.compare(LT, 0f))
            .blend(all(Float.POSITIVE_INFINITY), x.compare(EQ, Float.POSITIVE_INFINITY))
            .blend(x, x.compare(NE, x));
    }

    /// `log(1 + x)`, exact near 0; minus infinity at -1, NaN below. Largest error 1.43 ulp.
    ///
    /// With `2^n` the power of two nearest `1 + x`, the reduced `(1 + x) 2^-n - 1` is `x 2^-n + (2^-n - 1)`, rounded
    /// once.
    public static FloatVector log1p(FloatVector x) {
        var u = x.add(all(1));
        var e = exponent(u.reinterpretAsInts());
        var quadruple = powerOfTwo(e.neg(), 129); // 4 2^-n, never subnormal
        var f = x.mul(all(0.25f)).fma(quadruple, quadruple.fma(all(0.25f), all(-1)));
        return atLogarithmEdges(u, logReduced(f, toFloat(e))).blend(x, x.abs().compare(LT, 0x1p-25f));
    }

    /// The error function: `x (1 + p(x²))` up to 1, `1 - q(|x| - 2.4)` beyond. Largest error 1.88 ulp.
    public static FloatVector erf(FloatVector x) {
        var a = x.abs();
        return withSignOf(x, erfFar(a).blend(erfNear(a), a.compare(LE, 1f)).blend(all(1), a.compare(GE, 3.95f)));
    }

    static FloatVector erfNear(FloatVector a) {
        var z = a.mul(a);
        var p = all(7.88879624e-5f).fma(z, all(-0.000802075258f)).fma(z, all(0.00518952636f))
            .fma(z, all(-0.0268544406f)).fma(z, all(0.112836003f)).fma(z, all(-0.37612626f)).fma(z, all(0.128379166f));
        return a.fma(p, a);
    }

    static FloatVector erfFar(FloatVector a) {
        var u = a.sub(all(2.4f));
        var q = all(9.00664963e-6f).fma(u, all(-3.19129249e-5f)).fma(u, all(-3.2041451e-5f))
            .fma(u, all(0.000326838926f)).fma(u, all(-0.000562907662f)).fma(u, all(-0.000233473984f))
            .fma(u, all(0.00311404257f));
        q = q.fma(u, all(-0.00789467711f)).fma(u, all(0.0121066142f)).fma(u, all(-0.0124677354f))
            .fma(u, all(0.00853501726f)).fma(u, all(-0.00355570321f)).fma(u, all(0.000688482134f));
        return all(1).sub(q);
    }

    /// Sine of an angle in radians, up to 10⁶ in size; NaN beyond. Largest error 1.67 ulp.
    public static FloatVector sin(FloatVector x) {
        var y = quarterTurns(x.abs(), 0);
        return x.reinterpretAsInts().lanewise(AND, SIGN).lanewise(XOR, y.reinterpretAsInts()).reinterpretAsFloats();
    }

    /// Cosine of an angle in radians, up to 10⁶ in size; NaN beyond. Largest error 1.81 ulp.
    public static FloatVector cos(FloatVector x) {
        return quarterTurns(x.abs(), 1);
    }

    /// `sin(a + turns π/2)` for `a` from 0: `a` less the nearest multiple of `π/2`, in three exact or nearly exact
    /// steps.
    static FloatVector quarterTurns(FloatVector a, int turns) {
        var t = a.fma(all(TWO_OVER_PI), all(ROUNDER));
        var n = t.sub(all(ROUNDER));
        var r = n.fma(all(-HALF_PI_LOW), n.fma(all(-HALF_PI_MIDDLE), n.fma(all(-HALF_PI_HIGH), a)));
        var z = r.mul(r);
        var sine = sineReduced(r, z).reinterpretAsInts();
        var cosine = cosineReduced(z).reinterpretAsInts();
        var quadrant = t.reinterpretAsInts().add(turns);
        var odd = quadrant.lanewise(AND, 1).neg();
        var negative = quadrant.lanewise(LSHL, 30).lanewise(AND, SIGN);
        return sine.lanewise(XOR, cosine).lanewise(AND, odd).lanewise(XOR, sine).lanewise(XOR, negative)
            .reinterpretAsFloats().blend(all(Float.NaN), a.compare(GT, 1e6f));
    }

    static FloatVector sineReduced(FloatVector r, FloatVector z) {
        var p = all(2.71734189e-6f).fma(z, all(-0.000198392605f)).fma(z, all(0.00833332911f))
            .fma(z, all(-0.166666672f));
        return p.fma(r.mul(z), r);
    }

    static FloatVector cosineReduced(FloatVector z) {
        var p = all(2.44637704e-5f).fma(z, all(-0.00138876541f)).fma(z, all(0.041666653f));
        return p.fma(z.mul(z), z.fma(all(-0.5f), all(1)));
    }

    /// `1/√x`, both steps rounded to nearest. Largest error 1.50 ulp.
    public static FloatVector rsqrt(FloatVector x) {
        return all(1).div(x.sqrt());
    }

    /// The nearest whole number, ties to even; exact.
    public static FloatVector round(FloatVector x) {
        var a = x.abs();
        var whole = a.add(all(0x1p23f)).sub(all(0x1p23f));
        return withSignOf(x, whole).blend(x, a.compare(LT, 0x1p23f).not());
    }

    /// The largest whole number that is not larger; exact.
    public static FloatVector floor(FloatVector x) {
        var near = round(x);
        return near.blend(near.sub(all(1)), near.compare(GT, x));
    }

    /// `c` in every lane.
    static FloatVector all(float c) {
        return FloatVector.broadcast(SPECIES, c);
    }

    /// The mask of the first `n` lanes, ready made.
    static VectorMask<Float> firstLanes(long n) {
        return FIRST_LANES.get((int) n);
    }
}
