package org.sfumato.tensor.expr;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sfumato.testing.SharedData;

class VectorMathTest {
    private static final float[] EDGES = {0f, -0f, 1f, -1f, 20f, -20f, 88f, -88f, 88.72f, 89f, -87.5f, 103f,
        -103f, 1e4f, -1e4f, Float.MIN_VALUE, -Float.MIN_VALUE, 1e-40f, Float.MIN_NORMAL, 0.99999994f, 1.0000001f,
        -0.99999994f, 3.95f, 9.5f, Float.NaN, Float.intBitsToFloat(0x7FC00001), Float.intBitsToFloat(0xFFC12345)};
    private static final double INF = Double.POSITIVE_INFINITY;

    /// A function, what it is in float64, the domain, and the largest errors in f32 and in f64.
    record Function(String name, UnaryOperator<FloatVector> f32, UnaryOperator<DoubleVector> f64,
                    DoubleUnaryOperator right, double from, double to, double ulps32, double ulps64) {
        boolean has(double x) {
            return Double.isNaN(x) || x >= from && x <= to;
        }

        @Override public String toString() {
            return name;
        }
    }

    static Stream<Function> functions() {
        return Stream.of(
            new Function("exp", VectorMath::exp, VectorMath64::exp, Math::exp, -INF, INF, 1.05, 2),
            new Function("expm1", VectorMath::expm1, VectorMath64::expm1, Math::expm1, -INF, INF, 1.56, 3),
            new Function("sigmoid", VectorMath::sigmoid, VectorMath64::sigmoid,
                x -> Scalar.unary(Expr.UnaryOp.SIGMOID, x), -89, INF, 2.49, 5),
            new Function("tanh", VectorMath::tanh, VectorMath64::tanh, Math::tanh, -INF, INF, 2.58, 5),
            new Function("log", VectorMath::log, VectorMath64::log, Math::log, -INF, INF, 0.87, 2),
            new Function("log1p", VectorMath::log1p, VectorMath64::log1p, Math::log1p, -INF, INF, 1.43, 2),
            new Function("erf", VectorMath::erf, VectorMath64::erf, Erf::erf, -INF, INF, 1.88, 4),
            new Function("sin", VectorMath::sin, VectorMath64::sin, Math::sin, -1e6, 1e6, 1.67, 2),
            new Function("cos", VectorMath::cos, VectorMath64::cos, Math::cos, -1e6, 1e6, 1.81, 2),
            new Function("rsqrt", VectorMath::rsqrt, VectorMath64::rsqrt, x -> 1 / Math.sqrt(x), -INF, INF, 1.5, 1.5),
            new Function("round", VectorMath::round, VectorMath64::round, Math::rint, -INF, INF, 0, 0),
            new Function("floor", VectorMath::floor, VectorMath64::floor, Math::floor, -INF, INF, 0, 0));
    }

    private static float at32(UnaryOperator<FloatVector> f, float x) {
        return f.apply(VectorMath.all(x)).lane(0);
    }

    private static double at64(UnaryOperator<DoubleVector> f, double x) {
        return f.apply(VectorMath64.all(x)).lane(0);
    }

    @ParameterizedTest
    @MethodSource("functions")
    void isAccurateOverAllFloats(Function f) {
        int lanes = VectorMath.SPECIES.length();
        var x = new float[lanes];
        int filled = 0;
        for (long bits = 0; bits < 1L << 32; bits += 200_003) {
            float candidate = Float.intBitsToFloat((int) bits);
            if (!f.has(candidate)) {
                continue;
            }
            x[filled++] = candidate;
            if (filled == lanes) {
                var y = f.f32.apply(FloatVector.fromArray(VectorMath.SPECIES, x, 0)).toArray();
                for (int i = 0; i < lanes; i++) {
                    check32(f, x[i], y[i]);
                }
                filled = 0;
            }
        }
    }

    private static void check32(Function f, float x, float y) {
        double error = Ulps.f32(y, f.right.applyAsDouble(x));
        if (!(error <= f.ulps32)) { // assertThat itself is too slow for each of so many
            assertThat(error).as("%s(%s) = %s", f.name, x, y).isLessThanOrEqualTo(f.ulps32);
        }
    }

    @ParameterizedTest
    @MethodSource("functions")
    void isRightAtTheEdges(Function f) {
        for (float x : EDGES) {
            if (f.has(x)) {
                check32(f, x, at32(f.f32, x));
                check64(f, x, at64(f.f64, (double) x));
            }
        }
        for (float x : new float[] {Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            check32(f, x, at32(f.f32, x));
            check64(f, x, at64(f.f64, (double) x));
        }
    }

    private static void check64(Function f, double x, double y) {
        assertThat(Ulps.f64(y, f.right.applyAsDouble(x))).as("%s(%s) = %s", f.name, x, y).isLessThanOrEqualTo(f.ulps64);
    }

    @ParameterizedTest
    @MethodSource("functions")
    void isAccurateInFloat64(Function f) {
        var random = new Random(11);
        for (int n = 0; n < 3000; n++) {
            double x = switch (n % 3) {
                case 0 -> Double.longBitsToDouble(random.nextLong());
                case 1 -> 3 * random.nextGaussian();
                default -> Math.exp(4 * random.nextGaussian()) * (random.nextBoolean() ? 1 : -1);
            };
            if (f.has(x)) {
                check64(f, x, at64(f.f64, x));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("functions")
    void doesNotDependOnThePlaceInTheVector(Function f) {
        var x = new float[VectorMath.SPECIES.length()];
        var random = new Random(5);
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) (8 * random.nextGaussian());
        }
        var y = f.f32.apply(FloatVector.fromArray(VectorMath.SPECIES, x, 0)).toArray();
        for (int i = 0; i < x.length; i++) {
            assertThat(Float.floatToRawIntBits(y[i])).isEqualTo(Float.floatToRawIntBits(at32(f.f32, x[i])));
        }
    }

    @ParameterizedTest
    @MethodSource("functions")
    void agreesWithNumPysValidationSet(Function f) throws IOException {
        if (!List.of("exp", "expm1", "log", "log1p", "sin", "cos", "tanh").contains(f.name)) {
            return;
        }
        var rows = Files.readAllLines(SharedData.require(
            "num-special-functions/numpy-umath-validation-set-" + f.name + ".csv"));
        int checked = 0;
        for (var row : rows) {
            if (row.startsWith("np.float")) {
                checked += checkRow(f, row.split(","));
            }
        }
        assertThat(checked).isGreaterThan(200);
    }

    private static int checkRow(Function f, String[] columns) {
        long in = Long.parseUnsignedLong(columns[1].substring(2), 16);
        long out = Long.parseUnsignedLong(columns[2].substring(2), 16);
        if (columns[0].equals("np.float32")) {
            float x = Float.intBitsToFloat((int) in);
            float right = Float.intBitsToFloat((int) out);
            if (!f.has(x)) {
                return 0;
            }
            assertThat(Ulps.f32(at32(f.f32, x), right)).as("%s(%s), f32", f.name, x)
                .isLessThanOrEqualTo(f.ulps32 + 0.5); // the half that rounding the right value may cost
        } else {
            double x = Double.longBitsToDouble(in);
            if (!f.has(x)) {
                return 0;
            }
            assertThat(Ulps.f64(at64(f.f64, x), Double.longBitsToDouble(out))).as("%s(%s), f64", f.name, x)
                .isLessThanOrEqualTo(f.ulps64);
        }
        return 1;
    }

    @ParameterizedTest
    @MethodSource("functions")
    void agreesWithBoost(Function f) throws IOException {
        var files = switch (f.name) {
            case "erf" -> List.of("boost_erf_data.tsv", "boost_erf_large_data.tsv");
            case "log1p", "expm1" -> List.of("boost_log1p_expm1_data.tsv");
            default -> List.<String>of();
        };
        for (var file : files) {
            var rows = Files.readAllLines(SharedData.require("num-special-functions/" + file));
            int column = List.of(rows.getFirst().split("\t")).indexOf(f.name + "(x)");
            for (var row : rows.subList(1, rows.size())) {
                var columns = row.split("\t");
                double x = Double.parseDouble(columns[0]);
                double right = Double.parseDouble(columns[column]);
                assertThat(Ulps.f64(at64(f.f64, x), right)).as("%s(%s)", f.name, x).isLessThanOrEqualTo(f.ulps64);
            }
        }
    }
}
