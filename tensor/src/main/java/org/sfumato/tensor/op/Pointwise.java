package org.sfumato.tensor.op;

import java.util.ArrayList;
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
        java.util.Arrays.fill(out, spec);
        return out;
    }

    @Override
    public Tensor[] vjp(Saved saved, Tensor[] dOut) {
        int n = saved.inputs();
        var gradients = new Tensor[n];
        if (predicate) {
            return gradients;
        }
        var inputs = new ArrayList<Tensor>();
        for (int i = 0; i < n; i++) {
            inputs.add(saved.in(i));
        }
        var slots = new Expr[formulas.size()];
        for (int j = 0; j < dOut.length; j++) {
            if (dOut[j] != null) {
                slots[j] = Expr.arg(inputs.size());
                inputs.add(dOut[j]);
            }
        }
        var wanted = new ArrayList<Integer>();
        var slopes = new ArrayList<Expr>();
        for (int k = 0; k < n; k++) {
            if (!saved.needs(k)) {
                continue;
            }
            var slope = Expr.of(0);
            for (int j = 0; j < slots.length; j++) {
                slope = slots[j] == null ? slope : slope.add(slots[j].mul(formulas.get(j).diff(k)));
            }
            if (slope instanceof Expr.Arg(int at)) {                // the gradient passes through as it is
                gradients[k] = inputs.get(at).sumTo(saved.in(k).shape());
            } else if (!slope.isConst(0)) {
                wanted.add(k);
                slopes.add(slope);
            }
        }
        if (!wanted.isEmpty()) {
            var results = Dispatch.apply(compact(slopes, inputs), used(slopes, inputs));
            for (int i = 0; i < results.length; i++) {
                gradients[wanted.get(i)] = results[i].sumTo(saved.in(wanted.get(i)).shape());
            }
        }
        return gradients;
    }

    /// Only the inputs that the slopes read take part, so that nothing more is loaded than needed; but the shape of the
    /// result must be that of the gradient, which is always read.
    private Pointwise compact(List<Expr> slopes, List<Tensor> inputs) {
        var renamed = new ArrayList<Expr>();
        int next = 0;
        for (int i = 0; i < inputs.size(); i++) {
            renamed.add(reads(slopes, i) ? Expr.arg(next++) : Expr.of(0));
        }
        return new Pointwise(name + "Grad", slopes.stream().map(s -> s.substitute(renamed)).toList(), false);
    }

    private static Tensor[] used(List<Expr> slopes, List<Tensor> inputs) {
        var used = new ArrayList<Tensor>();
        for (int i = 0; i < inputs.size(); i++) {
            if (reads(slopes, i)) {
                used.add(inputs.get(i));
            }
        }
        return used.toArray(Tensor[]::new);
    }

    private static boolean reads(List<Expr> formulas, int arg) {
        return formulas.stream().anyMatch(f -> reads(f, arg));
    }

    private static boolean reads(Expr formula, int arg) {
        return formula instanceof Expr.Arg(int k) ? k == arg : reads(formula.children(), arg);
    }
}
