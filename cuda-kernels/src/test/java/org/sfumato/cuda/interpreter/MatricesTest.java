package org.sfumato.cuda.interpreter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sfumato.cuda.Driver.Grid;

/// Tensor core instructions against products in double. Where each lane's numbers lie in a matrix is written here as
/// the formulas of PTX ISA 9.0 give it, sections 9.7.14.5.1 to 9.7.14.5.14: `groupID = lane >> 2`, `threadID_in_group =
/// lane % 4`.
class MatricesTest {
    /// A kernel that loads `a` + `b` + `c` words for each lane, multiplies, and stores `d` words.
    private static Rig rig(String shape, int a, int b, int c) {
        return Rig.of(2, """
                .reg .b32 %%t, %%r<16>, %%d<4>;
                .reg .b64 %%in, %%out;
                ld.param.u64 %%in, [p0];
                ld.param.u64 %%out, [p1];
                mov.u32 %%t, %%tid.x;
                mad.wide.u32 %%in, %%t, 64, %%in;
                mad.wide.u32 %%out, %%t, 16, %%out;
                ld.global.v4.b32 {%%r0, %%r1, %%r2, %%r3}, [%%in];
                ld.global.v4.b32 {%%r4, %%r5, %%r6, %%r7}, [%%in+16];
                ld.global.v4.b32 {%%r8, %%r9, %%r10, %%r11}, [%%in+32];
                mma.sync.aligned.%s {%s}, {%s}, {%s}, {%s};
                st.global.v4.b32 [%%out], {%%d0, %%d1, %%d2, %%d3};
                ret;""".formatted(shape, list("d", 0, c), list("r", 0, a), list("r", 4, b), list("r", 8, c)));
    }

    private static String list(String name, int from, int count) {
        var text = new StringBuilder();
        for (int j = 0; j < count; j++) {
            text.append(j == 0 ? "%" : ", %").append(name).append(from + j);
        }
        return text.toString();
    }

    /// Numbers that the type holds exactly, small so that sums of products are exact in float too.
    private static double[] numbers(int n, boolean signed, SplittableRandom random) {
        return random.doubles(n).map(v -> Math.rint(v * 16) - (signed ? 8 : 0)).toArray();
    }

    private static int bits(String type, double value) {
        return switch (type) {
            case "tf32" -> Float.floatToRawIntBits((float) value);
            case "bf16" -> Float.floatToRawIntBits((float) value) >>> 16;
            case "f16" -> Float.floatToFloat16((float) value) & 0xFFFF;
            default -> (int) value & 0xFF;
        };
    }

    @ParameterizedTest
    @CsvSource({"bf16, 16, f32", "bf16, 8, f32", "f16, 16, f32", "f16, 8, f32", "f16, 16, f16", "f16, 8, f16",
        "tf32, 8, f32", "tf32, 4, f32", "s8, 16, s32", "s8, 32, s32", "u8, 32, s32"})
    void aProductOfFragments(String type, int size, String result) {
        var random = new SplittableRandom(1);
        int each = type.equals("tf32") ? 1 : type.endsWith("16") ? 2 : 4;
        int aRegisters = 16 * size / 32 / each;
        int bRegisters = 8 * size / 32 / each;
        int cRegisters = result.equals("f16") ? 2 : 4;
        var a = numbers(16 * size, !type.equals("u8"), random);
        var b = numbers(size * 8, !type.equals("u8"), random);
        var c = numbers(16 * 8, true, random);
        var in = new int[32 * 16];
        for (int lane = 0; lane < 32; lane++) {
            int group = lane >> 2;
            int inGroup = lane % 4;
            for (int i = 0; i < aRegisters * each; i++) {
                int row = group + (i / each % 2 == 0 ? 0 : 8);
                int column = inGroup * each + i % each + i / (2 * each) * 4 * each;
                in[16 * lane + i / each] |= bits(type, a[row * size + column]) << 32 / each % 32 * (i % each);
            }
            for (int i = 0; i < bRegisters * each; i++) {
                int row = inGroup * each + i % each + i / each * 4 * each;
                in[16 * lane + 4 + i / each] |= bits(type, b[row * 8 + group]) << 32 / each % 32 * (i % each);
            }
            for (int i = 0; i < 4; i++) {
                double value = c[(group + i / 2 * 8) * 8 + inGroup * 2 + i % 2];
                if (result.equals("f16")) {
                    in[16 * lane + 8 + i / 2] |= bits("f16", value) << 16 * (i % 2);
                } else {
                    in[16 * lane + 8 + i] = result.equals("f32") ? bits("tf32", value) : (int) value;
                }
            }
        }
        var rig = rig("m16n8k%d.row.col.%s.%s.%s.%s".formatted(size, result, type, type, result), aRegisters,
                bRegisters, cRegisters);
        long out = rig.ints(new int[32 * 4]);
        rig.launch("k", Grid.of(1, 32), rig.ints(in), out);
        var got = rig.intsAt(out, 32 * 4);
        for (int lane = 0; lane < 32; lane++) {
            for (int i = 0; i < 4; i++) {
                int row = (lane >> 2) + i / 2 * 8;
                int column = lane % 4 * 2 + i % 2;
                double sum = c[row * 8 + column];
                for (int k = 0; k < size; k++) {
                    sum += a[row * size + k] * b[k * 8 + column];
                }
                double value = switch (result) {
                    case "f32" -> Float.intBitsToFloat(got[4 * lane + i]);
                    case "f16" -> Float.float16ToFloat((short) (got[4 * lane + i / 2] >>> 16 * (i % 2)));
                    default -> got[4 * lane + i];
                };
                assertThat(value).as("row %d, column %d", row, column).isEqualTo(sum);
            }
        }
    }

    @Test
    void tf32IgnoresTheLowBits() {
        var in = new int[32 * 16];
        for (int lane = 0; lane < 32; lane++) {
            in[16 * lane] = Float.floatToRawIntBits(Math.nextUp(1f));
            in[16 * lane + 4] = Float.floatToRawIntBits(1f);
        }
        var rig = rig("m16n8k4.row.col.f32.tf32.tf32.f32", 2, 1, 4);
        long out = rig.ints(new int[32 * 4]);
        rig.launch("k", Grid.of(1, 32), rig.ints(in), out);
        assertThat(rig.floatsAt(out, 1)[0]).isEqualTo(4f);
    }

    @Test
    void productsInDouble() {
        var random = new SplittableRandom(2);
        var a = random.doubles(32).toArray();
        var b = random.doubles(32).toArray();
        var body = """
                .reg .b32 %t;
                .reg .b64 %x, %y, %z;
                .reg .f64 %a, %b, %c<2>;
                ld.param.u64 %x, [p0];
                ld.param.u64 %y, [p1];
                ld.param.u64 %z, [p2];
                mov.u32 %t, %tid.x;
                mad.wide.u32 %x, %t, 8, %x;
                mad.wide.u32 %y, %t, 8, %y;
                mad.wide.u32 %z, %t, 16, %z;
                ld.global.f64 %a, [%x];
                ld.global.f64 %b, [%y];
                mov.f64 %c0, 0d3FF0000000000000;
                mov.f64 %c1, 0d3FF0000000000000;
                mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64 {%c0, %c1}, {%a}, {%b}, {%c0, %c1};
                st.global.v2.f64 [%z], {%c0, %c1};
                ret;""";
        var rig = Rig.of(3, body);
        long out = rig.doubles(new double[64]);
        rig.launch("k", Grid.of(1, 32), rig.doubles(a), rig.doubles(b), out);
        var got = rig.doublesAt(out, 64);
        for (int row = 0; row < 8; row++) {
            for (int column = 0; column < 8; column++) {
                double sum = 1;
                for (int k = 0; k < 4; k++) {
                    sum += a[row * 4 + k] * b[column * 4 + k];      // lane 4 column + k holds element (k, column) of B
                }
                assertThat(got[(row * 4 + column / 2) * 2 + column % 2]).isCloseTo(sum, within(1e-15));
            }
        }
    }

    @Test
    void matricesOfSixteenBitsAreLoadedStoredAndTurned() {
        var body = """
                .shared .align 16 .b16 s[256];
                .shared .align 16 .b16 u[64];
                .reg .b32 %t, %a, %b, %v<4>, %w;
                .reg .b64 %o;
                ld.param.u64 %o, [p0];
                mov.u32 %t, %tid.x;
                mov.u32 %a, s;
                mad.lo.u32 %b, %t, 16, %a;
                mov.u32 %w, 0;
                FILL:
                mad.lo.u32 %v0, %t, 8, %w;
                add.u32 %v1, %v0, 1;
                shl.b32 %v1, %v1, 16;
                or.b32 %v0, %v0, %v1;
                mad.lo.u32 %v1, %w, 2, %b;
                st.shared.u32 [%v1], %v0;
                add.u32 %w, %w, 2;
                setp.lt.u32 %p, %w, 8;
                @%p bra FILL;
                bar.sync 0;
                mad.wide.u32 %o, %t, 32, %o;
                ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%v0, %v1, %v2, %v3}, [%b];
                st.global.v4.b32 [%o], {%v0, %v1, %v2, %v3};
                ldmatrix.sync.aligned.m8n8.x1.trans.shared.b16 {%v0}, [%b];
                movmatrix.sync.aligned.m8n8.trans.b16 %v1, %v0;
                and.b32 %a, %t, 7;
                mov.u32 %b, u;
                mad.lo.u32 %a, %a, 16, %b;
                stmatrix.sync.aligned.m8n8.x1.trans.shared.b16 [%a], {%v0};
                mad.lo.u32 %b, %t, 4, %b;
                ld.shared.u32 %v2, [%b];
                st.global.v4.b32 [%o+16], {%v0, %v1, %v2, %t};
                ret;""";
        var rig = Rig.of(1, ".reg .pred %p;\n" + body);
        long out = rig.ints(new int[32 * 8]);
        rig.launch("k", Grid.of(1, 32), out);
        var got = rig.intsAt(out, 32 * 8);
        for (int lane = 0; lane < 32; lane++) {
            for (int j = 0; j < 4; j++) {
                // Element (r, c) of matrix j is 64 j + 8 r + c.
                int first = 64 * j + 8 * (lane / 4) + 2 * (lane % 4);
                assertThat(got[8 * lane + j]).isEqualTo(first | first + 1 << 16);
            }
            int upper = 8 * (2 * (lane % 4)) + lane / 4;
            assertThat(got[8 * lane + 4]).as("turned").isEqualTo(upper | upper + 8 << 16);
            int straight = 8 * (lane / 4) + 2 * (lane % 4);
            assertThat(got[8 * lane + 5]).as("turned back").isEqualTo(straight | straight + 1 << 16);
            assertThat(got[8 * lane + 6]).as("stored").isEqualTo(straight | straight + 1 << 16);
        }
    }
}
