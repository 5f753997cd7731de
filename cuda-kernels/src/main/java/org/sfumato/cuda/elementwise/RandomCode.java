package org.sfumato.cuda.elementwise;

import org.sfumato.cuda.elementwise.Code.Kind;
import org.sfumato.tensor.spi.Philox;

/// Writes random bits as [Philox] defines them. Parameters: seed and stream, and where these are to be read in their
/// place, or 0 (u64).
final class RandomCode {
    private final Code code;
    private final String seed;
    private final String stream;

    RandomCode(Code code) {
        this(code, code.register(Kind.B64), code.register(Kind.B64));
        code.line("mov.b64 " + seed + ", " + code.parameter("u64"));
        code.line("mov.b64 " + stream + ", " + code.parameter("u64"));
        var key = code.parameter("u64");
        code.line("@" + code.op(Kind.PRED, "setp.ne.u64", key, "0") + " ld.global.v2.b64 " + Code.vector(seed, stream)
                + ", [" + key + "]");
    }

    private RandomCode(Code code, String seed, String stream) {
        this.code = code;
        this.seed = seed;
        this.stream = stream;
    }

    /// The same seed, another stream.
    RandomCode stream(String other) {
        return new RandomCode(code, seed, other);
    }

    /// The four words of a block, whose number is in a 64-bit register.
    String[] block(String number) {
        var c = new String[] {low(number), high(number), low(stream), high(stream)};
        var k0 = low(seed);
        var k1 = high(seed);
        var m0 = Integer.toString((int) Philox.M0);
        var m1 = Integer.toString((int) Philox.M1);
        for (int round = 0; round < Philox.ROUNDS; round++) {
            var high0 = code.op(Kind.B32, "mul.hi.u32", c[0], m0);
            var low0 = code.op(Kind.B32, "mul.lo.s32", c[0], m0);
            var high1 = code.op(Kind.B32, "mul.hi.u32", c[2], m1);
            var low1 = code.op(Kind.B32, "mul.lo.s32", c[2], m1);
            c = new String[] {xor(xor(high1, c[1]), k0), low1, xor(xor(high0, c[3]), k1), low0};
            k0 = code.op(Kind.B32, "add.s32", k0, Integer.toString(Philox.W0));
            k1 = code.op(Kind.B32, "add.s32", k1, Integer.toString(Philox.W1));
        }
        return c;
    }

    private String xor(String a, String b) {
        return code.op(Kind.B32, "xor.b32", a, b);
    }

    private String low(String wide) {
        return code.op(Kind.B32, "cvt.u32.u64", wide);
    }

    private String high(String wide) {
        return code.op(Kind.B32, "cvt.u32.u64", code.op(Kind.B64, "shr.u64", wide, "32"));
    }

    /// Two words as one value of 64 bits.
    String join(String low, String high) {
        return code.op(Kind.B64, "mov.b64", Code.vector(low, high));
    }

    /// Word number `place`.
    String word(Elements.Place place) {
        var words = block(above(place.first(), 2));
        if (place.quad()) {
            return words[place.lane()];
        }
        var odd = bit(place.first(), 1);
        return select(bit(place.first(), 2), select(odd, words[3], words[2]), select(odd, words[1], words[0]));
    }

    /// Value number `place` of 64 bits, as its two words.
    String[] pair(Elements.Place place) {
        if (place.quad()) {
            return half(block(blockOfTwo(place)), place.lane() & 1);
        }
        return half(block(above(place.first(), 1)), bit(place.first(), 1));
    }

    /// Value number `place / 2` of 64 bits, as its two words.
    String[] pairOfTwo(Elements.Place place) {
        var words = block(above(place.first(), 2));
        return place.quad() ? half(words, place.lane() >> 1) : half(words, bit(place.first(), 2));
    }

    /// The block number `place / 2`.
    String blockOfTwo(Elements.Place place) {
        var number = above(place.first(), 1);
        return place.lane() < 2 ? number : code.op(Kind.B64, "add.s64", number, "1");
    }

    private static String[] half(String[] words, int half) {
        return new String[] {words[2 * half], words[2 * half + 1]};
    }

    private String[] half(String[] words, String condition) {
        return new String[] {select(condition, words[2], words[0]), select(condition, words[3], words[1])};
    }

    private String above(String number, int by) {
        return code.op(Kind.B64, "shr.u64", number, Integer.toString(by));
    }

    /// True if the number has the bit `mask`.
    String bit(String number, int mask) {
        return code.op(Kind.PRED, "setp.ne.s64", code.op(Kind.B64, "and.b64", number, Integer.toString(mask)), "0");
    }

    private String select(String condition, String yes, String no) {
        return code.op(Kind.B32, "selp.b32", yes, no, condition);
    }
}
