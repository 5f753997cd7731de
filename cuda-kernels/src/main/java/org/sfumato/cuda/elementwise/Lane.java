package org.sfumato.cuda.elementwise;

import org.sfumato.cuda.elementwise.Code.Kind;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.expr.Expr.BinaryOp;
import org.sfumato.tensor.expr.Expr.CompareOp;
import org.sfumato.tensor.expr.Expr.UnaryOp;

/// The primitives of formulas in one type of arithmetic: f32, f64 or i64.
sealed interface Lane {
    /// The primitives for `compute`.
    static Lane of(Code code, DType compute) {
        return switch (compute) {
            case F32, BF16, F16 -> new Floating(new Real(code, false));
            case F64 -> new Floating(new Real(code, true));
            case I64, I32, BOOL -> new Whole(code);
        };
    }

    String constant(double value);

    String unary(UnaryOp op, String a);

    String binary(BinaryOp op, String a, String b);

    /// -> truth value.
    String compare(CompareOp op, String a, String b);

    String select(String condition, String yes, String no);

    /// Floating point.
    record Floating(Real real, Elementary functions) implements Lane {
        Floating(Real real) {
            this(real, new Elementary(real));
        }

        @Override
        public String constant(double value) {
            return real.of(value);
        }

        @Override
        public String unary(UnaryOp op, String a) {
            return switch (op) {
                case NEG -> real.neg(a);
                case ABS -> real.abs(a);
                case EXP -> functions.exp(a);
                case EXPM1 -> functions.expm1(a);
                case LOG -> functions.log(a);
                case LOG1P -> functions.log1p(a);
                case SQRT -> real.sqrt(a);
                case RSQRT -> real.div(real.of(1), real.sqrt(a));
                case TANH -> functions.tanh(a);
                case ERF -> functions.erf(a);
                case SIGMOID -> functions.sigmoid(a);
                case SIN -> functions.sin(a);
                case COS -> functions.cos(a);
                case FLOOR -> real.whole("rmi", a);
                case ROUND -> real.whole("rni", a);
            };
        }

        @Override
        public String binary(BinaryOp op, String a, String b) {
            return switch (op) {
                case ADD -> real.add(a, b);
                case SUB -> real.sub(a, b);
                case MUL -> real.mul(a, b);
                case DIV -> real.div(a, b);
                case MAX -> real.max(a, b);
                case MIN -> real.min(a, b);
            };
        }

        @Override
        public String compare(CompareOp op, String a, String b) {
            return switch (op) {
                case LT -> real.compare("lt", a, b);
                case LE -> real.compare("le", a, b);
                case EQ -> real.compare("eq", a, b);
                case NE -> real.compare("neu", a, b);
            };
        }

        @Override
        public String select(String condition, String yes, String no) {
            return real.select(condition, yes, no);
        }
    }

    /// 64-bit integers; overflow wraps around.
    record Whole(Code code) implements Lane {
        @Override
        public String constant(double value) {
            return Long.toString((long) value);
        }

        @Override
        public String unary(UnaryOp op, String a) {
            return switch (op) {
                case NEG -> code.op(Kind.B64, "neg.s64", a);
                case ABS -> code.op(Kind.B64, "abs.s64", a);
                case EXP, EXPM1, LOG, LOG1P, SQRT, RSQRT, TANH, ERF, SIGMOID, SIN, COS, FLOOR, ROUND ->
                    throw new IllegalArgumentException("formula: " + op + " has no whole results");
            };
        }

        @Override
        public String binary(BinaryOp op, String a, String b) {
            return switch (op) {
                case ADD -> code.op(Kind.B64, "add.s64", a, b);
                case SUB -> code.op(Kind.B64, "sub.s64", a, b);
                case MUL -> code.op(Kind.B64, "mul.lo.s64", a, b);
                case MAX -> code.op(Kind.B64, "max.s64", a, b);
                case MIN -> code.op(Kind.B64, "min.s64", a, b);
                case DIV -> throw new IllegalArgumentException("formula: " + op + " has no whole results");
            };
        }

        @Override
        public String compare(CompareOp op, String a, String b) {
            return switch (op) {
                case LT -> code.op(Kind.PRED, "setp.lt.s64", a, b);
                case LE -> code.op(Kind.PRED, "setp.le.s64", a, b);
                case EQ -> code.op(Kind.PRED, "setp.eq.s64", a, b);
                case NE -> code.op(Kind.PRED, "setp.ne.s64", a, b);
            };
        }

        @Override
        public String select(String condition, String yes, String no) {
            return code.op(Kind.B64, "selp.b64", yes, no, condition);
        }
    }
}
