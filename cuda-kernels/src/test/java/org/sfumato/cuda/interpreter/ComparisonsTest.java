package org.sfumato.cuda.interpreter;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.function.BiPredicate;
import org.junit.jupiter.api.Test;

/// Comparisons of floats, as IEEE 754 orders them: with NaN only the unordered ones hold.
class ComparisonsTest {
    private static final List<Float> VALUES = List.of(0f, -0f, 1f, -1f, Float.NaN, Float.POSITIVE_INFINITY,
            Float.NEGATIVE_INFINITY, Float.MIN_VALUE);
    private static final Map<String, BiPredicate<Float, Float>> ORDERED = Map.of(
            "eq", (a, b) -> a.floatValue() == b.floatValue(), "lt", (a, b) -> a < b, "le", (a, b) -> a <= b,
            "gt", (a, b) -> a > b, "ge", (a, b) -> a >= b, "ne", (a, b) -> a < b || a > b);

    private static void compare(String name, BiPredicate<Float, Float> expected) {
        int n = VALUES.size();
        var a = new long[n * n];
        var b = new long[n * n];
        for (int i = 0; i < n * n; i++) {
            a[i] = Float.floatToRawIntBits(VALUES.get(i / n)) & 0xFFFFFFFFL;
            b[i] = Float.floatToRawIntBits(VALUES.get(i % n)) & 0xFFFFFFFFL;
        }
        var one = new Probe("setp." + name + ".f32 %p, %a, %b; selp.u32 %d, 1, 0, %p;", Type.U32, Type.F32, Type.F32)
                .run(a, b);
        var set = new Probe("set." + name + ".u32.f32 %d, %a, %b;", Type.U32, Type.F32, Type.F32).run(a, b);
        for (int i = 0; i < n * n; i++) {
            boolean holds = expected.test(VALUES.get(i / n), VALUES.get(i % n));
            assertThat(one[i]).as("%s of %s and %s", name, VALUES.get(i / n), VALUES.get(i % n))
                    .isEqualTo(holds ? 1 : 0);
            assertThat(set[i]).isEqualTo(holds ? 0xFFFFFFFFL : 0);
        }
    }

    @Test
    void orderedAndUnordered() {
        ORDERED.forEach((name, holds) -> {
            compare(name, holds);
            compare(name + "u", (a, b) -> a.isNaN() || b.isNaN() || holds.test(a, b));
        });
        compare("num", (a, b) -> !a.isNaN() && !b.isNaN());
        compare("nan", (a, b) -> a.isNaN() || b.isNaN());
    }

    @Test
    void unsignedNamesAndSigns() {
        var a = new long[] {0xFFFFFFFFL, 1, 5};
        var b = new long[] {1, 0xFFFFFFFFL, 5};
        assertThat(chosen("lt.u32", a, b)).containsExactly(0, 1, 0);
        assertThat(chosen("lt.s32", a, b)).containsExactly(1, 0, 0);
        assertThat(chosen("hs.u32", a, b)).containsExactly(1, 0, 1);
        assertThat(chosen("ge.s32", a, b)).containsExactly(0, 1, 1);
        assertThat(new Probe("setp.gt.u64 %p, %a, %b; selp.u32 %d, 1, 0, %p;", Type.U32, Type.U64, Type.U64)
                .run(new long[] {-1, 1}, new long[] {1, -1})).containsExactly(1, 0);
        assertThat(new Probe("setp.lt.s16 %p, %a, %b; selp.u32 %d, 1, 0, %p;", Type.U32, Type.S16, Type.S16)
                .run(new long[] {0xFFFF, 1}, new long[] {1, 0xFFFF})).containsExactly(1, 0);
        assertThat(new Probe("slct.u32.s32 %d, %a, %b, %c;", Type.U32, Type.U32, Type.U32, Type.S32)
                .run(new long[] {7, 7}, new long[] {8, 8}, new long[] {0, 0xFFFFFFFFL})).containsExactly(7, 8);
    }

    private static long[] chosen(String comparison, long[] a, long[] b) {
        return new Probe("setp." + comparison + " %p, %a, %b; selp.u32 %d, 1, 0, %p;", Type.U32, Type.U32, Type.U32)
                .run(a, b);
    }

    @Test
    void classesOfFloats() {
        var x = FloatsTest.bits(new float[] {1, Float.MIN_VALUE, 0, Float.NaN, Float.POSITIVE_INFINITY});
        Map<String, List<Long>> classes = Map.of("finite", List.of(1L, 1L, 1L, 0L, 0L), "infinite",
                List.of(0L, 0L, 0L, 0L, 1L), "number", List.of(1L, 1L, 1L, 0L, 1L), "notanumber",
                List.of(0L, 0L, 0L, 1L, 0L), "normal", List.of(1L, 0L, 0L, 0L, 0L), "subnormal",
                List.of(0L, 1L, 0L, 0L, 0L));
        classes.forEach((name, expected) -> assertThat(new Probe("testp." + name
                + ".f32 %p, %a; selp.u32 %d, 1, 0, %p;", Type.U32, Type.F32).run(x)).as(name)
                .containsExactly(expected.stream().mapToLong(v -> v).toArray()));
    }
}
