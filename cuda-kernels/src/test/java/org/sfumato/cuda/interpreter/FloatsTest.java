package org.sfumato.cuda.interpreter;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Floats against exact arithmetic in [BigDecimal], and against what IEEE 754 says of NaN, infinity and zero.
class FloatsTest {
    private static final int COUNT = 400;
    private static final MathContext MANY = new MathContext(400);

    /// Floats of all sizes, some close to one another.
    static float[] floats(long seed) {
        var random = new SplittableRandom(seed);
        var values = new float[COUNT];
        for (int i = 0; i < COUNT; i++) {
            float any = Float.intBitsToFloat(random.nextInt());
            float mild = (float) ((random.nextDouble() - 0.5) * Math.exp(random.nextInt(-20, 20)));
            values[i] = random.nextInt(3) == 0 && Float.isFinite(any) ? any : mild;
        }
        return values;
    }

    static long[] bits(float[] values) {
        var bits = new long[values.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = Float.floatToRawIntBits(values[i]) & 0xFFFFFFFFL;
        }
        return bits;
    }

    /// The float that `exact` rounds to.
    static float rounded(BigDecimal exact, String mode) {
        float near = exact.floatValue();
        if (Float.isInfinite(near)) {
            boolean inwards = mode.equals("rz") || mode.equals(near > 0 ? "rm" : "rp");
            return inwards ? Math.copySign(Float.MAX_VALUE, near) : near;
        }
        int side = new BigDecimal(near).compareTo(exact);
        return switch (mode) {
            case "rm" -> side > 0 ? Math.nextDown(near) : near;
            case "rp" -> side < 0 ? Math.nextUp(near) : near;
            case "rz" -> side > 0 && exact.signum() > 0 ? Math.nextDown(near)
                    : side < 0 && exact.signum() < 0 ? Math.nextUp(near) : near;
            default -> near;
        };
    }

    private static void same(long got, float expected, String what) {
        // Exact zero has no sign as a BigDecimal; signs of zero are tested apart.
        float value = Float.intBitsToFloat((int) got);
        assertThat(value).as(what).isEqualTo(expected == 0 ? value == 0 ? value : expected : expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"rn", "rz", "rm", "rp"})
    void sumsProductsAndFusedOnesAreRoundedOnceFromTheExactResult(String mode) {
        var a = floats(1);
        var b = floats(2);
        var c = floats(3);
        for (int i = 0; i < COUNT; i += 3) {
            c[i] = -a[i] * b[i];                                    // what is left is the rounding error
            c[i] = Float.isFinite(c[i]) ? c[i] : 1;
        }
        var sum = probe("add." + mode, 2).run(bits(a), bits(b));
        var difference = probe("sub." + mode, 2).run(bits(a), bits(b));
        var product = probe("mul." + mode, 2).run(bits(a), bits(b));
        var fused = probe("fma." + mode, 3).run(bits(a), bits(b), bits(c));
        for (int i = 0; i < COUNT; i++) {
            var x = new BigDecimal(a[i]);
            var y = new BigDecimal(b[i]);
            var what = mode + " of " + a[i] + ", " + b[i] + ", " + c[i];
            same(sum[i], rounded(x.add(y), mode), "sum " + what);
            same(difference[i], rounded(x.subtract(y), mode), "difference " + what);
            same(product[i], rounded(x.multiply(y), mode), "product " + what);
            same(fused[i], rounded(x.multiply(y).add(new BigDecimal(c[i])), mode), "fma " + what);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"rn", "rz", "rm", "rp"})
    void quotientsAndRootsAreRoundedOnce(String mode) {
        var a = floats(4);
        var b = floats(5);
        for (int i = 0; i < COUNT; i++) {
            b[i] = b[i] == 0 ? 3 : b[i];
            a[i] = Math.abs(a[i]);
        }
        var quotient = probe("div." + mode, 2).run(bits(a), bits(b));
        var inverse = probe("rcp." + mode, 1).run(bits(b));
        var root = probe("sqrt." + mode, 1).run(bits(a));
        for (int i = 0; i < COUNT; i++) {
            same(quotient[i], rounded(new BigDecimal(a[i]).divide(new BigDecimal(b[i]), MANY), mode),
                    a[i] + " / " + b[i]);
            same(inverse[i], rounded(BigDecimal.ONE.divide(new BigDecimal(b[i]), MANY), mode), "1 / " + b[i]);
            same(root[i], rounded(new BigDecimal(a[i]).sqrt(new MathContext(60)), mode), "root of " + a[i]);
        }
    }

    private static Probe probe(String instruction, int operands) {
        var types = new Type[operands];
        java.util.Arrays.fill(types, Type.F32);
        return new Probe(instruction + ".f32 %d, %a" + ", %b, %c".substring(0, 4 * (operands - 1)) + ";", Type.F32,
                types);
    }

    private static float one(String instruction, float... values) {
        var sources = new long[values.length][];
        for (int j = 0; j < values.length; j++) {
            sources[j] = bits(new float[] {values[j]});
        }
        return Float.intBitsToFloat((int) probe(instruction, values.length).run(sources)[0]);
    }

    @Test
    void specialValues() {
        float nan = Float.NaN;
        float inf = Float.POSITIVE_INFINITY;
        assertThat(one("min", nan, 3)).isEqualTo(3f);
        assertThat(one("max", 3, nan)).isEqualTo(3f);
        assertThat(one("max", nan, nan)).isNaN();
        assertThat(one("max.NaN", 3, nan)).isNaN();
        assertThat(one("min", 0f, -0f)).isEqualTo(-0f);
        assertThat(one("max", -0f, 0f)).isEqualTo(0f);
        assertThat(one("add", inf, -inf)).isNaN();
        assertThat(one("div.rn", 1, 0f)).isEqualTo(inf);
        assertThat(one("add.sat", 0.75f, 0.75f)).isEqualTo(1f);
        assertThat(one("add.sat", nan, 1)).isEqualTo(0f);
        assertThat(one("mul.ftz", Float.MIN_VALUE, 0x1p100f)).isEqualTo(0f);
        assertThat(one("mul.ftz", -0x1p-100f, 0x1p-30f)).isEqualTo(-0f);
        assertThat(one("mul.rn", -0x1p-100f, 0x1p-30f)).isEqualTo(-0x1p-130f);
        assertThat(one("neg", -0f)).isEqualTo(0f);
        assertThat(one("copysign", -1, 5)).isEqualTo(-5f);
    }

    @Test
    void approximationsAreAsNearAsPtxPromisesAndNoNearer() {
        var x = new float[COUNT];
        for (int i = 0; i < COUNT; i++) {
            x[i] = 0.01f * (i + 1);
        }
        far("tanh.approx", x, Math::tanh, 0x1p-11, 0, 0x1p-14);
        far("sin.approx", java.util.Arrays.copyOf(x, 300), Math::sin, 0, 0x1p-20, 0x1p-24);
        far("cos.approx", java.util.Arrays.copyOf(x, 300), Math::cos, 0, 0x1p-20, 0x1p-24);
        far("lg2.approx", x, a -> Math.log(a) / Math.log(2), 0x1p-22, 0x1p-22, 0x1p-25);
        far("ex2.approx", x, a -> Math.pow(2, a), 0x1p-22, 0, 0);
        far("rsqrt.approx", x, a -> 1 / Math.sqrt(a), 0x1p-22, 0, 0);
        far("rcp.approx", x, a -> 1 / a, 0x1p-23, 0, 0);
        assertThat(one("ex2.approx", 3)).isEqualTo(8f);
        assertThat(one("ex2.approx.ftz", -140)).isEqualTo(0f);
        assertThat(one("lg2.approx", 0)).isEqualTo(Float.NEGATIVE_INFINITY);
        assertThat(one("rcp.approx", 0)).isEqualTo(Float.POSITIVE_INFINITY);
    }

    /// The largest error must be at most `relative * |y| + absolute`, and at least `atLeast`.
    private static void far(String instruction, float[] x, java.util.function.DoubleUnaryOperator f, double relative,
                            double absolute, double atLeast) {
        var got = probe(instruction, 1).run(bits(x));
        double worst = 0;
        for (int i = 0; i < x.length; i++) {
            double y = f.applyAsDouble(x[i]);
            double error = Math.abs(Float.intBitsToFloat((int) got[i]) - y);
            assertThat(error).as("%s of %s", instruction, x[i]).isLessThanOrEqualTo(relative * Math.abs(y) + absolute);
            worst = Math.max(worst, error);
        }
        assertThat(worst).as(instruction).isGreaterThanOrEqualTo(atLeast);
    }

    @Test
    void doublesRoundAsAsked() {
        var a = new long[COUNT];
        var b = new long[COUNT];
        var x = floats(6);
        var y = floats(7);
        for (int i = 0; i < COUNT; i++) {
            a[i] = Double.doubleToRawLongBits(x[i] / 3.0);
            b[i] = Double.doubleToRawLongBits(y[i] == 0 ? 1 : y[i] / 7.0);
        }
        for (var mode : List.of("rn", "rz", "rm", "rp")) {
            for (var name : List.of("add", "mul", "div")) {
                var got = new Probe(name + "." + mode + ".f64 %d, %a, %b;", Type.F64, Type.F64, Type.F64).run(a, b);
                for (int i = 0; i < COUNT; i++) {
                    var p = new BigDecimal(Double.longBitsToDouble(a[i]));
                    var q = new BigDecimal(Double.longBitsToDouble(b[i]));
                    var exact = name.equals("add") ? p.add(q) : name.equals("mul") ? p.multiply(q) : p.divide(q, MANY);
                    double value = Double.longBitsToDouble(got[i]);
                    double near = exact.doubleValue();
                    int side = new BigDecimal(value).compareTo(exact);
                    boolean right = switch (mode) {
                        case "rm" -> side <= 0 && new BigDecimal(Math.nextUp(value)).compareTo(exact) > 0;
                        case "rp" -> side >= 0 && new BigDecimal(Math.nextDown(value)).compareTo(exact) < 0;
                        case "rz" -> side * exact.signum() <= 0 && Math.abs(value - near) <= Math.ulp(near);
                        default -> value == near;
                    };
                    assertThat(right).as("%s.%s of %s, %s: %s", name, mode, p, q, value).isTrue();
                }
            }
        }
    }
}
