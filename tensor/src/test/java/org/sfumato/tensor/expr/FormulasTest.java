package org.sfumato.tensor.expr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.expr.Expr.UnaryOp;

/// Values and derivatives against PyTorch: `formulas.py`, beside `formulas.tsv`, made it.
class FormulasTest {
    private static final Expr X = Expr.arg(0);
    private static final Map<String, Expr> FORMULAS = new TreeMap<>(Map.ofEntries(
        Map.entry("square", Formulas.square(X)), Map.entry("reciprocal", Formulas.reciprocal(X)),
        Map.entry("sign", Formulas.sign(X)), Map.entry("clamp", Formulas.clamp(X, -1, 2)),
        Map.entry("sigmoid", Formulas.sigmoid(X)), Map.entry("logSigmoid", Formulas.logSigmoid(X)),
        Map.entry("softplus", Formulas.softplus(X)), Map.entry("relu", Formulas.relu(X)),
        Map.entry("leakyRelu", Formulas.leakyRelu(X, 0.01)), Map.entry("elu", Formulas.elu(X, 1.5)),
        Map.entry("gelu", Formulas.gelu(X)), Map.entry("geluTanh", Formulas.geluTanh(X)),
        Map.entry("silu", Formulas.silu(X)), Map.entry("mish", Formulas.mish(X))));

    record Row(String name, double x, double value, double derivative) { }

    static Stream<String> names() {
        return FORMULAS.keySet().stream();
    }

    private static List<Row> rows(String name) throws IOException {
        try (var in = FormulasTest.class.getResourceAsStream("formulas.tsv")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().skip(1).map(line -> line.split("\t"))
                .map(c -> new Row(c[0], number(c[1]), number(c[2]), number(c[3])))
                .filter(row -> row.name.equals(name)).toList();
        }
    }

    private static double number(String text) {
        return Double.parseDouble(text.replace("inf", "Infinity"));
    }

    /// `x` gives the values at all rows, in the given type.
    private static double[][] run(Expr formula, DType type, double[] x) {
        var formulas = List.of(formula, formula.diff(0));
        var results = new double[2][x.length];
        try (var operands = new Operands(type, x.length, 0, new double[][] {x}, 2)) {
            operands.run(ExprLoop.of(formulas, type, 0));
            for (int i = 0; i < x.length; i++) {
                results[0][i] = operands.result(0, i);
                results[1][i] = operands.result(1, i);
            }
        }
        return results;
    }

    @ParameterizedTest
    @MethodSource("names")
    void valueAndDerivativeAreThoseOfPyTorch(String name) throws IOException {
        var rows = rows(name);
        assertThat(rows).hasSize(41);
        var formula = FORMULAS.get(name);
        var single = run(formula, DType.F32, rows.stream().mapToDouble(Row::x).toArray());
        var twice = run(formula, DType.F64, rows.stream().mapToDouble(Row::x).toArray());
        for (int i = 0; i < rows.size(); i++) {
            var row = rows.get(i);
            close(row, "value", formula.eval(row.x), row.value, 1e-14);
            close(row, "derivative", formula.diff(0).eval(row.x), row.derivative, 1e-14);
            close(row, "f64 value", twice[0][i], row.value, 1e-14);
            close(row, "f64 derivative", twice[1][i], row.derivative, 1e-14);
            close(row, "f32 value", single[0][i], row.value, 3e-7);
            close(row, "f32 derivative", single[1][i], row.derivative, 6e-7);
        }
    }

    /// Relative to the larger of 1 and the value: PyTorch itself loses the relative accuracy of small values.
    private static void close(Row row, String what, double got, double right, double tolerance) {
        if (tolerance > 1e-10 && Math.abs(right) > Float.MAX_VALUE) {
            return;
        }
        if (Double.isInfinite(right)) {
            assertThat(got).as("%s of %s at %s", what, row.name, row.x).isEqualTo(right);
            return;
        }
        assertThat(got).as("%s of %s at %s", what, row.name, row.x)
            .isCloseTo(right, within(tolerance * Math.max(1, Math.abs(right))));
    }

    @ParameterizedTest
    @MethodSource("names")
    void limitsAreReached(String name) {
        if (name.equals("square") || name.equals("reciprocal") || name.equals("clamp") || name.equals("sign")) {
            return;
        }
        double inf = Double.POSITIVE_INFINITY;
        double[] x = {inf, -inf, 1e4, -1e4, 88, -88, Double.NaN};
        boolean bounded = name.equals("sigmoid") || name.equals("logSigmoid");
        for (var type : List.of(DType.F32, DType.F64)) {
            var got = run(FORMULAS.get(name), type, x);
            assertThat(got[0][0]).as("at infinity").isEqualTo(!bounded ? inf : name.equals("sigmoid") ? 1 : 0);
            assertThat(got[1][0]).as("slope at infinity").isEqualTo(bounded ? 0 : 1);
            double lowest = switch (name) {
                case "elu" -> -1.5;
                case "leakyRelu", "logSigmoid" -> -inf;
                default -> 0;
            };
            assertThat(Math.abs(got[0][1])).as("at minus infinity").isEqualTo(Math.abs(lowest));
            double slope = name.equals("logSigmoid") ? 1 : name.equals("leakyRelu") ? 0.01 : 0;
            assertThat(got[1][1]).as("slope at minus infinity").isCloseTo(slope, within(1e-9));
            for (int i = 2; i < 6; i++) {
                assertThat(got[0][i]).isFinite();
                assertThat(got[1][i]).isFinite();
            }
            assertThat(got[0][6]).as("at NaN").isNaN();
        }
    }

    @Test
    void theSignOfZeroIsKept() {
        for (var name : List.of("gelu", "geluTanh", "silu", "mish", "leakyRelu", "clamp")) {
            for (var type : List.of(DType.F32, DType.F64)) {
                assertThat(run(FORMULAS.get(name), type, new double[] {-0.0})[0][0]).as(name).isEqualTo(-0.0);
            }
        }
    }

    @Test
    void geluIsAsExactInFloat32AsPyTorchIs() {
        int count = 4001;
        var x = new double[count];
        for (int i = 0; i < count; i++) {
            x[i] = (float) (-10 + 0.005 * i);
        }
        var formula = FORMULAS.get("gelu");
        var got = run(formula, DType.F32, x);
        for (int i = 0; i < count; i++) {
            double scale = Math.max(1, Math.abs(x[i]));
            assertThat(got[0][i]).isCloseTo(formula.eval(x[i]), within(1.3e-7 * scale));
            assertThat(got[1][i]).isCloseTo(formula.diff(0).eval(x[i]), within(2.5e-7));
        }
    }

    /// `(f(x + h) - f(x - h)) / 2h`, extrapolated by Richardson: error of order `h⁴`.
    private static double slope(Expr formula, double x) {
        double h = 1e-3 * Math.max(1, Math.abs(x));
        double wide = (formula.eval(x + h) - formula.eval(x - h)) / (2 * h);
        double narrow = (formula.eval(x + h / 2) - formula.eval(x - h / 2)) / h;
        return (4 * narrow - wide) / 3;
    }

    @Test
    void derivativesAgreeWithFiniteDifferences() {
        var random = new Random(8);
        var all = new TreeMap<>(FORMULAS);
        for (var op : UnaryOp.values()) {
            all.put(op.name(), new Expr.Unary(op, X));
        }
        all.put("quotient", X.sin().div(X.mul(X).add(1)));
        all.put("max", X.max(X.mul(X)));
        all.put("min", X.min(X.mul(X)));
        all.put("select", X.gt(Expr.of(0)).select(X.mul(X), X.mul(3).exp()));
        all.forEach((name, formula) -> {
            boolean positive = List.of("LOG", "SQRT", "RSQRT", "reciprocal").contains(name);
            for (int n = 0; n < 60; n++) {
                double x = positive ? 0.2 + 4 * random.nextDouble() : 3 * random.nextGaussian();
                x = name.equals("LOG1P") ? Math.max(x, -0.8) : x;
                if (Math.abs(x * 2 - Math.rint(x * 2)) > 0.04) { // no kink near: all are at multiples of 1/2
                    double right = slope(formula, x);
                    assertThat(formula.diff(0).eval(x)).as("%s at %s", name, x)
                        .isCloseTo(right, within(1e-6 * Math.max(1, Math.abs(right))));
                }
            }
        });
    }
}
