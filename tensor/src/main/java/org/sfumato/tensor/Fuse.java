package org.sfumato.tensor;

import java.util.Arrays;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.sfumato.tensor.expr.Expr;
import org.sfumato.tensor.op.Pointwise;

/// Pointwise operations that a user fuses on purpose: one loop over memory, one derived gradient.
///
/// ```java
/// var geluBias = Fuse.of("geluBias", (x, b) -> x.add(b).mul(x.add(b).mul(1.702).sigmoid()));
/// var y = geluBias.apply(x, bias);
/// ```
///
/// Make a fused operation once and keep it: each new formula, a new constant in it included, is compiled anew. Numbers
/// that change from call to call are passed as tensors without axes.
public final class Fuse {
    private final Pointwise op;

    private Fuse(Pointwise op) {
        this.op = op;
    }

    /// A formula of one argument.
    public static Fuse of(String name, UnaryOperator<Expr> formula) {
        return new Fuse(Pointwise.of(name, formula.apply(Expr.arg(0))));
    }

    /// A formula of two arguments.
    public static Fuse of(String name, BinaryOperator<Expr> formula) {
        return new Fuse(Pointwise.of(name, formula.apply(Expr.arg(0), Expr.arg(1))));
    }

    /// One or more formulas of `arity` arguments, one for each result.
    public static Fuse of(String name, int arity, Function<List<Expr>, List<Expr>> formulas) {
        return new Fuse(new Pointwise(name, formulas.apply(Expr.args(arity)), false));
    }

    /// The operation.
    public Pointwise op() {
        return op;
    }

    /// The first result.
    public Tensor apply(Tensor... in) {
        return Dispatch.one(op, in);
    }

    /// All results.
    public Tensor[] applyAll(Tensor... in) {
        return Dispatch.apply(op, in);
    }

    /// Writes the results over the first inputs, one result for each: `x0, x1, ... = formulas(x0, x1, ...)`.
    ///
    /// @throws ShapeException if the results do not have the shapes and types of those inputs
    public void update(Tensor... in) {
        Dispatch.into(op, in, Arrays.copyOf(in, op.formulas().size()));
    }
}
