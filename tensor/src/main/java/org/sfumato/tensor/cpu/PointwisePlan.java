package org.sfumato.tensor.cpu;

import java.util.Arrays;
import java.util.List;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.expr.Expr;
import org.sfumato.tensor.expr.ExprLoop;
import org.sfumato.tensor.op.Pointwise;

/// What the driver of pointwise operations knows of one list of formulas: the type of arithmetic, the work for each
/// element, and the loops made so far. Plans are found by the identity of the list, in some ten nanoseconds: most
/// operations are constants of a class. For a list made anew [ExprLoop#of] compares the formulas themselves.
final class PointwisePlan {
    private static final int SLOTS = 1024;
    private static final int PROBES = 8;
    private static final PointwisePlan[] FOUND = new PointwisePlan[SLOTS];

    /// The type of arithmetic.
    final DType compute;

    /// Rough work for one element, in bytes moved or simple operations, whichever is more.
    final long cost;

    private final List<Expr> formulas;
    private final DType promoted;
    private volatile Loops loops = new Loops(new long[0], new ExprLoop[0]);

    /// Loops by their mask of scalar operands.
    private record Loops(long[] masks, ExprLoop[] loops) { }

    private PointwisePlan(List<Expr> formulas, DType promoted, int operands) {
        this.formulas = formulas;
        this.promoted = promoted;
        boolean whole = !promoted.isFloating() && formulas.stream().allMatch(Expr::isIntegral);
        this.compute = whole ? DType.I64 : promoted.isFloating() ? promoted.compute() : DType.F32;
        long work = formulas.stream().mapToLong(PointwisePlan::work).sum();
        this.cost = Math.max((long) (operands + formulas.size()) * compute.bytes(), work);
    }

    /// The plan for `op` on operands whose types promote to `promoted`.
    static PointwisePlan of(Pointwise op, DType promoted, int operands) {
        var formulas = op.formulas();
        int hash = System.identityHashCode(formulas) * 31 + promoted.ordinal();
        for (int i = 0; i < PROBES; i++) {
            int slot = hash + i & SLOTS - 1;
            var plan = FOUND[slot];                 // a race is harmless: a plan is complete when it can be seen
            if (plan == null) {
                plan = new PointwisePlan(formulas, promoted, operands);
                FOUND[slot] = plan;
                return plan;
            }
            if (plan.formulas == formulas && plan.promoted == promoted) {
                return plan;
            }
        }
        var plan = new PointwisePlan(formulas, promoted, operands);
        FOUND[hash & SLOTS - 1] = plan;
        return plan;
    }

    /// The loop in which the operands of the bits of `mask` are scalars.
    ExprLoop loop(long mask) {
        var known = loops;
        for (int i = 0; i < known.masks.length; i++) {
            if (known.masks[i] == mask) {
                return known.loops[i];
            }
        }
        var loop = ExprLoop.of(formulas, compute, mask);
        int n = known.masks.length;
        var masks = Arrays.copyOf(known.masks, n + 1);
        var more = Arrays.copyOf(known.loops, n + 1);
        masks[n] = mask;
        more[n] = loop;
        loops = new Loops(masks, more);
        return loop;
    }

    private static long work(Expr formula) {
        long here = switch (formula) {
            case Expr.Arg _, Expr.Const _ -> 0;
            case Expr.Unary(var op, var _) -> switch (op) {
                case NEG, ABS, FLOOR, ROUND -> 1;
                case SQRT, RSQRT -> 4;
                case EXP, EXPM1, LOG, LOG1P, TANH, ERF, SIGMOID, SIN, COS -> 12;
            };
            case Expr.Binary(var op, var _, var _) -> op == Expr.BinaryOp.DIV ? 4 : 1;
            case Expr.Compare _, Expr.Select _ -> 1;
        };
        for (var child : formula.children()) {
            here += work(child);
        }
        return here;
    }
}
