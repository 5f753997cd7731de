package org.sfumato.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.expr.Expr;
import org.sfumato.tensor.op.Pointwise;
import org.sfumato.testing.Input.Form;

/// Samples of pointwise operations: all that [Tensor] has methods for, their gradients, and formulas as users fuse
/// them.
public final class PointwiseSamples {
    private static final double INF = Double.POSITIVE_INFINITY;
    private static final double NAN = Double.NaN;
    private static final double[] EDGES = {88, -88, 1e4, -1e4, -0.0, 0, NAN, INF, -INF, 1, -1, .5, -.5, 1.5, 2.5,
            1e-3, -1e-6, 20, -20};

    private PointwiseSamples() { }

    /// The formulas behind the methods of one argument. The domain of `log` and roots is sampled like any other: NaN
    /// outside of it.
    static List<UnaryOperator<Tensor>> unary() {
        var methods = new ArrayList<UnaryOperator<Tensor>>(List.of(
                Tensor::neg, Tensor::abs, Tensor::sign, Tensor::square, Tensor::reciprocal, Tensor::exp,
                Tensor::expm1, Tensor::log, Tensor::log1p, Tensor::sqrt, Tensor::rsqrt, Tensor::sin, Tensor::cos,
                Tensor::tanh, Tensor::erf, Tensor::floor, Tensor::round, Tensor::not, Tensor::relu, Tensor::gelu,
                Tensor::geluTanh, Tensor::silu, Tensor::sigmoid, Tensor::softplus));
        for (double exponent : new double[] {-4, -3, -2, -1, 1, 2, 3, 4, 5, 6, -5, 2.5, -1.5, .25}) {
            methods.add(x -> x.pow(exponent));
        }
        return methods;
    }

    static List<BinaryOperator<Tensor>> binary() {
        return List.of(Tensor::add, Tensor::sub, Tensor::mul, Tensor::div, Tensor::maximum, Tensor::minimum,
                Tensor::lt, Tensor::le, Tensor::gt, Tensor::ge, Tensor::eq, Tensor::ne, Tensor::and, Tensor::or);
    }

    /// Every formula that a method of [Tensor] runs, by name.
    public static Map<String, Pointwise> catalogue() {
        var found = new TreeMap<String, Pointwise>();
        var x = Tensor.full(Shape.SCALAR, .5, DType.F64, Device.REFERENCE);
        Dispatch.recording((op, _, _) -> {
            if (op instanceof Pointwise formula) {
                found.put(formula.name() + (formula.name().equals("pow") ? formula.formulas() : ""), formula);
            }
        }, () -> {
            unary().forEach(method -> method.apply(x));
            binary().forEach(method -> method.apply(x, x));
            return x.where(x, x);
        });
        return found;
    }

    /// Formulas of several arguments and results, as in an optimizer or a noising step.
    static List<Pointwise> fused() {
        var x = Expr.args(4);
        var momentum = x.get(1).mul(.9).add(x.get(2).mul(.1));
        var variance = x.get(3).mul(.99).add(x.get(2).mul(x.get(2)).mul(.01));
        var step = momentum.mul(.01).div(variance.abs().sqrt().add(1e-3));
        var adam = new Pointwise("adam", List.of(x.get(0).sub(step), momentum, x.get(2).neg(), variance), false);
        var noise = Pointwise.of("noise", x.get(0).mul(x.get(1).cos()).add(x.get(2).mul(x.get(1).sin())));
        var choice = Pointwise.of("choice", x.get(0).lt(x.get(1)).select(x.get(2), x.get(0).max(x.get(3)).floor()));
        var constant = Pointwise.of("constant", Expr.of(.1));
        return List.of(adam, noise, choice, constant);
    }

    /// The derivative of a formula by one argument times the gradient of its result, which is the last argument.
    static List<Pointwise> gradients(Pointwise op) {
        var result = new ArrayList<Pointwise>();
        for (int k = 0; k < op.arity() && !op.predicate(); k++) {
            var slope = op.formulas().getFirst().diff(k).mul(Expr.arg(op.arity()));
            if (!slope.isConst(0)) {
                result.add(Pointwise.of(op.name() + "Slope" + k, slope));
            }
        }
        return result;
    }

    /// Samples of `op`, which may be any formula of up to four arguments.
    public static List<Sample> of(Pointwise op) {
        var samples = new ArrayList<Sample>();
        int n = Math.max(1, op.arity());
        // made like any other formula: the memory matters less
        if (op.name().contains("Slope")) {
            return List.of(sample(op, n, 207).in(Sample.FLOATING), sample(op, n, 40, 33).as(Form.PERMUTED),
                    edges(op, n));
        }
        var sizes = List.of(new long[] {}, new long[] {0}, new long[] {1}, new long[] {7}, new long[] {13},
                new long[] {207},
                new long[] {1030});
        for (var size : sizes) {
            samples.add(sample(op, n, size));
        }
        var block = sample(op, n, 3, 7, 5);
        samples.addAll(block.forms());
        samples.addAll(sample(op, n, 40, 33).as(Form.PERMUTED).forms());
        samples.add(sample(op, n, 2, 0, 3).as(Form.STEPPED));
        samples.add(edges(op, n));
        if (n > 1) {
            samples.addAll(broadcast(op, n));
        }
        return samples;
    }

    private static Sample sample(Pointwise op, int n, long... sizes) {
        var inputs = new ArrayList<Input>();
        for (int k = 0; k < n; k++) {
            inputs.add(k % 2 == 0 ? Input.normal(k, sizes) : Input.ties(k, sizes));
        }
        return new Sample(op, inputs, Sample.ALL, absolute(op));
    }

    /// All pairs of edge values; further arguments walk through them at other paces.
    private static Sample edges(Pointwise op, int n) {
        int m = EDGES.length;
        int count = n == 1 ? m : m * m;
        var inputs = new ArrayList<Input>();
        for (int k = 0; k < n; k++) {
            var values = new double[count];
            for (int i = 0; i < count; i++) {
                double value = EDGES[k == 0 ? i % m : k == 1 ? i / m : (i * (2 * k + 1) + i / m) % m];
                // a slope that is 0 in f32 and tiny in f64, as exp(-400), times infinity is no error
                values[i] = Double.isInfinite(value) && k == n - 1 && op.name().contains("Slope") ? 3 : value;
            }
            inputs.add(Input.of(values, count));
        }
        return new Sample(op, inputs, Sample.FLOATING, absolute(op));
    }

    private static List<Sample> broadcast(Pointwise op, int n) {
        var pairs = List.of(new long[][] {{7, 13}, {13}}, new long[][] {{7, 13}, {7, 1}}, new long[][] {{}, {207}},
                new long[][] {{3, 1, 5}, {7, 1}}, new long[][] {{1}, {2, 3}}, new long[][] {{0, 3}, {1, 3}},
                new long[][] {{4, 1, 6, 1}, {5, 1, 7}}, new long[][] {{33, 65}, {33, 1}});
        var samples = new ArrayList<Sample>();
        for (var pair : pairs) {
            var inputs = new ArrayList<Input>();
            for (int k = 0; k < n; k++) {
                inputs.add(Input.normal(10 + k, pair[k % 2]));
            }
            var sample = new Sample(op, inputs, Sample.FLOATING, absolute(op));
            samples.addAll(pair[0].length == 3 ? sample.forms() : List.of(sample));
        }
        for (var a : DType.values()) {
            for (var b : DType.values()) {
                var inputs = new ArrayList<Input>();
                for (int k = 0; k < n; k++) {
                    inputs.add(Input.ties(k, 4, 7).as(k % 2 == 0 ? a : b));
                }
                samples.add(new Sample(op, inputs, Sample.FIXED, absolute(op)));
            }
        }
        return samples;
    }

    /// Results of most formulas are right relative to themselves. In some, terms of the size of the argument cancel.
    private static double absolute(Pointwise op) {
        return switch (op.name().replaceAll("Slope\\d", "")) {
            case "gelu", "geluTanh" -> 1;                       // x/2 (1 + erf): near -5 the bracket cancels
            case "tanh" -> op.name().equals("tanh") ? 0 : 1;    // 1 - tanh^2 cancels
            case "silu" -> op.name().equals("silu") ? 0 : 1;    // s + x s (1 - s) cancels near -1.28
            case "adam", "noise", "choice" -> 1;                // sums of terms of either sign
            default -> 0;
        };
    }
}
