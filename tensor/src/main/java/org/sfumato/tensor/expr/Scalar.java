package org.sfumato.tensor.expr;

import org.sfumato.tensor.expr.Expr.BinaryOp;
import org.sfumato.tensor.expr.Expr.CompareOp;
import org.sfumato.tensor.expr.Expr.UnaryOp;

/// The primitives of [Expr] in float64, one value at a time.
final class Scalar {
    private Scalar() { }

    static double unary(UnaryOp op, double a) {
        return switch (op) {
            case NEG -> -a;
            case ABS -> Math.abs(a);
            case EXP -> Math.exp(a);
            case EXPM1 -> Math.expm1(a);
            case LOG -> Math.log(a);
            case LOG1P -> Math.log1p(a);
            case SQRT -> Math.sqrt(a);
            case RSQRT -> 1 / Math.sqrt(a);
            case TANH -> Math.tanh(a);
            case ERF -> Erf.erf(a);
            case SIGMOID -> a >= 0 ? 1 / (1 + Math.exp(-a)) : sigmoidBelowZero(Math.exp(a));
            case SIN -> Math.sin(a);
            case COS -> Math.cos(a);
            case FLOOR -> Math.floor(a);
            case ROUND -> Math.rint(a);
        };
    }

    private static double sigmoidBelowZero(double e) {
        return e / (1 + e);
    }

    static double binary(BinaryOp op, double a, double b) {
        return switch (op) {
            case ADD -> a + b;
            case SUB -> a - b;
            case MUL -> a * b;
            case DIV -> a / b;
            case MAX -> Math.max(a, b);
            case MIN -> Math.min(a, b);
        };
    }

    static boolean compare(CompareOp op, double a, double b) {
        return switch (op) {
            case LT -> a < b;
            case LE -> a <= b;
            case EQ -> a == b;
            case NE -> a != b;
        };
    }
}
