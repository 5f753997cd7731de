package org.sfumato.cuda.interpreter;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Whole numbers against exact arithmetic, cut to the width of the result.
class IntegersTest {
    private static final int COUNT = 300;

    /// Values at and around the ends of ranges, then any.
    static long[] values(Type type, long seed) {
        var random = new SplittableRandom(seed);
        var edges = List.of(0L, 1L, -1L, 2L, 0x7FL, 0x80L, 0x7FFFL, 0x8000L, 0x7FFFFFFFL, 0x80000000L, Long.MAX_VALUE,
                Long.MIN_VALUE, 0xFFFFL, 0xFFFFFFFFL);
        var values = new long[COUNT];
        for (int i = 0; i < COUNT; i++) {
            long any = random.nextLong() >> random.nextInt(64);
            values[i] = cut(random.nextInt(3) == 0 ? edges.get(random.nextInt(edges.size())) : any, type);
        }
        return values;
    }

    private static long cut(long value, Type type) {
        return type.bits == 64 ? value : value & (1L << type.bits) - 1;
    }

    private static BigInteger exact(long bits, Type type) {
        var value = BigInteger.valueOf(Loops.extend(bits, type));
        return type.signed() || value.signum() >= 0 ? value : value.add(BigInteger.ONE.shiftLeft(64));
    }

    private static void binary(String instruction, Type type, Type result, BinaryOperator<BigInteger> f) {
        var a = values(type, 1);
        var b = values(type, 2);
        if (instruction.startsWith("div") || instruction.startsWith("rem")) {
            java.util.Arrays.setAll(b, i -> b[i] == 0 ? 3 : b[i]);
        }
        var got = new Probe(instruction + " %d, %a, %b;", result, type, type).run(a, b);
        for (int i = 0; i < COUNT; i++) {
            long expected = cut(f.apply(exact(a[i], type), exact(b[i], type)).longValue(), result);
            assertThat(got[i]).as("%s of %x, %x", instruction, a[i], b[i]).isEqualTo(expected);
        }
    }

    private static void unary(String instruction, Type type, Type result, UnaryOperator<BigInteger> f) {
        var a = values(type, 3);
        var got = new Probe(instruction + " %d, %a;", result, type).run(a);
        for (int i = 0; i < COUNT; i++) {
            long expected = cut(f.apply(exact(a[i], type)).longValue(), result);
            assertThat(got[i]).as("%s of %x", instruction, a[i]).isEqualTo(expected);
        }
    }

    private static String named(String instruction, Type type) {
        return instruction + "." + type.name().toLowerCase(java.util.Locale.ROOT);
    }

    @ParameterizedTest
    @EnumSource(value = Type.class, names = {"U16", "S16", "U32", "S32", "U64", "S64"})
    void arithmeticIsThatOfIntegersCutToTheirWidth(Type type) {
        binary(named("add", type), type, type, BigInteger::add);
        binary(named("sub", type), type, type, BigInteger::subtract);
        binary(named("mul.lo", type), type, type, BigInteger::multiply);
        binary(named("mul.hi", type), type, type, (a, b) -> a.multiply(b).shiftRight(type.bits));
        binary(named("div", type), type, type, BigInteger::divide);
        binary(named("rem", type), type, type, BigInteger::remainder);
        binary(named("min", type), type, type, BigInteger::min);
        binary(named("max", type), type, type, BigInteger::max);
        if (type.signed()) {
            unary(named("neg", type), type, type, BigInteger::negate);
            unary(named("abs", type), type, type, BigInteger::abs);
        }
    }

    @ParameterizedTest
    @EnumSource(value = Type.class, names = {"U16", "S16", "U32", "S32"})
    void wideProductsKeepAllBits(Type type) {
        var wide = type.bits == 16 ? Type.B32 : Type.B64;
        binary(named("mul.wide", type), type, wide, BigInteger::multiply);
        var a = values(type, 10);
        var b = values(type, 11);
        var c = values(wide, 12);
        var got = new Probe(named("mad.wide", type) + " %d, %a, %b, %c;", wide, type, type, wide).run(a, b, c);
        for (int i = 0; i < COUNT; i++) {
            var expected = exact(a[i], type).multiply(exact(b[i], type)).add(exact(c[i], wide));
            assertThat(got[i]).isEqualTo(cut(expected.longValue(), wide));
        }
    }

    @ParameterizedTest
    @EnumSource(value = Type.class, names = {"U16", "S16", "U32", "S32", "U64", "S64"})
    void multiplyAndAdd(Type type) {
        var a = values(type, 4);
        var b = values(type, 5);
        var c = values(type, 6);
        for (var part : List.of("lo", "hi")) {
            var got = new Probe(named("mad." + part, type) + " %d, %a, %b, %c;", type, type, type, type).run(a, b, c);
            for (int i = 0; i < COUNT; i++) {
                var product = exact(a[i], type).multiply(exact(b[i], type));
                var kept = part.equals("hi") ? product.shiftRight(type.bits) : product;
                assertThat(got[i]).isEqualTo(cut(kept.add(exact(c[i], type)).longValue(), type));
            }
        }
    }

    @Test
    void sumsLongerThanARegisterCarry() {
        var a = values(Type.U64, 7);
        var b = values(Type.U64, 8);
        for (var name : List.of("add", "sub")) {
            var text = """
                    .reg .b32 %l<6>;
                    mov.b64 {%l0, %l1}, %a;
                    mov.b64 {%l2, %l3}, %b;
                    NAME.cc.u32 %l4, %l0, %l2;
                    NAMEc.u32 %l5, %l1, %l3;
                    mov.b64 %d, {%l4, %l5};""".replace("NAME", name);
            var got = new Probe(text, Type.U64, Type.U64, Type.U64).run(a, b);
            for (int i = 0; i < COUNT; i++) {
                assertThat(got[i]).isEqualTo(name.equals("add") ? a[i] + b[i] : a[i] - b[i]);
            }
        }
        var product = """
                .reg .b64 %h, %z, %o;
                mov.u64 %z, 0;
                mul.lo.u64 %o, %a, %b;
                add.cc.u64 %h, %o, %c;
                madc.hi.u64 %d, %a, %b, %z;""";
        var c = values(Type.U64, 9);
        var got = new Probe(product, Type.U64, Type.U64, Type.U64, Type.U64).run(a, b, c);
        for (int i = 0; i < COUNT; i++) {
            var exact = exact(a[i], Type.U64).multiply(exact(b[i], Type.U64)).add(exact(c[i], Type.U64));
            assertThat(got[i]).isEqualTo(exact.shiftRight(64).longValue());
        }
    }

    @Test
    void dotProductsOfBytes() {
        var got = new Probe("dp4a.s32.u32 %d, %a, %b, %c;", Type.S32, Type.S32, Type.U32, Type.S32)
                .run(new long[] {0xFF01807FL}, new long[] {0xFF020304L}, new long[] {1000});
        assertThat((int) got[0]).isEqualTo(-1 * 255 + 1 * 2 + -128 * 3 + 127 * 4 + 1000);
    }

    @Test
    void saturatingSumsStopAtTheEnds() {
        var a = new long[] {0x7FFFFFFFL, 0x80000000L, 5};
        var b = new long[] {1, 0xFFFFFFFFL, 6};
        assertThat(new Probe("add.sat.s32 %d, %a, %b;", Type.S32, Type.S32, Type.S32).run(a, b))
                .containsExactly(0x7FFFFFFFL, 0x80000000L, 11);
    }
}
