package org.sfumato.tensor.expr;

import java.util.List;
import java.util.stream.IntStream;

/// A scalar formula over arguments `x0, x1, ...`: what a pointwise operation computes for each element.
///
/// The vector loop ([ExprLoop]), the derivative ([#diff]) and the float64 oracle ([#eval]) are all derived from it.
/// Formulas are immutable trees of records and equal when they are built alike. Stability is a matter of primitives:
/// write `x.sigmoid()`, not `1 / (1 + exp(-x))`, whose derivative is infinity over infinity for large negative `x`.
public sealed interface Expr {
    /// Argument number `index`.
    record Arg(int index) implements Expr { }

    /// A constant, rounded to the type in which the loop computes.
    record Const(double value) implements Expr { }

    /// `op` applied to `a`.
    record Unary(UnaryOp op, Expr a) implements Expr { }

    /// `op` applied to `a` and `b`.
    record Binary(BinaryOp op, Expr a, Expr b) implements Expr { }

    /// 1 where the comparison holds and 0 where it does not; every comparison with NaN but [CompareOp#NE] is 0.
    record Compare(CompareOp op, Expr a, Expr b) implements Expr { }

    /// `a` where `condition` is not 0, else `b`. The branch not taken has no influence, not even by NaN.
    record Select(Expr condition, Expr a, Expr b) implements Expr { }

    /// Functions of one argument. `RSQRT` is `1/sqrt(x)`; `FLOOR` rounds down; `ROUND` rounds to nearest, ties to even.
    enum UnaryOp { NEG, ABS, EXP, EXPM1, LOG, LOG1P, SQRT, RSQRT, TANH, ERF, SIGMOID, SIN, COS, FLOOR, ROUND }

    /// Functions of two arguments. `MAX` and `MIN` return NaN if either argument is NaN.
    enum BinaryOp { ADD, SUB, MUL, DIV, MAX, MIN }

    /// Comparisons.
    enum CompareOp { LT, LE, EQ, NE }

    /// Argument number `index`.
    static Expr arg(int index) {
        return new Arg(index);
    }

    /// The constant `value`.
    static Expr of(double value) {
        return new Const(value);
    }

    /// `this + b`.
    default Expr add(Expr b) {
        return isConst(0) ? b : b.isConst(0) ? this : new Binary(BinaryOp.ADD, this, b);
    }

    /// `this + b`.
    default Expr add(double b) {
        return add(of(b));
    }

    /// `this - b`.
    default Expr sub(Expr b) {
        return b.isConst(0) ? this : isConst(0) ? b.neg() : new Binary(BinaryOp.SUB, this, b);
    }

    /// `this - b`.
    default Expr sub(double b) {
        return sub(of(b));
    }

    /// `this * b`. A constant 0 or 1 is folded, also against NaN and infinity: derivatives count on it.
    default Expr mul(Expr b) {
        if (isConst(0) || b.isConst(0)) {
            return of(0);
        }
        if (this instanceof Const(double p) && b instanceof Const(double q)) {
            return of(p * q);
        }
        return isConst(1) ? b : b.isConst(1) ? this : new Binary(BinaryOp.MUL, this, b);
    }

    /// `this * b`.
    default Expr mul(double b) {
        return mul(of(b));
    }

    /// `this / b`.
    default Expr div(Expr b) {
        return b.isConst(1) ? this : isConst(0) ? this : new Binary(BinaryOp.DIV, this, b);
    }

    /// `this / b`.
    default Expr div(double b) {
        return div(of(b));
    }

    /// The larger of the two; NaN if either is.
    default Expr max(Expr b) {
        return new Binary(BinaryOp.MAX, this, b);
    }

    /// The smaller of the two; NaN if either is.
    default Expr min(Expr b) {
        return new Binary(BinaryOp.MIN, this, b);
    }

    /// 1 where `this < b`, else 0.
    default Expr lt(Expr b) {
        return new Compare(CompareOp.LT, this, b);
    }

    /// 1 where `this <= b`, else 0.
    default Expr le(Expr b) {
        return new Compare(CompareOp.LE, this, b);
    }

    /// 1 where `this > b`, else 0.
    default Expr gt(Expr b) {
        return b.lt(this);
    }

    /// 1 where `this >= b`, else 0.
    default Expr ge(Expr b) {
        return b.le(this);
    }

    /// 1 where `this == b`, else 0.
    default Expr eq(Expr b) {
        return new Compare(CompareOp.EQ, this, b);
    }

    /// 1 where `this != b` or either is NaN, else 0.
    default Expr ne(Expr b) {
        return new Compare(CompareOp.NE, this, b);
    }

    /// `a` where this is not 0, else `b`.
    default Expr select(Expr a, Expr b) {
        return a.equals(b) ? a : new Select(this, a, b);
    }

    /// `-this`.
    default Expr neg() {
        return this instanceof Const(double v) ? of(-v) : new Unary(UnaryOp.NEG, this);
    }

    /// `|this|`.
    default Expr abs() {
        return new Unary(UnaryOp.ABS, this);
    }

    /// `e^this`.
    default Expr exp() {
        return new Unary(UnaryOp.EXP, this);
    }

    /// `e^this - 1`, exact near 0.
    default Expr expm1() {
        return new Unary(UnaryOp.EXPM1, this);
    }

    /// Natural logarithm; minus infinity at 0, NaN below.
    default Expr log() {
        return new Unary(UnaryOp.LOG, this);
    }

    /// `log(1 + this)`, exact near 0.
    default Expr log1p() {
        return new Unary(UnaryOp.LOG1P, this);
    }

    /// Square root.
    default Expr sqrt() {
        return new Unary(UnaryOp.SQRT, this);
    }

    /// `1 / sqrt(this)`.
    default Expr rsqrt() {
        return new Unary(UnaryOp.RSQRT, this);
    }

    /// Hyperbolic tangent.
    default Expr tanh() {
        return new Unary(UnaryOp.TANH, this);
    }

    /// The error function.
    default Expr erf() {
        return new Unary(UnaryOp.ERF, this);
    }

    /// `1 / (1 + e^-this)`.
    default Expr sigmoid() {
        return new Unary(UnaryOp.SIGMOID, this);
    }

    /// Sine of an angle in radians.
    default Expr sin() {
        return new Unary(UnaryOp.SIN, this);
    }

    /// Cosine of an angle in radians.
    default Expr cos() {
        return new Unary(UnaryOp.COS, this);
    }

    /// The largest whole number that is not larger.
    default Expr floor() {
        return new Unary(UnaryOp.FLOOR, this);
    }

    /// The nearest whole number, ties to even.
    default Expr round() {
        return new Unary(UnaryOp.ROUND, this);
    }

    /// True if this is the constant `value`.
    default boolean isConst(double value) {
        return this instanceof Const(double v) && v == value;
    }

    /// The derivative by argument `i`. At a kink it is PyTorch's choice: `max` and `min` share a tie, `abs` has 0 at 0.
    default Expr diff(int i) {
        return switch (this) {
            case Arg(int k) -> of(k == i ? 1 : 0);
            case Const _, Compare _ -> of(0);
            case Unary(var op, var a) -> {
                var da = a.diff(i);
                yield da.isConst(0) ? da : slope(op, a, this).mul(da);
            }
            case Binary(var op, var a, var b) -> {
                var da = a.diff(i);
                var db = b.diff(i);
                yield switch (op) {
                    case ADD -> da.add(db);
                    case SUB -> da.sub(db);
                    case MUL -> da.mul(b).add(a.mul(db));
                    case DIV -> da.div(b).sub(db.isConst(0) ? db : this.div(b).mul(db));
                    case MAX -> a.gt(b).select(da, a.eq(b).select(da.add(db).mul(.5), db));
                    case MIN -> a.lt(b).select(da, a.eq(b).select(da.add(db).mul(.5), db));
                };
            }
            case Select(var c, var a, var b) -> c.select(a.diff(i), b.diff(i));
        };
    }

    private static Expr slope(UnaryOp op, Expr a, Expr y) {
        return switch (op) {
            case NEG -> of(-1);
            case ABS -> a.gt(of(0)).sub(a.lt(of(0)));
            case EXP -> y;
            case EXPM1 -> a.exp();
            case LOG -> of(1).div(a);
            case LOG1P -> of(1).div(a.add(1));
            case SQRT -> of(.5).div(y);
            case RSQRT -> y.mul(y).mul(y).mul(-.5);
            case TANH -> of(1).sub(y.mul(y));
            case ERF -> a.mul(a).neg().exp().mul(2 / Math.sqrt(Math.PI));
            case SIGMOID -> y.mul(a.neg().sigmoid());
            case SIN -> a.cos();
            case COS -> a.sin().neg();
            case FLOOR, ROUND -> of(0);
        };
    }

    /// The value in float64, term by term: the oracle of every loop made from this formula.
    default double eval(double... x) {
        return switch (this) {
            case Arg(int k) -> x[k];
            case Const(double c) -> c;
            case Unary(var op, var a) -> Scalar.unary(op, a.eval(x));
            case Binary(var op, var a, var b) -> Scalar.binary(op, a.eval(x), b.eval(x));
            case Compare(var op, var a, var b) -> Scalar.compare(op, a.eval(x), b.eval(x)) ? 1 : 0;
            case Select(var c, var a, var b) -> c.eval(x) != 0 ? a.eval(x) : b.eval(x);
        };
    }

    /// The number of arguments: one more than the largest index in use, 0 for a constant.
    default int arity() {
        return switch (this) {
            case Arg(int k) -> k + 1;
            case Const _ -> 0;
            case Unary(var _, var a) -> a.arity();
            case Binary(var _, var a, var b) -> Math.max(a.arity(), b.arity());
            case Compare(var _, var a, var b) -> Math.max(a.arity(), b.arity());
            case Select(var c, var a, var b) -> Math.max(c.arity(), Math.max(a.arity(), b.arity()));
        };
    }

    /// The formulas directly below this one.
    default List<Expr> children() {
        return switch (this) {
            case Arg _, Const _ -> List.of();
            case Unary(var _, var a) -> List.of(a);
            case Binary(var _, var a, var b) -> List.of(a, b);
            case Compare(var _, var a, var b) -> List.of(a, b);
            case Select(var c, var a, var b) -> List.of(c, a, b);
        };
    }

    /// True if whole arguments give whole results exactly, so that the formula may be computed in 64-bit integers.
    default boolean isIntegral() {
        boolean here = switch (this) {
            case Const(double v) -> v == Math.rint(v) && Math.abs(v) < 0x1p53;
            case Unary(var op, var _) -> op == UnaryOp.NEG || op == UnaryOp.ABS;
            case Binary(var op, var _, var _) -> op != BinaryOp.DIV;
            case Arg _, Compare _, Select _ -> true;
        };
        return here && children().stream().allMatch(Expr::isIntegral);
    }

    /// This formula with its arguments replaced by `values`, in order.
    default Expr substitute(List<Expr> values) {
        return switch (this) {
            case Arg(int k) -> values.get(k);
            case Const c -> c;
            case Unary(var op, var a) -> new Unary(op, a.substitute(values));
            case Binary(var op, var a, var b) -> new Binary(op, a.substitute(values), b.substitute(values));
            case Compare(var op, var a, var b) -> new Compare(op, a.substitute(values), b.substitute(values));
            case Select(var c, var a, var b) ->
                new Select(c.substitute(values), a.substitute(values), b.substitute(values));
        };
    }

    /// The arguments `x0 ... x(n-1)`.
    static List<Expr> args(int n) {
        return IntStream.range(0, n).mapToObj(Expr::arg).toList();
    }
}
