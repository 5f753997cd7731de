package org.sfumato.tensor;

import java.lang.foreign.MemorySegment;
import org.sfumato.tensor.op.Cast;

/// Element by element: arithmetic, comparison, logic, choice. Operands broadcast and are promoted as [DType] says.
///
/// A Java number takes the type of the tensor; only a fraction that meets whole numbers makes the result f32.
public sealed interface Arithmetic permits Tensor {
    /// `this + b`.
    default Tensor add(Tensor b) {
        return Dispatch.one(Catalogue.ADD, self(), b);
    }

    /// `this + b`.
    default Tensor add(double b) {
        return add(scalar(b));
    }

    /// `this + b`.
    default Tensor add(long b) {
        return add(scalar(b));
    }

    /// `this - b`.
    default Tensor sub(Tensor b) {
        return Dispatch.one(Catalogue.SUB, self(), b);
    }

    /// `this - b`.
    default Tensor sub(double b) {
        return sub(scalar(b));
    }

    /// `this - b`.
    default Tensor sub(long b) {
        return sub(scalar(b));
    }

    /// `this * b`.
    default Tensor mul(Tensor b) {
        return Dispatch.one(Catalogue.MUL, self(), b);
    }

    /// `this * b`.
    default Tensor mul(double b) {
        return mul(scalar(b));
    }

    /// `this * b`.
    default Tensor mul(long b) {
        return mul(scalar(b));
    }

    /// `this / b`; whole numbers give f32.
    default Tensor div(Tensor b) {
        return Dispatch.one(Catalogue.DIV, self(), b);
    }

    /// `this / b`; whole numbers give f32.
    default Tensor div(double b) {
        return div(scalar(b));
    }

    /// The larger of the two; NaN if either is.
    default Tensor maximum(Tensor b) {
        return Dispatch.one(Catalogue.MAXIMUM, self(), b);
    }

    /// The smaller of the two; NaN if either is.
    default Tensor minimum(Tensor b) {
        return Dispatch.one(Catalogue.MINIMUM, self(), b);
    }

    /// `this` limited to `[low, high]`; NaN stays.
    default Tensor clamp(double low, double high) {
        return maximum(scalar(low)).minimum(scalar(high));
    }

    /// `this ^ exponent`. Whole exponents up to 4 in size, 1/2 and -1/2 are exact products and roots; others are
    /// `exp(exponent * log(this))`, NaN below 0 as in PyTorch unless the exponent is whole.
    default Tensor pow(double exponent) {
        return Catalogue.pow(self(), exponent);
    }

    /// `-this`.
    default Tensor neg() {
        return Dispatch.one(Catalogue.NEG, self());
    }

    /// `|this|`.
    default Tensor abs() {
        return Dispatch.one(Catalogue.ABS, self());
    }

    /// -1, 0 or 1 by sign.
    default Tensor sign() {
        return Dispatch.one(Catalogue.SIGN, self());
    }

    /// `this * this`.
    default Tensor square() {
        return Dispatch.one(Catalogue.SQUARE, self());
    }

    /// `1 / this`.
    default Tensor reciprocal() {
        return Dispatch.one(Catalogue.RECIPROCAL, self());
    }

    /// `e^this`.
    default Tensor exp() {
        return Dispatch.one(Catalogue.EXP, self());
    }

    /// `e^this - 1`, exact near 0.
    default Tensor expm1() {
        return Dispatch.one(Catalogue.EXPM1, self());
    }

    /// Natural logarithm.
    default Tensor log() {
        return Dispatch.one(Catalogue.LOG, self());
    }

    /// `log(1 + this)`, exact near 0.
    default Tensor log1p() {
        return Dispatch.one(Catalogue.LOG1P, self());
    }

    /// Square root.
    default Tensor sqrt() {
        return Dispatch.one(Catalogue.SQRT, self());
    }

    /// `1 / sqrt(this)`.
    default Tensor rsqrt() {
        return Dispatch.one(Catalogue.RSQRT, self());
    }

    /// Sine.
    default Tensor sin() {
        return Dispatch.one(Catalogue.SIN, self());
    }

    /// Cosine.
    default Tensor cos() {
        return Dispatch.one(Catalogue.COS, self());
    }

    /// Hyperbolic tangent.
    default Tensor tanh() {
        return Dispatch.one(Catalogue.TANH, self());
    }

    /// The error function.
    default Tensor erf() {
        return Dispatch.one(Catalogue.ERF, self());
    }

    /// The largest whole number that is not larger.
    default Tensor floor() {
        return Dispatch.one(Catalogue.FLOOR, self());
    }

    /// The nearest whole number, ties to even.
    default Tensor round() {
        return Dispatch.one(Catalogue.ROUND, self());
    }

    /// True where `this < b`.
    default Tensor lt(Tensor b) {
        return Dispatch.one(Catalogue.LT, self(), b);
    }

    /// True where `this < b`.
    default Tensor lt(double b) {
        return lt(scalar(b));
    }

    /// True where `this <= b`.
    default Tensor le(Tensor b) {
        return Dispatch.one(Catalogue.LE, self(), b);
    }

    /// True where `this <= b`.
    default Tensor le(double b) {
        return le(scalar(b));
    }

    /// True where `this > b`.
    default Tensor gt(Tensor b) {
        return b.lt(self());
    }

    /// True where `this > b`.
    default Tensor gt(double b) {
        return scalar(b).lt(self());
    }

    /// True where `this >= b`.
    default Tensor ge(Tensor b) {
        return b.le(self());
    }

    /// True where `this >= b`.
    default Tensor ge(double b) {
        return scalar(b).le(self());
    }

    /// True where `this == b`.
    default Tensor eq(Tensor b) {
        return Dispatch.one(Catalogue.EQ, self(), b);
    }

    /// True where `this == b`.
    default Tensor eq(double b) {
        return eq(scalar(b));
    }

    /// True where `this == b`.
    default Tensor eq(long b) {
        return eq(scalar(b));
    }

    /// True where `this != b` or either is NaN.
    default Tensor ne(Tensor b) {
        return Dispatch.one(Catalogue.NE, self(), b);
    }

    /// True where `this != b`.
    default Tensor ne(double b) {
        return ne(scalar(b));
    }

    /// True where `this != b`.
    default Tensor ne(long b) {
        return ne(scalar(b));
    }

    /// True where the element is NaN.
    default Tensor isNan() {
        return ne(self());
    }

    /// True where both are true (not 0).
    default Tensor and(Tensor b) {
        return Dispatch.one(Catalogue.AND, self(), b);
    }

    /// True where at least one is true (not 0).
    default Tensor or(Tensor b) {
        return Dispatch.one(Catalogue.OR, self(), b);
    }

    /// True where this is false (0).
    default Tensor not() {
        return Dispatch.one(Catalogue.NOT, self());
    }

    /// `a` where this is true (not 0), else `b`.
    default Tensor where(Tensor a, Tensor b) {
        return Dispatch.one(Catalogue.WHERE, self().cast(DType.BOOL), a, b);
    }

    /// `this` with `value` where `mask` is true.
    default Tensor maskedFill(Tensor mask, double value) {
        return mask.where(scalar(value), self());
    }

    /// The same values as `type`; this tensor itself if it has that type. Rules of rounding: [Cast].
    default Tensor cast(DType type) {
        return self().dtype() == type ? self() : Dispatch.one(new Cast(type), self());
    }

    /// `max(this, 0)`.
    default Tensor relu() {
        return Dispatch.one(Catalogue.RELU, self());
    }

    /// `x * Phi(x)`, Phi the normal distribution function by erf. Source: Hendrycks and Gimpel 2016, arXiv 1606.08415.
    default Tensor gelu() {
        return Dispatch.one(Catalogue.GELU, self());
    }

    /// GELU in its tanh approximation. Source: Hendrycks and Gimpel 2016, arXiv 1606.08415.
    default Tensor geluTanh() {
        return Dispatch.one(Catalogue.GELU_TANH, self());
    }

    /// `x * sigmoid(x)`. Source: Elfwing et al. 2017, arXiv 1702.03118.
    default Tensor silu() {
        return Dispatch.one(Catalogue.SILU, self());
    }

    /// `1 / (1 + e^-x)`.
    default Tensor sigmoid() {
        return Dispatch.one(Catalogue.SIGMOID, self());
    }

    /// `log(1 + e^x)`.
    default Tensor softplus() {
        return Dispatch.one(Catalogue.SOFTPLUS, self());
    }

    /// A whole number beyond what a double holds exactly.
    private Tensor scalar(long value) {
        return -(1L << 53) <= value && value <= 1L << 53 || self().dtype().isFloating() ? scalar((double) value)
                : Tensor.of(MemorySegment.ofArray(new long[] {value}), Shape.SCALAR, DType.I64, self().device());
    }

    /// A scalar that meets this tensor without changing its type.
    private Tensor scalar(double value) {
        var type = self().dtype();
        boolean whole = value == Math.rint(value) && Math.abs(value) < 0x1p53;
        var as = type.isFloating() ? type : whole && type != DType.BOOL ? type : whole ? DType.I64 : DType.F32;
        return Tensor.full(Shape.SCALAR, value, as, self().device());
    }

    private Tensor self() {
        return (Tensor) this;
    }
}
