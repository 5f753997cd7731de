package org.sfumato.tensor.expr;

/// Activations and other common formulas, built from the primitives of [Expr] so that value and derivative stay finite
/// and right at the extremes of float32: far out, where the limit is known, it is selected instead of computed.
public final class Formulas {
    /// Beyond this size `e^-|x|` is 0, also in float64.
    private static final double EXP_VANISHES = 750;

    /// Beyond this size `e^(-x²/2)` is 0 and `erf(x/√2)` is ±1, also in float64.
    private static final double GAUSS_VANISHES = 40;

    private Formulas() { }

    /// `x²`.
    public static Expr square(Expr x) {
        return x.mul(x);
    }

    /// `1 / x`.
    public static Expr reciprocal(Expr x) {
        return Expr.of(1).div(x);
    }

    /// 1 above 0, -1 below, 0 at 0 and, as in PyTorch, at NaN.
    public static Expr sign(Expr x) {
        return x.gt(Expr.of(0)).sub(x.lt(Expr.of(0)));
    }

    /// `x` limited to `[low, high]`; the derivative is 1 also at the two ends. NaN stays NaN.
    public static Expr clamp(Expr x, double low, double high) {
        return x.lt(Expr.of(low)).select(Expr.of(low), x.gt(Expr.of(high)).select(Expr.of(high), x));
    }

    /// `1 / (1 + e^-x)`.
    public static Expr sigmoid(Expr x) {
        return x.sigmoid();
    }

    /// `log(sigmoid(x))`, as `min(x, 0) - log1p(e^-|x|)`.
    public static Expr logSigmoid(Expr x) {
        return x.min(Expr.of(0)).sub(x.abs().neg().exp().log1p());
    }

    /// `log(1 + e^x)`, as `max(x, 0) + log1p(e^-|x|)`.
    ///
    /// Source: Dugas et al., "Incorporating second-order functional knowledge for better option pricing", 2000.
    public static Expr softplus(Expr x) {
        return x.max(Expr.of(0)).add(x.abs().neg().exp().log1p());
    }

    /// `max(x, 0)`; NaN stays NaN, and the slope at 0 is 0.
    ///
    /// Source: Nair and Hinton, "Rectified linear units improve restricted Boltzmann machines", ICML 2010.
    public static Expr relu(Expr x) {
        return x.le(Expr.of(0)).select(Expr.of(0), x);
    }

    /// `x` above 0, `slope x` elsewhere.
    ///
    /// Source: Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic models", 2013.
    public static Expr leakyRelu(Expr x, double slope) {
        return x.gt(Expr.of(0)).select(x, x.mul(slope));
    }

    /// `x` above 0, `alpha (e^x - 1)` elsewhere.
    ///
    /// Source: Clevert, Unterthiner and Hochreiter 2015, arXiv 1511.07289.
    public static Expr elu(Expr x, double alpha) {
        return x.gt(Expr.of(0)).select(x, x.expm1().mul(alpha));
    }

    /// `x Φ(x) = x/2 (1 + erf(x/√2))`, with `Φ` the normal distribution function.
    ///
    /// Source: Hendrycks and Gimpel 2016, arXiv 1606.08415, section 2.
    public static Expr gelu(Expr x) {
        return gate(x, GAUSS_VANISHES, x.mul(.5).mul(x.mul(Math.sqrt(.5)).erf().add(1)));
    }

    /// `x/2 (1 + tanh(√(2/π) (x + 0.044715 x³)))`, as `x sigmoid(2 √(2/π) (x + 0.044715 x³))`, which is the same
    /// and keeps its relative accuracy where `tanh` is near -1.
    ///
    /// Source: Hendrycks and Gimpel 2016, arXiv 1606.08415, section 2.
    public static Expr geluTanh(Expr x) {
        var inner = x.mul(x.mul(x).mul(.044715).add(1)).mul(2 * Math.sqrt(2 / Math.PI));
        return gate(x, GAUSS_VANISHES, x.mul(inner.sigmoid()));
    }

    /// `x sigmoid(x)`, also called swish.
    ///
    /// Source: Elfwing, Uchibe and Doya 2017, arXiv 1702.03118.
    public static Expr silu(Expr x) {
        return gate(x, EXP_VANISHES, x.mul(x.sigmoid()));
    }

    /// `x tanh(softplus(x))`, as `x s (1 + q) / (1 + q²)` with `s = sigmoid(x)` and `q = sigmoid(-x)`.
    ///
    /// Source: Misra 2019, arXiv 1908.08681.
    public static Expr mish(Expr x) {
        var q = x.neg().sigmoid();
        return gate(x, EXP_VANISHES, x.mul(x.sigmoid()).mul(q.add(1)).div(q.mul(q).add(1)));
    }

    /// `middle` for `x` up to `limit` in size, 0 below and `x` above.
    private static Expr gate(Expr x, double limit, Expr middle) {
        return x.lt(Expr.of(-limit)).select(Expr.of(0), x.gt(Expr.of(limit)).select(x, middle));
    }
}
