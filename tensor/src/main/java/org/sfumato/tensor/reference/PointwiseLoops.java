package org.sfumato.tensor.reference;

import org.sfumato.tensor.DType;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.expr.Expr;
import org.sfumato.tensor.op.Pointwise;
import org.sfumato.tensor.spi.Operand;

/// Formulas, one element at a time: in float64 by [Expr#eval], in 64-bit integers where the operation computes in
/// those.
final class PointwiseLoops {
    private PointwiseLoops() { }

    static void run(Pointwise op, Operand[] in, Operand[] out) {
        var specs = new Spec[in.length];
        var x = new Elements[in.length];
        for (int k = 0; k < in.length; k++) {
            specs[k] = in[k].spec();
            x[k] = Elements.expanded(in[k], out[0].shape());
        }
        var y = new Elements[out.length];
        for (int j = 0; j < out.length; j++) {
            y[j] = new Elements(out[j]);
        }
        if (op.compute(specs) == DType.I64) {
            wholes(op, out[0].shape(), x, y);
        } else {
            reals(op, out[0].shape(), x, y);
        }
    }

    private static void reals(Pointwise op, Shape shape, Elements[] x, Elements[] y) {
        var arguments = new double[x.length];
        var results = new double[y.length];
        long count = shape.count();
        for (long i = 0; i < count; i++) {
            for (int k = 0; k < x.length; k++) {
                arguments[k] = x[k].real(i);
            }
            for (int j = 0; j < y.length; j++) {
                results[j] = op.formulas().get(j).eval(arguments);
            }
            for (int j = 0; j < y.length; j++) {                    // after all formulas: an output may be an input
                y[j].put(i, results[j]);
            }
        }
    }

    private static void wholes(Pointwise op, Shape shape, Elements[] x, Elements[] y) {
        var arguments = new long[x.length];
        var results = new long[y.length];
        long count = shape.count();
        for (long i = 0; i < count; i++) {
            for (int k = 0; k < x.length; k++) {
                arguments[k] = x[k].whole(i);
            }
            for (int j = 0; j < y.length; j++) {
                results[j] = eval(op.formulas().get(j), arguments);
            }
            for (int j = 0; j < y.length; j++) {
                y[j].put(i, results[j]);
            }
        }
    }

    /// The value of an integral formula in 64-bit integers, which wrap around.
    static long eval(Expr formula, long[] x) {
        return switch (formula) {
            case Expr.Arg(int k) -> x[k];
            case Expr.Const(double value) -> (long) value;
            case Expr.Unary(var op, var a) -> unary(op, eval(a, x));
            case Expr.Binary(var op, var a, var b) -> binary(op, eval(a, x), eval(b, x));
            case Expr.Compare(var op, var a, var b) -> compare(op, eval(a, x), eval(b, x)) ? 1 : 0;
            case Expr.Select(var c, var a, var b) -> eval(c, x) != 0 ? eval(a, x) : eval(b, x);
        };
    }

    private static long unary(Expr.UnaryOp op, long a) {
        return switch (op) {
            case NEG -> -a;
            case ABS -> Math.abs(a);
            case EXP, EXPM1, LOG, LOG1P, SQRT, RSQRT, TANH, ERF, SIGMOID, SIN, COS, FLOOR, ROUND ->
                throw new IllegalArgumentException(op + " is not computed in integers");
        };
    }

    private static long binary(Expr.BinaryOp op, long a, long b) {
        return switch (op) {
            case ADD -> a + b;
            case SUB -> a - b;
            case MUL -> a * b;
            case MAX -> Math.max(a, b);
            case MIN -> Math.min(a, b);
            case DIV -> throw new IllegalArgumentException(op + " is not computed in integers");
        };
    }

    private static boolean compare(Expr.CompareOp op, long a, long b) {
        return switch (op) {
            case LT -> a < b;
            case LE -> a <= b;
            case EQ -> a == b;
            case NE -> a != b;
        };
    }
}
