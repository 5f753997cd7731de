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
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/// Elementary functions of float64 vectors: what [VectorMath] is for float32, by the same reductions with longer
/// polynomials.
///
/// The logarithm is summed in `s = f / (2 + f)`, the complement of the error function in `(|x| - 2) / (|x| + 2)`. The
/// largest errors were measured against Java's `StrictMath`, itself off by up to 1 ulp, in whole ulps.
///
/// Source: as for [VectorMath]; for the logarithm also P. Tang, "Table-driven implementation of the logarithm
/// function", ACM TOMS 16 (1990); for the error function M. Shepherd and J. Laframboise, Math. Comp. 36 (1981),
/// 249-253.
@SuppressWarnings("exports") // meant for this module; who calls it from outside reads the incubator module as well
public final class VectorMath64 {
    static final VectorSpecies<Double> SPECIES = DoubleVector.SPECIES_PREFERRED;
    private static final List<VectorMask<Double>> FIRST_LANES = IntStream.range(0, SPECIES.length())
        .mapToObj(n -> SPECIES.indexInRange(0, n)).toList();

    /// `1.5 2⁵²`: added to a double below 2⁵¹, it leaves the nearest whole number in the low bits, as a long.
    private static final double ROUNDER = 0x1.8p52;
    private static final long ROUNDER_BITS = 0x4338000000000000L;
    private static final double LOG2_E = 1.4426950408889634;
    private static final double LN2_HIGH = 0.69314718055994529;
    private static final double LN2_LOW = 2.3190468138462996e-17;
    private static final double TWO_OVER_PI = 0.63661977236758134;
    private static final double HALF_PI_HIGH = 1.5707963267948966;
    private static final double HALF_PI_MIDDLE = 6.123233995736766e-17;
    private static final double HALF_PI_LOW = -1.4973849048591698e-33;
    private static final long SIGN = Long.MIN_VALUE;
    private static final int MANTISSA_BITS = 52;
    private static final long SQRT_HALF_BITS = 0x3FE6A09E667F3BCDL;
    private static final double SMALLEST_NORMAL = 0x1p-1022;

    private VectorMath64() { }

    /// `e^x`; overflows to infinity above 709.78. Largest error 1 ulp.
    public static DoubleVector exp(DoubleVector x) {
        var t = x.fma(all(LOG2_E), all(ROUNDER));
        var p = expm1Reduced(expReduced(x, t.sub(all(ROUNDER)))).add(all(1));
        return timesPowerOfTwo(p, t.reinterpretAsLongs())
            .blend(all(Double.POSITIVE_INFINITY), x.compare(GT, 710))
            .blend(all(0), x.compare(LT, -746));
    }

    static DoubleVector expReduced(DoubleVector x, DoubleVector n) {
        return n.fma(all(-LN2_LOW), n.fma(all(-LN2_HIGH), x));
    }

    static DoubleVector expm1Reduced(DoubleVector r) {
        var q = all(2.0926898617327018e-9).fma(r, all(2.5112240195303226e-8)).fma(r, all(2.755723351113073e-7))
            .fma(r, all(2.7557234235667346e-6)).fma(r, all(2.4801587373553921e-5)).fma(r, all(0.00019841269897060204))
            .fma(r, all(0.0013888888888858543)).fma(r, all(0.0083333333333167389));
        q = q.fma(r, all(0.041666666666666727)).fma(r, all(0.16666666666666685)).fma(r, all(0.5));
        return q.fma(r.mul(r), r);
    }

    static DoubleVector timesPowerOfTwo(DoubleVector p, LongVector n) {
        var high = n.max(LongVector.broadcast(n.species(), ROUNDER_BITS - 900));
        var first = powerOfTwo(high, 1022);
        var second = powerOfTwo(n.sub(high), 1024);
        return p.mul(first).mul(second);
    }

    /// `2^(n + bias - 1023)`.
    static DoubleVector powerOfTwo(LongVector n, long bias) {
        return n.lanewise(LSHL, MANTISSA_BITS).add(bias << MANTISSA_BITS).reinterpretAsDoubles();
    }

    /// `e^x - 1`, exact near 0. Largest error 2 ulp.
    public static DoubleVector expm1(DoubleVector x) {
        var t = x.fma(all(LOG2_E), all(ROUNDER));
        var p = expm1Reduced(expReduced(x, t.sub(all(ROUNDER))));
        var half = powerOfTwo(t.reinterpretAsLongs(), 1022);
        var y = half.fma(p, half.sub(all(0.5)));
        return y.add(y)
            .blend(all(Double.POSITIVE_INFINITY), x.compare(GT, 710))
            .blend(all(-1), x.compare(LT, -40))
            .blend(x, x.abs().compare(LT, 0x1p-54));
    }

    /// `1 / (1 + e^-x)`; 0 below -710, where the true value is subnormal. Largest error 4 ulp.
    public static DoubleVector sigmoid(DoubleVector x) {
        var t = x.fma(all(-LOG2_E), all(ROUNDER));
        var p = expm1Reduced(expReduced(x.neg(), t.sub(all(ROUNDER)))).add(all(1));
        var half = powerOfTwo(t.reinterpretAsLongs(), 1022);
        return all(0.5).div(p.mul(half).add(all(0.5)))
            .blend(all(1), x.compare(GT, 40))
            .blend(all(0), x.compare(LT, -710));
    }

    /// Hyperbolic tangent. Largest error 4 ulp.
    public static DoubleVector tanh(DoubleVector x) {
        var a = x.abs();
        var y = a.add(a);
        var t = y.fma(all(LOG2_E), all(ROUNDER));
        var p = expm1Reduced(expReduced(y, t.sub(all(ROUNDER))));
        var power = powerOfTwo(t.reinterpretAsLongs(), 1023);
        var m = power.fma(p, power.sub(all(1)));
        return withSignOf(x, m.div(m.add(all(2))).blend(all(1), a.compare(GT, 20)));
    }

    static DoubleVector withSignOf(DoubleVector x, DoubleVector y) {
        return x.reinterpretAsLongs().lanewise(AND, SIGN).lanewise(OR, y.reinterpretAsLongs()).reinterpretAsDoubles();
    }

    /// Natural logarithm; minus infinity at 0, NaN below. Largest error 1 ulp.
    public static DoubleVector log(DoubleVector x) {
        var tiny = x.compare(LT, SMALLEST_NORMAL);
        var bits = x.blend(x.mul(all(0x1p52)), tiny).reinterpretAsLongs();
        var e = exponent(bits);
        var f = bits.sub(e.lanewise(LSHL, MANTISSA_BITS)).reinterpretAsDoubles().sub(all(1));
        var n = toDouble(e);
        return atLogarithmEdges(x, logReduced(f, n.blend(n.sub(all(52)), tiny)));
    }

    static LongVector exponent(LongVector bits) {
        return bits.sub(SQRT_HALF_BITS).lanewise(ASHR, MANTISSA_BITS);
    }

    static DoubleVector toDouble(LongVector n) {
        return n.add(ROUNDER_BITS).reinterpretAsDoubles().sub(all(ROUNDER));
    }

    /// `log(1 + f) + n ln 2`, by `log(1 + f) = f - (f²/2 - s (f²/2 + s² q(s²)))` where `s = f / (2 + f)`.
    static DoubleVector logReduced(DoubleVector f, DoubleVector n) {
        var s = f.div(f.add(all(2)));
        var z = s.mul(s);
        var q = all(0.14810362509253722).fma(z, all(0.15313179290411758)).fma(z, all(0.18183570997939061))
            .fma(z, all(0.22222199100388224)).fma(z, all(0.28571428729204135)).fma(z, all(0.39999999999520119))
            .fma(z, all(0.66666666666667096));
        var half = f.mul(f).mul(all(0.5));
        var tail = q.fma(z, half).fma(s, n.mul(all(LN2_LOW)));
        return n.fma(all(LN2_HIGH), f.sub(half.sub(tail)));
    }

    static DoubleVector atLogarithmEdges(DoubleVector x, DoubleVector y) {
        return y.blend(all(Double.NEGATIVE_INFINITY), x.compare(EQ, 0))
            .blend(all(Double.NaN), x.compare(LT, 0))
            .blend(all(Double.POSITIVE_INFINITY), x.compare(EQ, Double.POSITIVE_INFINITY))
            .blend(x, x.compare(NE, x));
    }

    /// `log(1 + x)`, exact near 0; minus infinity at -1, NaN below. Largest error 1 ulp.
    public static DoubleVector log1p(DoubleVector x) {
        var u = x.add(all(1));
        var e = exponent(u.reinterpretAsLongs());
        var quadruple = powerOfTwo(e.neg(), 1025); // 4 2^-n, never subnormal
        var f = x.mul(all(0.25)).fma(quadruple, quadruple.fma(all(0.25), all(-1)));
        return atLogarithmEdges(u, logReduced(f, toDouble(e))).blend(x, x.abs().compare(LT, 0x1p-54));
    }

    /// The error function. Largest error 3 ulp.
    public static DoubleVector erf(DoubleVector x) {
        var a = x.abs();
        return withSignOf(x, erfFar(a).blend(erfNear(a), a.compare(LE, 1)).blend(all(1), a.compare(GE, 6)));
    }

    /// `a (1 + p(a²))`, the constant term in two parts.
    static DoubleVector erfNear(DoubleVector a) {
        var z = a.mul(a);
        var p = all(-7.8011888740977512e-10).fma(z, all(1.3722976265924504e-8)).fma(z, all(-1.6209175911748696e-7))
            .fma(z, all(1.6447517677871873e-6)).fma(z, all(-1.4924744663335489e-5)).fma(z, all(0.00012055295320494294))
            .fma(z, all(-0.00085483259896967576)).fma(z, all(0.0052239776074234677));
        p = p.fma(z, all(-0.026866170643276219)).fma(z, all(0.11283791670945253)).fma(z, all(-0.37612638903183548))
            .fma(z, all(0.12837916709551256));
        return a.fma(p, a);
    }

    static DoubleVector erfFar(DoubleVector a) {
        var u = a.sub(all(2)).div(a.add(all(2)));
        return all(1).sub(exp(a.mul(a).neg()).mul(scaledComplement(u)));
    }

    /// `e^(a²) erfc(a)` for `a = 2 (1 + u) / (1 - u)` from 1 to 6.
    static DoubleVector scaledComplement(DoubleVector u) {
        var q = all(-9.5041993060601122e-7).fma(u, all(1.0621522598531681e-6)).fma(u, all(3.9995163901192656e-6))
            .fma(u, all(1.3916160647875977e-6)).fma(u, all(-1.4012121861118329e-5)).fma(u, all(-2.757627716956743e-5))
            .fma(u, all(2.7530434692271682e-5)).fma(u, all(0.00017436066771428616)).fma(u, all(4.3555282364313191e-5));
        q = q.fma(u, all(-0.0009819769970663742)).fma(u, all(-0.0008471432392834178)).fma(u, all(0.0069974617383911147))
            .fma(u, all(0.0037328924041125826)).fma(u, all(-0.078978581015723193)).fma(u, all(0.24165819424246801));
        return q.fma(u, all(-0.42718584741395843)).fma(u, all(0.25539567631050575));
    }

    /// Sine of an angle in radians, up to 10¹² in size; NaN beyond. Largest error 1 ulp.
    public static DoubleVector sin(DoubleVector x) {
        var y = quarterTurns(x.abs(), 0);
        return x.reinterpretAsLongs().lanewise(AND, SIGN).lanewise(XOR, y.reinterpretAsLongs()).reinterpretAsDoubles();
    }

    /// Cosine of an angle in radians, up to 10¹² in size; NaN beyond. Largest error 1 ulp.
    public static DoubleVector cos(DoubleVector x) {
        return quarterTurns(x.abs(), 1);
    }

    static DoubleVector quarterTurns(DoubleVector a, int turns) {
        var t = a.fma(all(TWO_OVER_PI), all(ROUNDER));
        var n = t.sub(all(ROUNDER));
        var r = n.fma(all(-HALF_PI_LOW), n.fma(all(-HALF_PI_MIDDLE), n.fma(all(-HALF_PI_HIGH), a)));
        var z = r.mul(r);
        var sine = sineReduced(r, z).reinterpretAsLongs();
        var cosine = cosineReduced(z).reinterpretAsLongs();
        var quadrant = t.reinterpretAsLongs().add(turns);
        var odd = quadrant.lanewise(AND, 1).neg();
        var negative = quadrant.lanewise(LSHL, 62).lanewise(AND, SIGN);
        return sine.lanewise(XOR, cosine).lanewise(AND, odd).lanewise(XOR, sine).lanewise(XOR, negative)
            .reinterpretAsDoubles().blend(all(Double.NaN), a.compare(GT, 1e12));
    }

    static DoubleVector sineReduced(DoubleVector r, DoubleVector z) {
        var p = all(1.5894710582279462e-10).fma(z, all(-2.505073457108096e-8)).fma(z, all(2.7557313651853256e-6))
            .fma(z, all(-0.00019841269830144396)).fma(z, all(0.0083333333333236621)).fma(z, all(-0.16666666666666641));
        return p.fma(r.mul(z), r);
    }

    static DoubleVector cosineReduced(DoubleVector z) {
        var p = all(-1.1367981880350472e-11).fma(z, all(2.0875897738680502e-9)).fma(z, all(-2.7557315738613256e-7))
            .fma(z, all(2.4801587294628004e-5)).fma(z, all(-0.001388888888888284)).fma(z, all(0.04166666666666665));
        return p.fma(z.mul(z), z.fma(all(-0.5), all(1)));
    }

    /// `1/√x`, both steps rounded to nearest. Largest error 1.5 ulp.
    public static DoubleVector rsqrt(DoubleVector x) {
        return all(1).div(x.sqrt());
    }

    /// The nearest whole number, ties to even; exact.
    public static DoubleVector round(DoubleVector x) {
        var a = x.abs();
        var whole = a.add(all(0x1p52)).sub(all(0x1p52));
        return withSignOf(x, whole).blend(x, a.compare(LT, 0x1p52).not());
    }

    /// The largest whole number that is not larger; exact.
    public static DoubleVector floor(DoubleVector x) {
        var near = round(x);
        return near.blend(near.sub(all(1)), near.compare(GT, x));
    }

    static DoubleVector all(double c) {
        return DoubleVector.broadcast(SPECIES, c);
    }

    /// The mask of the first `n` lanes, ready made.
    static VectorMask<Double> firstLanes(long n) {
        return FIRST_LANES.get((int) n);
    }
}
