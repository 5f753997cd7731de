package org.sfumato.cuda.interpreter;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Locale;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Bits, one at a time, as the definitions of PTX give them.
class LogicTest {
    private static final int COUNT = 300;
    private final SplittableRandom random = new SplittableRandom(3);

    private long[] any(int bits) {
        return random.longs(COUNT).map(v -> bits == 64 ? v : v & (1L << bits) - 1).toArray();
    }

    private long[] below(int bound) {
        return random.longs(COUNT, 0, bound).toArray();
    }

    private static String named(String instruction, Type type) {
        return instruction + "." + type.name().toLowerCase(Locale.ROOT) + " ";
    }

    private static int bit(long value, int at) {
        return (int) (value >>> at & 1);
    }

    @ParameterizedTest
    @EnumSource(value = Type.class, names = {"U16", "S16", "U32", "S32", "U64", "S64"})
    void shiftsFillWithZerosOrTheSignAndStopAtTheWidth(Type type) {
        var a = any(type.bits);
        var n = below(80);
        n[0] = 0xFFFFFFFFL;
        var bits = type.bits == 16 ? Type.B16 : type.bits == 32 ? Type.B32 : Type.B64;
        var left = new Probe(named("shl", bits) + "%d, %a, %b;", type, type, Type.U32).run(a, n);
        var right = new Probe(named("shr", type) + "%d, %a, %b;", type, type, Type.U32).run(a, n);
        for (int i = 0; i < COUNT; i++) {
            for (int j = 0; j < type.bits; j++) {
                assertThat(bit(left[i], j)).isEqualTo(j < n[i] ? 0 : bit(a[i], (int) (j - n[i])));
                int beyond = type.signed() ? bit(a[i], type.bits - 1) : 0;
                assertThat(bit(right[i], j)).isEqualTo(j + n[i] < type.bits ? bit(a[i], (int) (j + n[i])) : beyond);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(value = Type.class, names = {"U32", "S32", "U64", "S64"})
    void fieldsAreTakenOutAndPutIn(Type type) {
        var a = any(type.bits);
        var from = below(80);
        var length = below(80);
        var out = new Probe(named("bfe", type) + "%d, %a, %b, %c;", type, type, Type.U32, Type.U32)
                .run(a, from, length);
        for (int i = 0; i < COUNT; i++) {
            int top = (int) Math.min(from[i] + length[i] - 1, type.bits - 1);
            int sign = type.signed() && length[i] > 0 ? bit(a[i], top) : 0;
            for (int j = 0; j < type.bits; j++) {
                boolean inside = j < length[i] && j + from[i] < type.bits;
                assertThat(bit(out[i], j)).as("bit %d of bfe %x, %d, %d", j, a[i], from[i], length[i])
                        .isEqualTo(inside ? bit(a[i], (int) (j + from[i])) : sign);
            }
        }
        var b = any(type.bits);
        var bits = type.bits == 32 ? Type.B32 : Type.B64;
        for (int l : new int[] {0, 1, 7, 31, 32, 64}) {
            var in = new Probe(named("bfi", bits) + "%d, %a, %b, %c, " + l + ";", type, type, type, Type.U32)
                    .run(a, b, from);
            for (int i = 0; i < COUNT; i++) {
                for (int j = 0; j < type.bits; j++) {
                    boolean inside = j >= from[i] && j < from[i] + l;
                    assertThat(bit(in[i], j)).isEqualTo(inside ? bit(a[i], (int) (j - from[i])) : bit(b[i], j));
                }
            }
        }
    }

    @Test
    void bytesArePicked() {
        var a = any(32);
        var b = any(32);
        var selectors = any(16);
        var got = new Probe("prmt.b32 %d, %a, %b, %c;", Type.B32, Type.B32, Type.B32, Type.B32).run(a, b, selectors);
        for (int i = 0; i < COUNT; i++) {
            for (int j = 0; j < 4; j++) {
                int selector = (int) (selectors[i] >>> 4 * j & 15);
                long source = (selector & 4) == 0 ? a[i] : b[i];
                int value = (int) (source >>> 8 * (selector & 3) & 0xFF);
                int expected = (selector & 8) == 0 ? value : value >= 128 ? 255 : 0;
                assertThat(got[i] >>> 8 * j & 0xFF).isEqualTo(expected);
            }
        }
        // Figures 0x76543210 of the modes, section 9.7.8.7: byte numbers from the lowest.
        long low = 0x33221100L;
        long high = 0x77665544L;
        assertThat(mode("f4e", low, high, 1)).isEqualTo(0x44332211L);
        assertThat(mode("b4e", low, high, 1)).isEqualTo(0x66770011L);
        assertThat(mode("rc8", low, high, 2)).isEqualTo(0x22222222L);
        assertThat(mode("ecl", low, high, 2)).isEqualTo(0x33222222L);
        assertThat(mode("ecr", low, high, 2)).isEqualTo(0x22221100L);
        assertThat(mode("rc16", low, high, 1)).isEqualTo(0x33223322L);
    }

    private static long mode(String mode, long a, long b, long c) {
        return new Probe("prmt.b32." + mode + " %d, %a, %b, %c;", Type.B32, Type.B32, Type.B32, Type.B32)
                .run(new long[] {a}, new long[] {b}, new long[] {c})[0];
    }

    @ParameterizedTest
    @ValueSource(strings = {"l.wrap", "l.clamp", "r.wrap", "r.clamp"})
    void funnelShiftsMoveBitsOfAPair(String how) {
        var a = any(32);
        var b = any(32);
        var by = below(50);
        var got = new Probe("shf." + how + ".b32 %d, %a, %b, %c;", Type.B32, Type.B32, Type.B32, Type.B32)
                .run(a, b, by);
        for (int i = 0; i < COUNT; i++) {
            int n = (int) (how.endsWith("wrap") ? by[i] % 32 : Math.min(by[i], 32));
            long pair = b[i] << 32 | a[i];
            for (int j = 0; j < 32; j++) {
                assertThat(bit(got[i], j)).isEqualTo(bit(pair, how.startsWith("l") ? 32 + j - n : j + n));
            }
        }
    }

    @Test
    void anyFunctionOfThreeBits() {
        var a = any(32);
        var b = any(32);
        var c = any(32);
        for (int table = 0; table < 256; table += 5) {
            var got = new Probe("lop3.b32 %d, %a, %b, %c, " + table + ";", Type.B32, Type.B32, Type.B32, Type.B32)
                    .run(a, b, c);
            for (int i = 0; i < COUNT; i += 50) {
                for (int j = 0; j < 32; j++) {
                    int index = 4 * bit(a[i], j) + 2 * bit(b[i], j) + bit(c[i], j);
                    assertThat(bit(got[i], j)).isEqualTo(bit(table, index));
                }
            }
        }
    }

    @Test
    void bitsAreCountedFoundAndTurned() {
        var a = any(32);
        var w = any(64);
        a[0] = 0;
        w[0] = 0;
        var u32 = Type.U32;
        var u64 = Type.U64;
        var turned = new Probe("brev.b32 %d, %a;", u32, u32).run(a);
        var turnedWide = new Probe("brev.b64 %d, %a;", u64, u64).run(w);
        var found = new Probe("bfind.u32 %d, %a;", u32, u32).run(a);
        var foundSigned = new Probe("bfind.s32 %d, %a;", u32, u32).run(a);
        var foundShift = new Probe("bfind.shiftamt.u64 %d, %a;", u32, u64).run(w);
        var counted = new Probe("popc.b64 %d, %a;", u32, u64).run(w);
        var leading = new Probe("clz.b64 %d, %a;", u32, u64).run(w);
        var leading32 = new Probe("clz.b32 %d, %a;", u32, u32).run(a);
        for (int i = 0; i < COUNT; i++) {
            assertThat(turned[i]).isEqualTo(Integer.reverse((int) a[i]) & 0xFFFFFFFFL);
            assertThat(turnedWide[i]).isEqualTo(Long.reverse(w[i]));
            assertThat((int) found[i]).isEqualTo(31 - Integer.numberOfLeadingZeros((int) a[i]));
            int magnitude = (int) a[i] < 0 ? ~(int) a[i] : (int) a[i];
            assertThat((int) foundSigned[i]).isEqualTo(31 - Integer.numberOfLeadingZeros(magnitude));
            assertThat((int) foundShift[i]).isEqualTo(w[i] == 0 ? -1 : Long.numberOfLeadingZeros(w[i]));
            assertThat(counted[i]).isEqualTo(Long.bitCount(w[i]));
            assertThat(leading[i]).isEqualTo(Long.numberOfLeadingZeros(w[i]));
            assertThat(leading32[i]).isEqualTo(Integer.numberOfLeadingZeros((int) a[i]));
        }
    }

    @Test
    void predicatesAreCombinedAndChoose() {
        var text = """
                setp.lt.s32 %p, %a, %b;
                setp.gt.or.s32 %q, %a, 100, !%p;
                xor.pred %q, %q, %p;
                not.pred %q, %q;
                selp.s32 %d, %a, %b, %q;""";
        var a = any(32);
        var b = any(32);
        var got = new Probe(text, Type.S32, Type.S32, Type.S32).run(a, b);
        for (int i = 0; i < COUNT; i++) {
            boolean p = (int) a[i] < (int) b[i];
            boolean q = (int) a[i] > 100 || !p;
            assertThat(got[i]).isEqualTo(q == p ? a[i] : b[i]);
        }
        var two = """
                setp.lt.and.u32 %p|%q, %a, %b, %all;
                selp.u32 %d, 1, 0, %p;
                @%q add.u32 %d, %d, 2;""";
        var both = new Probe(".reg .pred %all; mov.pred %all, 1;\n" + two, Type.U32, Type.U32, Type.U32).run(a, b);
        for (int i = 0; i < COUNT; i++) {
            assertThat(both[i]).isEqualTo(a[i] < b[i] ? 1 : 2);
        }
    }
}
