package org.sfumato.cuda.interpreter;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// `cvt` against exact arithmetic.
class ConversionsTest {
    private static long[] convert(String how, Type to, Type from, long... values) {
        var text = "cvt%s.%s.%s %%d, %%a;".formatted(how, to.name().toLowerCase(Locale.ROOT),
                from.name().toLowerCase(Locale.ROOT));
        return new Probe(text, to, from).run(values);
    }

    @ParameterizedTest
    @CsvSource({"U32, U16", "S32, S16", "U16, U32", "S64, S32", "U64, U32", "U64, S32", "U32, U64", "S32, S64",
        "S8, S32", "U8, U64", "S16, S8", "U16, U8", "S64, S8"})
    void integersAreCutOrWidenedWithTheSignOfTheirType(Type to, Type from) {
        var a = IntegersTest.values(from, 1);
        var got = convert("", to, from, a);
        for (int i = 0; i < a.length; i++) {
            long value = Loops.extend(a[i], from);
            assertThat(Loops.extend(got[i], to)).as("%x", a[i]).isEqualTo(Loops.extend(value, to));
        }
    }

    @Test
    void saturatedIntegersStopAtTheEnds() {
        assertThat(convert(".sat", Type.U8, Type.S32, 300, 0xFFFFFFFFL, 77)).containsExactly(255, 0, 77);
        assertThat(convert(".sat", Type.S8, Type.S32, 300, 0xFFFFFF00L, 77)).containsExactly(127, 0x80, 77);
        assertThat(convert(".sat", Type.S32, Type.S64, Long.MAX_VALUE, Long.MIN_VALUE, -5))
                .containsExactly(0x7FFFFFFFL, 0x80000000L, 0xFFFFFFFBL);
        assertThat(convert(".sat", Type.S64, Type.U64, -1L, 5)).containsExactly(Long.MAX_VALUE, 5);
    }

    @ParameterizedTest
    @ValueSource(strings = {"rn", "rz", "rm", "rp"})
    void integersBecomeTheFloatOnTheirSide(String mode) {
        for (var from : List.of(Type.S32, Type.U32, Type.S64, Type.U64)) {
            var a = IntegersTest.values(from, 2);
            var f32 = convert("." + mode, Type.F32, from, a);
            var f64 = convert(".rn", Type.F64, from, a);
            for (int i = 0; i < a.length; i++) {
                var exact = new BigDecimal(from == Type.U64 ? new BigInteger(Long.toUnsignedString(a[i]))
                        : BigInteger.valueOf(Loops.extend(a[i], from)));
                assertThat(Float.intBitsToFloat((int) f32[i])).as("%s", exact)
                        .isEqualTo(FloatsTest.rounded(exact, mode));
                assertThat(Double.longBitsToDouble(f64[i])).isEqualTo(exact.doubleValue());
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"rni, HALF_EVEN", "rzi, DOWN", "rmi, FLOOR", "rpi, CEILING"})
    void floatsBecomeIntegersWithinTheRangeOfTheType(String mode, RoundingMode rounding) {
        var x = FloatsTest.floats(9);
        x[0] = 2.5f;
        x[1] = -3.5f;
        x[2] = -0.5f;
        for (var to : List.of(Type.S32, Type.U32, Type.S64, Type.U64, Type.S16, Type.U8)) {
            var got = convert("." + mode, to, Type.F32, FloatsTest.bits(x));
            var least = to.signed() ? BigInteger.ONE.shiftLeft(to.bits - 1).negate() : BigInteger.ZERO;
            var most = BigInteger.ONE.shiftLeft(to.signed() ? to.bits - 1 : to.bits).subtract(BigInteger.ONE);
            for (int i = 0; i < x.length; i++) {
                var exact = new BigDecimal(x[i]).setScale(0, rounding).toBigInteger().max(least).min(most);
                assertThat(Loops.extend(got[i], to)).as("%s", x[i]).isEqualTo(exact.longValue());
            }
        }
        long nan = Float.floatToRawIntBits(Float.NaN);
        long inf = Float.floatToRawIntBits(Float.POSITIVE_INFINITY);
        assertThat(convert("." + mode, Type.S32, Type.F32, nan, inf)).containsExactly(0, 0x7FFFFFFFL);
        var whole = convert("." + mode, Type.F32, Type.F32, FloatsTest.bits(x));
        for (int i = 0; i < x.length; i++) {
            var exact = new BigDecimal(x[i]).setScale(0, rounding).floatValue();
            assertThat(Float.intBitsToFloat((int) whole[i]) + 0f).isEqualTo(exact);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"rn", "rz", "rm", "rp"})
    void doublesBecomeTheFloatOnTheirSide(String mode) {
        var x = FloatsTest.floats(10);
        var a = new long[x.length];
        for (int i = 0; i < a.length; i++) {
            // A third of a float, a tie between two floats, and just off the tie.
            double tie = x[i] + Math.ulp(x[i]) / 2.0;
            a[i] = Double.doubleToRawLongBits(i % 3 == 0 ? x[i] / 3.0 : i % 3 == 1 ? tie : Math.nextUp(tie));
        }
        var got = convert("." + mode, Type.F32, Type.F64, a);
        for (int i = 0; i < a.length; i++) {
            float expected = FloatsTest.rounded(new BigDecimal(Double.longBitsToDouble(a[i])), mode);
            assertThat(Float.intBitsToFloat((int) got[i])).isEqualTo(expected);
        }
    }

    /// Every 16-bit float stands between two neighbours; a value is rounded to the nearest of them, ties to the even
    /// one.
    @ParameterizedTest
    @EnumSource(value = Type.class, names = {"F16", "BF16"})
    void floatsBecomeTheNearestHalf(Type type) {
        boolean brain = type == Type.BF16;
        var x = new float[4000];
        for (int i = 0; i < x.length; i++) {
            int half = (i * 7919 + 13) % (brain ? 0x7F7F : 0x7BFF);
            float low = brain ? Rounding.bf16(half) : Rounding.f16(half);
            float high = brain ? Rounding.bf16(half + 1) : Rounding.f16(half + 1);
            float middle = low + (high - low) / 2;
            x[i] = switch (i % 4) {
                case 0 -> low;
                case 1 -> middle;
                case 2 -> Math.nextUp(middle);
                default -> Math.nextDown(middle);
            } * ((i & 8) == 0 ? 1 : -1);
        }
        var near = convert(".rn", type, Type.F32, FloatsTest.bits(x));
        var cut = convert(".rz", type, Type.F32, FloatsTest.bits(x));
        for (int i = 0; i < x.length; i++) {
            int half = (i * 7919 + 13) % (brain ? 0x7F7F : 0x7BFF);
            int sign = (i & 8) == 0 ? 0 : 0x8000;
            boolean up = i % 4 == 1 ? half % 2 == 1 : i % 4 == 2;
            assertThat(near[i]).as("%a", x[i]).isEqualTo(sign | half + (up ? 1 : 0));
            assertThat(cut[i]).isEqualTo(sign | half);
        }
        var wide = convert("", Type.F32, type, near);
        for (int i = 0; i < 4000; i += 4) {
            assertThat(Float.intBitsToFloat((int) wide[i])).isEqualTo(x[i]);
        }
    }

    @Test
    void pairsPutTheFirstSourceOnTop() {
        var one = FloatsTest.bits(new float[] {1, -2});
        var two = FloatsTest.bits(new float[] {3, 0.5f});
        // bf16: 1 = 3F80, 3 = 4040, -2 = C000, 0.5 = 3F00; f16: 3C00, 4200, C000, 3800.
        assertThat(new Probe("cvt.rn.bf16x2.f32 %d, %a, %b;", Type.B32, Type.F32, Type.F32).run(one, two))
                .containsExactly(0x3F804040L, 0xC0003F00L);
        assertThat(new Probe("cvt.rn.f16x2.f32 %d, %a, %b;", Type.B32, Type.F32, Type.F32).run(one, two))
                .containsExactly(0x3C004200L, 0xC0003800L);
        assertThat(new Probe("cvt.rn.relu.bf16x2.f32 %d, %a, %b;", Type.B32, Type.F32, Type.F32).run(one, two))
                .containsExactly(0x3F804040L, 0x00003F00L);
    }

    @Test
    void tf32KeepsTenBitsBehindThePoint() {
        long tie = Float.floatToRawIntBits(1 + 0x1p-11f);
        long below = Float.floatToRawIntBits(Math.nextDown(1 + 0x1p-11f));
        assertThat(convert(".rna", Type.TF32, Type.F32, tie, below))
                .containsExactly(Float.floatToRawIntBits(1 + 0x1p-10f), Float.floatToRawIntBits(1));
    }

    /// The exact sum or product of two 16-bit floats and a third, rounded once.
    @ParameterizedTest
    @EnumSource(value = Type.class, names = {"F16", "BF16"})
    void arithmeticInSixteenBitsIsRoundedOnce(Type type) {
        boolean brain = type == Type.BF16;
        var name = type.name().toLowerCase(Locale.ROOT);
        var random = new java.util.SplittableRandom(8);
        var values = new long[3][500];
        for (var list : values) {
            for (int i = 0; i < list.length; i++) {
                int exponent = random.nextInt(brain ? 100 : 10, brain ? 150 : 22);
                list[i] = random.nextInt(2) << 15 | (brain ? exponent << 7 | random.nextInt(1 << 7)
                        : exponent << 10 | random.nextInt(1 << 10));
            }
        }
        var fused = new Probe("fma.rn." + name + " %d, %a, %b, %c;", type, type, type, type).run(values);
        var sum = new Probe("add.rn." + name + " %d, %a, %b;", type, type, type).run(values[0], values[1]);
        var product = new Probe("mul.rn." + name + "x2 %d, %a, %b;", Type.B32, Type.B32, Type.B32).run(
                values[0], values[1]);
        for (int i = 0; i < 500; i++) {
            var a = exact(values[0][i], brain);
            var b = exact(values[1][i], brain);
            nearest(fused[i], a.multiply(b).add(exact(values[2][i], brain)), brain);
            nearest(sum[i], a.add(b), brain);
            nearest(product[i] & 0xFFFF, a.multiply(b), brain);
            assertThat(product[i] >>> 16).isZero();
        }
    }

    private static BigDecimal exact(long bits, boolean brain) {
        return new BigDecimal(brain ? Rounding.bf16((int) bits) : Rounding.f16((int) bits));
    }

    /// No neighbour of `bits` lies nearer to `exact`, and in a tie `bits` is even.
    private static void nearest(long bits, BigDecimal exact, boolean brain) {
        long infinity = brain ? 0x7F80 : 0x7C00;
        assertThat(bits & 0x7FFF).isLessThanOrEqualTo(infinity);
        if ((bits & 0x7FFF) == infinity) {
            assertThat(exact.abs()).isGreaterThan(exact(infinity - 1, brain));
            return;
        }
        var error = exact(bits, brain).subtract(exact).abs();
        for (long magnitude : new long[] {(bits & 0x7FFF) - 1, (bits & 0x7FFF) + 1}) {
            if (magnitude >= 0 && magnitude < infinity) {
                var other = exact(bits & 0x8000 | magnitude, brain).subtract(exact).abs();
                int nearer = error.compareTo(other);
                assertThat(nearer < 0 || nearer == 0 && bits % 2 == 0).as("%x for %s", bits, exact).isTrue();
            }
        }
    }
}
