package org.sfumato.tensor.expr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.classfile.ClassFile;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.expr.Expr.BinaryOp;
import org.sfumato.tensor.expr.Expr.CompareOp;
import org.sfumato.tensor.expr.Expr.UnaryOp;

class ExprLoopTest {
    private static final Expr X = Expr.arg(0);
    private static final Expr Y = Expr.arg(1);
    private static final double[] EDGES = {0, -0.0, 1, -1, 0.5, -0.5, 2.5, -1.5, 1e-3, 88, -88, 1e4, -1e4, 1e-40, 3e38,
        Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, Double.NaN};

    static Stream<Expr> primitives() {
        return Stream.of(
            Stream.of(UnaryOp.values()).map(op -> (Expr) new Expr.Unary(op, X)),
            Stream.of(BinaryOp.values()).map(op -> (Expr) new Expr.Binary(op, X, Y)),
            Stream.of(CompareOp.values()).map(op -> (Expr) new Expr.Compare(op, X, Y)),
            Stream.of(CompareOp.values()).map(op -> new Expr.Compare(op, X, Y).select(X, Expr.of(7))),
            Stream.of(X, Expr.of(0.1), X.select(Y, Expr.of(3)))).flatMap(s -> s);
    }

    /// All pairs of edges, then random numbers.
    private static double[][] values(DType type, int count) {
        var values = new double[2][count];
        var random = new Random(count);
        for (int i = 0; i < count; i++) {
            boolean edge = i < EDGES.length * EDGES.length;
            values[0][i] = edge ? EDGES[i % EDGES.length] : 5 * random.nextGaussian();
            values[1][i] = edge ? EDGES[i / EDGES.length] : 5 * random.nextGaussian();
            if (type == DType.F32) {
                values[0][i] = (float) values[0][i];
                values[1][i] = (float) values[1][i];
            }
        }
        return values;
    }

    private static void check(Expr formula, DType type, double got, double... x) {
        double right = formula.eval(x);
        double error = type == DType.F32 ? Ulps.f32((float) got, right) : Ulps.f64(got, right);
        if (formula instanceof Expr.Unary(var op, var _) && op == UnaryOp.SIGMOID && x[0] < -87
            && Math.abs(got - right) < 1e-38) {
            return; // below -89 sigmoid is 0, not subnormal
        }
        boolean turn = formula instanceof Expr.Unary(var op, var _) && (op == UnaryOp.SIN || op == UnaryOp.COS);
        if (turn && Math.abs(x[0]) > 1e12) {
            assertThat(got).isNaN();
        } else if (!(error <= 5)) {
            assertThat(error).as("%s at %s in %s: %s", formula, List.of(x[0], x[1]), type, got).isLessThanOrEqualTo(5);
        }
    }

    @ParameterizedTest
    @MethodSource("primitives")
    void everyPrimitiveIsWhatItsOracleSays(Expr formula) {
        for (var type : List.of(DType.F32, DType.F64)) {
            int count = 500;
            var x = values(type, count);
            try (var operands = new Operands(type, count, 0, x, 1)) {
                operands.run(ExprLoop.of(List.of(formula), type, 0));
                for (int i = 0; i < count; i++) {
                    check(formula, type, operands.result(0, i), x[0][i], x[1][i]);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 7, 13, 207, 1024 + 3})
    void anyCountAndAnyScalarMask(int count) {
        var formulas = List.of(X.mul(Y).add(X.sigmoid()), Y.sub(X).exp());
        for (var type : List.of(DType.F32, DType.F64)) {
            for (long scalars = 0; scalars < 4; scalars++) {
                var x = new double[][] {new double[Math.max(count, 1)], new double[Math.max(count, 1)]};
                var random = new Random(count);
                for (int i = 0; i < count; i++) {
                    x[0][i] = (float) random.nextGaussian();
                    x[1][i] = (float) random.nextGaussian();
                }
                try (var operands = new Operands(type, count, scalars, x, 2)) {
                    operands.run(ExprLoop.of(formulas, type, scalars));
                    for (int i = 0; i < count; i++) {
                        double a = x[0][(scalars & 1) != 0 ? 0 : i];
                        double b = x[1][(scalars & 2) != 0 ? 0 : i];
                        double tolerance = type == DType.F32 ? 2e-6 : 1e-14;
                        for (int j = 0; j < 2; j++) {
                            double right = formulas.get(j).eval(a, b);
                            assertThat(Math.abs(operands.result(j, i) - right))
                                .isLessThan(tolerance * (1 + Math.abs(right)));
                        }
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "F64"})
    void resultsDoNotDependOnThePlace(DType type) {
        var formula = Formulas.gelu(X).add(X.sin()).mul(X.abs().log());
        int count = 207;
        var x = values(type, count);
        try (var all = new Operands(type, count, 0, x, 1).run(ExprLoop.of(List.of(formula), type, 0))) {
            for (int i = 0; i < count; i++) {
                var one = new double[][] {{x[0][i]}, {0}};
                try (var alone = new Operands(type, 1, 0, one, 1).run(ExprLoop.of(List.of(formula), type, 0))) {
                    assertThat(Double.compare(alone.result(0, 0), all.result(0, i))).isZero();
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "F64", "I64"})
    void resultsMayOverwriteOperands(DType type) {
        int count = 1029;
        var x = new double[2][count];
        for (int i = 0; i < count; i++) {
            x[0][i] = i;
            x[1][i] = 3 * i + 1;
        }
        try (var operands = new Operands(type, count, 0, x, 2)) {
            operands.runInPlace(ExprLoop.of(List.of(Y.sub(X), X.add(Y)), type, 0));
            for (int i = 0; i < count; i++) {
                assertThat(operands.result(0, i)).isEqualTo(2 * i + 1);
                assertThat(operands.result(1, i)).isEqualTo(4 * i + 1);
            }
        }
    }

    @Test
    void wholeNumbersAreExactTo64Bits() {
        var formulas = List.of(X.mul(Y).sub(X), X.lt(Y).select(X.abs(), Y.neg()), X.max(Y), X.min(Y),
            X.le(Y).add(X.eq(Y).mul(2)).add(X.ne(Y).mul(4)), X.select(Y, Expr.of(9)));
        int count = 13;
        try (var operands = new Operands(DType.I64, count, 0, new double[2][count], formulas.size())) {
            var random = new Random(3);
            long[] x = random.longs(count).toArray();
            long[] y = random.longs(count).toArray();
            x[3] = y[3];
            x[4] = 0;
            for (int i = 0; i < count; i++) {
                operands.setLong(0, i, x[i]);
                operands.setLong(1, i, y[i]);
            }
            operands.run(ExprLoop.of(formulas, DType.I64, 0));
            for (int i = 0; i < count; i++) {
                assertThat(operands.resultAsLong(0, i)).isEqualTo(x[i] * y[i] - x[i]);
                assertThat(operands.resultAsLong(1, i)).isEqualTo(x[i] < y[i] ? Math.abs(x[i]) : -y[i]);
                assertThat(operands.resultAsLong(2, i)).isEqualTo(Math.max(x[i], y[i]));
                assertThat(operands.resultAsLong(3, i)).isEqualTo(Math.min(x[i], y[i]));
                assertThat(operands.resultAsLong(4, i)).isEqualTo(
                    (x[i] <= y[i] ? 1 : 0) + (x[i] == y[i] ? 2 : 0) + (x[i] != y[i] ? 4 : 0));
                assertThat(operands.resultAsLong(5, i)).isEqualTo(x[i] != 0 ? y[i] : 9);
            }
        }
    }

    /// A random tree over primitives that IEEE 754 rounds correctly: the loop must agree with the oracle in each bit.
    private static Expr tree(Random random, int depth) {
        if (depth == 0 || random.nextInt(8) == 0) {
            return switch (random.nextInt(4)) {
                case 0 -> Expr.of(random.nextInt(-3, 4) * 0.5);
                case 1 -> Y;
                default -> X;
            };
        }
        var exact = List.of(UnaryOp.NEG, UnaryOp.ABS, UnaryOp.SQRT, UnaryOp.FLOOR, UnaryOp.ROUND);
        var a = tree(random, depth - 1);
        var b = tree(random, depth - 1);
        return switch (random.nextInt(6)) {
            case 0 -> new Expr.Unary(exact.get(random.nextInt(exact.size())), a);
            case 1 -> new Expr.Compare(CompareOp.values()[random.nextInt(4)], a, b);
            case 2 -> new Expr.Select(tree(random, depth - 1), a, b);
            default -> new Expr.Binary(BinaryOp.values()[random.nextInt(6)], a, b);
        };
    }

    /// The formula in f32, each primitive rounded.
    private static float evalSingle(Expr formula, float x, float y) {
        return switch (formula) {
            case Expr.Arg(int k) -> k == 0 ? x : y;
            case Expr.Const(double c) -> (float) c;
            case Expr.Unary(var op, var a) -> (float) Scalar.unary(op, evalSingle(a, x, y));
            case Expr.Binary(var op, var a, var b) ->
                (float) Scalar.binary(op, evalSingle(a, x, y), evalSingle(b, x, y));
            case Expr.Compare(var op, var a, var b) ->
                Scalar.compare(op, evalSingle(a, x, y), evalSingle(b, x, y)) ? 1 : 0;
            case Expr.Select(var c, var a, var b) -> evalSingle(evalSingle(c, x, y) != 0 ? a : b, x, y);
        };
    }

    @Test
    void randomFormulasAgreeWithTheOracleInEachBit() {
        var random = new Random(2024);
        int count = 101;
        for (int n = 0; n < 40; n++) {
            var formulas = List.of(tree(random, 5), tree(random, 4));
            for (var type : List.of(DType.F32, DType.F64)) {
                var x = values(type, count);
                try (var operands = new Operands(type, count, 0, x, 2).run(ExprLoop.of(formulas, type, 0))) {
                    for (int i = 0; i < count; i++) {
                        for (int j = 0; j < 2; j++) {
                            double right = type == DType.F64 ? formulas.get(j).eval(x[0][i], x[1][i])
                                : evalSingle(formulas.get(j), (float) x[0][i], (float) x[1][i]);
                            assertThat((Double) operands.result(j, i)) // a boxed NaN equals itself
                                .as("%s at %s, %s", formulas.get(j), x[0][i], x[1][i]).isEqualTo(Double.valueOf(right));
                        }
                    }
                }
            }
        }
    }

    @Test
    void equalSubexpressionsAreComputedOnce() {
        var formulas = List.of(X.mul(2).exp().add(1), Expr.arg(0).mul(2).exp().mul(X), X.mul(2).exp());
        var called = new LoopCompiler(Values.of(formulas), new VectorCode(DType.F32, false), 0);
        var code = ClassFile.of().parse(called.write());
        var span = code.methods().stream().filter(m -> m.methodName().equalsString("span")).findFirst().orElseThrow();
        var calls = new ArrayList<String>();
        for (var element : span.code().orElseThrow()) {
            if (element instanceof InvokeInstruction call) {
                calls.add(call.name().stringValue());
            }
        }
        assertThat(calls).containsOnlyOnce("exp", "fromMemorySegment");
        assertThat(calls).filteredOn("mul"::equals).hasSize(2);
        assertThat(Values.of(formulas).nodes()).hasSize(7);
    }

    @Test
    void functionsAreLaidIntoTheLoop() {
        var inlined = new LoopCompiler(Values.of(List.of(X.erf())), LaneCode.of(DType.F32), 0);
        var code = ClassFile.of().parse(inlined.write());
        var calls = code.methods().stream().flatMap(m -> m.code().orElseThrow().elementStream())
            .filter(InvokeInstruction.class::isInstance).map(InvokeInstruction.class::cast)
            .filter(call -> call.owner().asInternalName().endsWith("VectorMath"))
            .map(call -> call.name().stringValue());
        assertThat(calls).containsOnly("firstLanes"); // of the tail's mask
    }

    @Test
    void productAndSumAreNotContracted() {
        double a = 1 + 0x1p-20;
        var x = new double[][] {{a}, {-(double) (float) (a * a)}};
        var formula = X.mul(X).add(Y);
        try (var operands = new Operands(DType.F32, 1, 0, x, 1).run(ExprLoop.of(List.of(formula), DType.F32, 0))) {
            assertThat(operands.result(0, 0)).isEqualTo(0);
        }
    }

    @Test
    void operandsThatNoFormulaUsesAreNotLookedAt() {
        try (var arena = Arena.ofConfined()) {
            var out = arena.allocate(8);
            ExprLoop.of(List.of(Expr.arg(2).add(1)), DType.F64, 0)
                .run(new long[] {0, 0, arena.allocate(8).address()}, new long[] {out.address()}, 0, 1);
            assertThat(out.get(java.lang.foreign.ValueLayout.JAVA_DOUBLE, 0)).isEqualTo(1);
        }
    }

    @Test
    void equalFormulasShareALoop() {
        var loop = ExprLoop.of(List.of(X.add(Y)), DType.F32, 0);
        assertThat(ExprLoop.of(List.of(Expr.arg(0).add(Expr.arg(1))), DType.F32, 0)).isSameAs(loop);
        assertThat(ExprLoop.of(List.of(X.add(Y)), DType.F32, 1)).isNotSameAs(loop);
    }

    @Test
    void mistakesAreExplained() {
        assertThatThrownBy(() -> ExprLoop.of(List.of(X.exp()), DType.I64, 0)).hasMessageContaining("whole numbers");
        assertThatThrownBy(() -> ExprLoop.of(List.of(X), DType.BF16, 0)).hasMessageContaining("bf16 is a storage type");
        assertThatThrownBy(() -> ExprLoop.of(List.of(), DType.F32, 0)).hasMessageContaining("no formula");
        assertThatThrownBy(() -> ExprLoop.of(List.of(Expr.arg(64)), DType.F32, 0)).hasMessageContaining("65 > 64");
        var many = IntStream.range(0, 400).mapToObj(i -> X.mul(i + 0.5).add(Y).tanh()).toList();
        assertThatThrownBy(() -> ExprLoop.of(many, DType.F32, 0)).isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("too long for one loop").hasMessageContaining("hint:");
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "F64"})
    void aCompiledLoopAllocatesNothing(DType type) {
        var loop = ExprLoop.of(List.of(X.mul(X.sigmoid()), X.tanh()), type, 0);
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos(); // when the compiler must have got to it
        long allocated;
        try (var operands = new Operands(type, 2048, 0, new double[1][2048], 2)) {
            do {
                for (int i = 0; i < 200; i++) {
                    operands.run(loop);
                }
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < 20; i++) {
                    operands.run(loop);
                }
                allocated = threads.getCurrentThreadAllocatedBytes() - before;
            } while (allocated > 0 && System.nanoTime() < deadline);
        }
        assertThat(allocated).isZero();
    }
}
