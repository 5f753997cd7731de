package org.sfumato.tensor.reference;

import java.util.Arrays;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.op.ArgReduce;
import org.sfumato.tensor.op.Reduce;
import org.sfumato.tensor.op.Scan;
import org.sfumato.tensor.spi.Operand;

/// Reductions and running sums, in row-major order, rounded once at the end.
final class ReduceLoops {
    private ReduceLoops() { }

    static void run(Reduce op, Operand in, Operand out) {
        var x = new Elements(in);
        var y = new Elements(out);
        var kept = in.shape().reduce(op.axesArray(), true);
        if (out.dtype().isFloating()) {
            y.put(reals(op.kind(), x, in.shape(), kept));
        } else {
            y.put(wholes(op.kind(), x, in.shape(), kept));
        }
    }

    private static double[] reals(Reduce.Kind kind, Elements x, Shape shape, Shape kept) {
        var result = new double[Math.toIntExact(kept.count())];
        Arrays.fill(result, switch (kind) {
            case SUM -> 0;
            case PROD -> 1;
            case MAX -> Double.NEGATIVE_INFINITY;
            case MIN -> Double.POSITIVE_INFINITY;
        });
        for (long i = 0; i < x.count(); i++) {
            int at = target(i, shape, kept);
            double value = x.real(i);
            result[at] = switch (kind) {
                case SUM -> result[at] + value;
                case PROD -> result[at] * value;
                case MAX -> Math.max(result[at], value);
                case MIN -> Math.min(result[at], value);
            };
        }
        return result;
    }

    private static long[] wholes(Reduce.Kind kind, Elements x, Shape shape, Shape kept) {
        var result = new long[Math.toIntExact(kept.count())];
        Arrays.fill(result, switch (kind) {
            case SUM -> 0;
            case PROD -> 1;
            case MAX -> Long.MIN_VALUE;
            case MIN -> Long.MAX_VALUE;
        });
        for (long i = 0; i < x.count(); i++) {
            int at = target(i, shape, kept);
            long value = x.whole(i);
            result[at] = switch (kind) {
                case SUM -> result[at] + value;
                case PROD -> result[at] * value;
                case MAX -> Math.max(result[at], value);
                case MIN -> Math.min(result[at], value);
            };
        }
        return result;
    }

    /// The place in `kept` of element `i` of `shape`: its index with reduced axes at 0.
    private static int target(long i, Shape shape, Shape kept) {
        long at = 0;
        long step = 1;
        long rest = i;
        for (int axis = shape.rank() - 1; axis >= 0; axis--) {
            long index = rest % shape.size(axis);
            rest /= shape.size(axis);
            at += kept.size(axis) == 1 ? 0 : index * step;
            step *= kept.size(axis);
        }
        return (int) at;
    }

    static void run(ArgReduce op, Operand in, Operand out) {
        var x = new Elements(in);
        var y = new Elements(out);
        var axis = Axis.of(in.shape(), op.axis());
        for (long o = 0; o < axis.outer(); o++) {
            for (long i = 0; i < axis.inner(); i++) {
                long best = 0;
                for (long k = 1; k < axis.size(); k++) {
                    best = beats(op.kind(), x, axis.at(o, k, i), axis.at(o, best, i)) ? k : best;
                }
                y.put(o * axis.inner() + i, best);
            }
        }
    }

    /// True if element `a` wins over element `b`, which stands before it.
    private static boolean beats(ArgReduce.Kind kind, Elements x, long a, long b) {
        if (!x.type().isFloating()) {
            return kind == ArgReduce.Kind.ARGMAX ? x.whole(a) > x.whole(b) : x.whole(a) < x.whole(b);
        }
        double p = x.real(a);
        double q = x.real(b);
        if (Double.isNaN(p) || Double.isNaN(q)) {
            return !Double.isNaN(q);
        }
        return kind == ArgReduce.Kind.ARGMAX ? p > q : p < q;
    }

    static void run(Scan op, Operand in, Operand out) {
        var x = new Elements(in);
        var y = new Elements(out);
        var axis = Axis.of(in.shape(), op.axis());
        boolean product = switch (op) {
            case Scan.CumSum _ -> false;
            case Scan.CumProd _ -> true;
        };
        for (long o = 0; o < axis.outer(); o++) {
            for (long i = 0; i < axis.inner(); i++) {
                double real = product ? 1 : 0;
                long whole = product ? 1 : 0;
                for (long n = 0; n < axis.size(); n++) {
                    long at = axis.at(o, op.reverse() ? axis.size() - 1 - n : n, i);
                    if (out.dtype().isFloating()) {
                        real = product ? real * x.real(at) : real + x.real(at);
                        y.put(at, real);
                    } else {
                        whole = product ? whole * x.whole(at) : whole + x.whole(at);
                        y.put(at, whole);
                    }
                }
            }
        }
    }
}
