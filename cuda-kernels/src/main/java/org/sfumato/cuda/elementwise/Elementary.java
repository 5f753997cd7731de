package org.sfumato.cuda.elementwise;

/// Elementary functions in PTX: the sequences of the processor's vector loops, instruction for instruction, so that
/// both give the same bits. The fast approximations of the hardware (`ex2.approx`, `tanh.approx`) are not near enough.
///
/// Source: [org.sfumato.tensor.expr.VectorMath] and [org.sfumato.tensor.expr.VectorMath64], which name theirs and state
/// the largest errors.
final class Elementary {
    private final Real r;
    private final Constants k;

    Elementary(Real real) {
        this.r = real;
        this.k = real.wide() ? Constants.F64 : Constants.F32;
    }

    /// `e^x`.
    String exp(String x) {
        var t = r.fma(x, r.of(k.log2e()), r.of(k.rounder()));
        var p = r.add(expm1Reduced(expReduced(x, t)), r.of(1));
        var y = timesPowerOfTwo(p, r.toBits(t));
        y = blend(y, Double.POSITIVE_INFINITY, r.compare("gt", x, r.of(r.wide() ? 710 : 89)));
        return blend(y, 0, r.compare("lt", x, r.of(r.wide() ? -746 : -104)));
    }

    private String expReduced(String x, String t) {
        var n = r.sub(t, r.of(k.rounder()));
        return r.fma(n, r.of(-k.ln2Low()), r.fma(n, r.of(-k.ln2High()), x));
    }

    private String expm1Reduced(String x) {
        return r.fma(r.polynomial(x, k.exp()), r.mul(x, x), x);
    }

    /// `p 2^n` in two factors, for `2^n` itself may be out of range.
    private String timesPowerOfTwo(String p, String n) {
        var high = r.integer("max.s", n, Long.toString(k.rounderBits() - (r.wide() ? 900 : 100)));
        var first = powerOfTwo(high, k.bias() - 1);
        var second = powerOfTwo(r.integer("sub.s", n, high), k.bias() + 1);
        return r.mul(r.mul(p, first), second);
    }

    private String powerOfTwo(String n, long bias) {
        var one = Long.toString(bias << k.mantissaBits());
        return r.fromBits(r.integer("add.s", r.shiftLeft(n, k.mantissaBits()), one));
    }

    /// `e^x - 1`.
    String expm1(String x) {
        var t = r.fma(x, r.of(k.log2e()), r.of(k.rounder()));
        var p = expm1Reduced(expReduced(x, t));
        var half = powerOfTwo(r.toBits(t), k.bias() - 1);
        var y = r.fma(half, p, r.sub(half, r.of(.5)));
        y = blend(r.add(y, y), Double.POSITIVE_INFINITY, r.compare("gt", x, r.of(r.wide() ? 710 : 89)));
        y = blend(y, -1, r.compare("lt", x, r.of(r.wide() ? -40 : -20)));
        return tinyAsItIs(x, y);
    }

    /// `y`, but `x` where that is so near 0 that both are equal.
    private String tinyAsItIs(String x, String y) {
        return r.select(r.compare("lt", r.abs(x), r.of(r.wide() ? 0x1p-54 : 0x1p-25)), x, y);
    }

    /// `1 / (1 + e^-x)`.
    String sigmoid(String x) {
        var t = r.fma(x, r.of(-k.log2e()), r.of(k.rounder()));
        var p = r.add(expm1Reduced(expReduced(r.neg(x), t)), r.of(1));
        var half = powerOfTwo(r.toBits(t), k.bias() - 1);
        var y = r.div(r.of(.5), r.add(r.mul(p, half), r.of(.5)));
        y = blend(y, 1, r.compare("gt", x, r.of(r.wide() ? 40 : 20)));
        return blend(y, 0, r.compare("lt", x, r.of(r.wide() ? -710 : -89)));
    }

    /// Hyperbolic tangent.
    String tanh(String x) {
        var a = r.abs(x);
        var y = r.add(a, a);
        var t = r.fma(y, r.of(k.log2e()), r.of(k.rounder()));
        var p = expm1Reduced(expReduced(y, t));
        var power = powerOfTwo(r.toBits(t), k.bias());
        var m = r.fma(power, p, r.sub(power, r.of(1)));
        var quotient = r.div(m, r.add(m, r.of(2)));
        return withSignOf(x, blend(quotient, 1, r.compare("gt", a, r.of(r.wide() ? 20 : 10))));
    }

    private String withSignOf(String x, String y) {
        return r.fromBits(r.integer("or.b", sign(x), r.toBits(y)));
    }

    private String sign(String x) {
        return r.integer("and.b", r.toBits(x), k.sign());
    }

    /// Natural logarithm.
    String log(String x) {
        var tiny = r.compare("lt", x, r.of(r.wide() ? 0x1p-1022 : 0x1p-126));
        int shift = k.mantissaBits();
        var bits = r.toBits(r.select(tiny, r.mul(x, r.of(Math.scalb(1.0, shift))), x));
        var e = exponent(bits);
        var f = r.sub(r.fromBits(r.integer("sub.s", bits, r.shiftLeft(e, shift))), r.of(1));
        var n = toReal(e);
        return atLogarithmEdges(x, logReduced(f, r.select(tiny, r.sub(n, r.of(shift)), n)));
    }

    private String exponent(String bits) {
        return r.shiftRight(r.integer("sub.s", bits, Long.toString(k.sqrtHalfBits())), k.mantissaBits());
    }

    private String toReal(String n) {
        return r.sub(r.fromBits(r.integer("add.s", n, Long.toString(k.rounderBits()))), r.of(k.rounder()));
    }

    private String logReduced(String f, String n) {
        if (r.wide()) {
            var s = r.div(f, r.add(f, r.of(2)));
            var half = r.mul(r.mul(f, f), r.of(.5));
            var z = r.mul(s, s);
            var sum = r.fma(r.polynomial(z, k.log()), z, half);
            var tail = r.fma(sum, s, r.mul(n, r.of(k.ln2Low())));
            return r.fma(n, r.of(k.ln2High()), r.sub(f, r.sub(half, tail)));
        }
        var z = r.mul(f, f);
        var tail = r.fma(r.mul(r.polynomial(f, k.log()), f), z, r.mul(n, r.of(k.ln2Low())));
        return r.fma(n, r.of(k.ln2High()), r.add(f, r.fma(z, r.of(-.5), tail)));
    }

    private String atLogarithmEdges(String x, String y) {
        y = blend(y, Double.NEGATIVE_INFINITY, r.compare("eq", x, r.of(0)));
        y = blend(y, Double.NaN, r.compare("lt", x, r.of(0)));
        y = blend(y, Double.POSITIVE_INFINITY, r.compare("eq", x, r.of(Double.POSITIVE_INFINITY)));
        return r.select(r.compare("nan", x, x), x, y);
    }

    /// `log(1 + x)`.
    String log1p(String x) {
        var u = r.add(x, r.of(1));
        var e = exponent(r.toBits(u));
        var quadruple = powerOfTwo(r.integer("neg.s", e), k.bias() + 2);
        var f = r.fma(r.mul(x, r.of(.25)), quadruple, r.fma(quadruple, r.of(.25), r.of(-1)));
        return tinyAsItIs(x, atLogarithmEdges(u, logReduced(f, toReal(e))));
    }

    /// The error function.
    String erf(String x) {
        var a = r.abs(x);
        var near = r.fma(a, r.polynomial(r.mul(a, a), k.erfNear()), a);
        var y = r.select(r.compare("le", a, r.of(1)), near, r.wide() ? erfFar64(a) : erfFar32(a));
        return withSignOf(x, blend(y, 1, r.compare("ge", a, r.of(r.wide() ? 6 : 3.95))));
    }

    private String erfFar32(String a) {
        return r.sub(r.of(1), r.polynomial(r.sub(a, r.of(2.4)), k.erfFar()));
    }

    private String erfFar64(String a) {
        var u = r.div(r.sub(a, r.of(2)), r.add(a, r.of(2)));
        return r.sub(r.of(1), r.mul(exp(r.neg(r.mul(a, a))), r.polynomial(u, k.erfFar())));
    }

    /// Sine.
    String sin(String x) {
        return r.fromBits(r.integer("xor.b", sign(x), r.toBits(quarterTurns(r.abs(x), 0))));
    }

    /// Cosine.
    String cos(String x) {
        return quarterTurns(r.abs(x), 1);
    }

    private String quarterTurns(String a, int turns) {
        var t = r.fma(a, r.of(k.twoOverPi()), r.of(k.rounder()));
        var n = r.sub(t, r.of(k.rounder()));
        var rest = r.fma(n, r.of(-k.halfPi()[2]), r.fma(n, r.of(-k.halfPi()[1]), r.fma(n, r.of(-k.halfPi()[0]), a)));
        var z = r.mul(rest, rest);
        var sine = r.toBits(r.fma(r.polynomial(z, k.sine()), r.mul(rest, z), rest));
        var cosine = r.toBits(r.fma(r.polynomial(z, k.cosine()), r.mul(z, z), r.fma(z, r.of(-.5), r.of(1))));
        var quadrant = r.integer("add.s", r.toBits(t), Integer.toString(turns));
        var odd = r.integer("neg.s", r.integer("and.b", quadrant, "1"));
        var negative = r.integer("and.b", r.shiftLeft(quadrant, r.wide() ? 62 : 30), k.sign());
        var chosen = r.integer("xor.b", r.integer("and.b", r.integer("xor.b", sine, cosine), odd), sine);
        var y = r.fromBits(r.integer("xor.b", chosen, negative));
        return blend(y, Double.NaN, r.compare("gt", a, r.of(r.wide() ? 1e12 : 1e6)));
    }

    private String blend(String y, double other, String condition) {
        return r.select(condition, r.of(other), y);
    }
}
