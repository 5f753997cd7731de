package org.sfumato.tensor.op;

import java.util.Arrays;
import java.util.List;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.expr.Expr;

/// `out_j = formula_j(x0, x1, ...)` for each element, the inputs broadcast against each other.
///
/// The type of the result is the promotion of all inputs, f32 if a formula is not integral and no input is floating,
/// and bool for a predicate. Arithmetic is in [DType#compute] of that promotion. Gradient: `sum over outputs of dOut_j
/// * d formula_j / d x_k`, summed over the axes along which input `k` was broadcast.
///
/// @param formulas one formula for each output
/// @param predicate true if the results are truth values
public record Pointwise(String name, List<Expr> formulas, boolean predicate) implements Op, Differentiable {
    /// One formula whose result has the promoted type.
    public static Pointwise of(String name, Expr formula) {
        return new Pointwise(name, List.of(formula), false);
    }

    /// One formula whose result is a truth value.
    public static Pointwise predicate(String name, Expr formula) {
        return new Pointwise(name, List.of(formula), true);
    }

    /// The number of inputs that the formulas read.
    public int arity() {
        int arity = 0;
        for (var formula : formulas) {
            arity = Math.max(arity, formula.arity());
        }
        return arity;
    }

    /// The type of arithmetic: f32, f64 or i64.
    public DType compute(Spec... in) {
        return promoted(in).compute();
    }

    private DType promoted(Spec... in) {
        var type = DType.BOOL;
        for (var spec : in) {
            type = type.promote(spec.dtype());
        }
        if (!type.isFloating() && !formulas.stream().allMatch(Expr::isIntegral)) {
            return DType.F32;
        }
        return type;
    }

    @Override
    public Spec[] outputs(Spec... in) {
        if (in.length < arity()) {
            throw new ShapeException(name + ": needs " + arity() + " inputs, got " + in.length);
        }
        var shapes = new Shape[in.length];
        for (int i = 0; i < in.length; i++) {
            shapes[i] = in[i].shape();
        }
        var type = predicate ? DType.BOOL : promoted(in);
        var spec = new Spec(Shape.broadcast(name, shapes), type);
        var out = new Spec[formulas.size()];
        Arrays.fill(out, spec);
        return out;
    }

    @Override
    public Tensor[] vjp(Saved saved, Tensor[] dOut) {
        int n = saved.inputs();
        var gradients = new Tensor[n];
        if (predicate) {
            return gradients;
        }
        var arguments = new Tensor[n + dOut.length];
        System.arraycopy(dOut, 0, arguments, n, dOut.length);
        long needed = 0;
        for (int k = 0; k < n; k++) {
            arguments[k] = saved.in(k);
            needed |= saved.needs(k) ? 1L << k : 0;
        }
        long given = 0;
        for (int j = 0; j < dOut.length; j++) {
            given |= dOut[j] != null ? 1L << j : 0;
        }
        var rule = PointwiseGradient.of(this, n, needed, given);
        for (int k = 0; k < n; k++) {
            int through = rule.through()[k];
            gradients[k] = through < 0 ? null : arguments[through].sumTo(arguments[k].shape());
        }
        if (rule.wanted().length > 0) {
            var in = new Tensor[rule.reads().length];
            for (int i = 0; i < in.length; i++) {
                in[i] = arguments[rule.reads()[i]];
            }
            var results = Dispatch.apply(rule.op(), in);
            for (int i = 0; i < results.length; i++) {
                int k = rule.wanted()[i];
                gradients[k] = results[i].sumTo(arguments[k].shape());
            }
        }
        return gradients;
    }
}
