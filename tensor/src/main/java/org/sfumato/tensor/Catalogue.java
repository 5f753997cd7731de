package org.sfumato.tensor;

import org.sfumato.tensor.expr.Expr;
import org.sfumato.tensor.expr.Formulas;
import org.sfumato.tensor.op.Pointwise;

/// The formulas behind [Arithmetic].
final class Catalogue {
    private static final Expr X = Expr.arg(0);
    private static final Expr Y = Expr.arg(1);
    private static final Expr ZERO = Expr.of(0);

    static final Pointwise ADD = Pointwise.of("add", X.add(Y));
    static final Pointwise SUB = Pointwise.of("sub", X.sub(Y));
    static final Pointwise MUL = Pointwise.of("mul", X.mul(Y));
    static final Pointwise DIV = Pointwise.of("div", X.div(Y));
    static final Pointwise MAXIMUM = Pointwise.of("maximum", X.max(Y));
    static final Pointwise MINIMUM = Pointwise.of("minimum", X.min(Y));
    static final Pointwise NEG = Pointwise.of("neg", X.neg());
    static final Pointwise ABS = Pointwise.of("abs", X.abs());
    static final Pointwise SIGN = Pointwise.of("sign", Formulas.sign(X));
    static final Pointwise SQUARE = Pointwise.of("square", Formulas.square(X));
    static final Pointwise RECIPROCAL = Pointwise.of("reciprocal", Formulas.reciprocal(X));
    static final Pointwise EXP = Pointwise.of("exp", X.exp());
    static final Pointwise EXPM1 = Pointwise.of("expm1", X.expm1());
    static final Pointwise LOG = Pointwise.of("log", X.log());
    static final Pointwise LOG1P = Pointwise.of("log1p", X.log1p());
    static final Pointwise SQRT = Pointwise.of("sqrt", X.sqrt());
    static final Pointwise RSQRT = Pointwise.of("rsqrt", X.rsqrt());
    static final Pointwise SIN = Pointwise.of("sin", X.sin());
    static final Pointwise COS = Pointwise.of("cos", X.cos());
    static final Pointwise TANH = Pointwise.of("tanh", X.tanh());
    static final Pointwise ERF = Pointwise.of("erf", X.erf());
    static final Pointwise FLOOR = Pointwise.of("floor", X.floor());
    static final Pointwise ROUND = Pointwise.of("round", X.round());
    static final Pointwise LT = Pointwise.predicate("lt", X.lt(Y));
    static final Pointwise LE = Pointwise.predicate("le", X.le(Y));
    static final Pointwise EQ = Pointwise.predicate("eq", X.eq(Y));
    static final Pointwise NE = Pointwise.predicate("ne", X.ne(Y));
    static final Pointwise AND = Pointwise.predicate("and", X.ne(ZERO).mul(Y.ne(ZERO)));
    static final Pointwise OR = Pointwise.predicate("or", X.ne(ZERO).max(Y.ne(ZERO)));
    static final Pointwise NOT = Pointwise.predicate("not", X.eq(ZERO));
    static final Pointwise WHERE = Pointwise.of("where", X.select(Y, Expr.arg(2)));
    static final Pointwise RELU = Pointwise.of("relu", Formulas.relu(X));
    static final Pointwise GELU = Pointwise.of("gelu", Formulas.gelu(X));
    static final Pointwise GELU_TANH = Pointwise.of("geluTanh", Formulas.geluTanh(X));
    static final Pointwise SILU = Pointwise.of("silu", Formulas.silu(X));
    static final Pointwise SIGMOID = Pointwise.of("sigmoid", Formulas.sigmoid(X));
    static final Pointwise SOFTPLUS = Pointwise.of("softplus", Formulas.softplus(X));

    private Catalogue() { }

    /// True of what reaches farther than a half type: [Precision].
    static boolean isWide(Pointwise op) {
        return op == EXP || op == EXPM1 || op == LOG || op == LOG1P || op == SQUARE || op == RECIPROCAL || op == RSQRT
                || op == SOFTPLUS || op.name().equals("pow");
    }

    static Tensor pow(Tensor x, double exponent) {
        if (exponent == 0) {
            return Tensor.full(x.shape(), 1, x.dtype(), x.device());
        }
        if (exponent == Math.rint(exponent) && Math.abs(exponent) <= 4) {
            return Dispatch.one(Pointwise.of("pow", whole((int) exponent)), x);
        }
        if (Math.abs(exponent) == .5) {
            return exponent > 0 ? x.sqrt() : x.rsqrt();
        }
        return Dispatch.one(Pointwise.of("pow", byLogarithm(exponent)), x);
    }

    /// `exp(exponent * log x)`. At 0, where the derivative of that is 0 times infinity, a power or root of the same
    /// value and slope.
    private static Expr byLogarithm(double exponent) {
        boolean whole = exponent == Math.rint(exponent);
        var size = (whole ? X.abs() : X).log().mul(exponent).exp();
        var signed = whole && exponent % 2 != 0 ? X.lt(ZERO).select(size.neg(), size) : size;
        var atZero = exponent < 0 ? whole(whole && exponent % 2 != 0 ? -1 : -2) : exponent > 1 ? whole(2) : X.sqrt();
        return X.eq(ZERO).select(atZero, signed);
    }

    private static Expr whole(int exponent) {
        var factor = exponent > 0 ? X : Expr.of(1).div(X);  // x^-n as (1/x)^n has its slope at 0, 1/x^n has not
        var power = factor;
        for (int i = 1; i < Math.abs(exponent); i++) {
            power = power.mul(factor);
        }
        return power;
    }
}
