package org.sfumato.cuda.elementwise;

import org.sfumato.cuda.elementwise.Code.Kind;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.op.Source.Distribution;

/// Random elements: draw `i` of an [org.sfumato.tensor.Rng] for element `i`, bit for bit. Parameters: seed, stream and
/// where these lie on the device or 0; for truth values the number below which 24 random bits must lie; for integers
/// the bound and `2^64 mod bound`.
public final class RandomBodies {
    private static final long REDRAW = 1L << 62;                    // as in Rng.below

    private RandomBodies() { }

    /// Elements of `type` drawn from `distribution`; a type other than the distribution's own is cast to.
    public static Elements.Body of(Distribution distribution, DType type) {
        return switch (distribution) {
            case Distribution.Uniform _ -> type == DType.F64 ? uniform64() : uniform32(type);
            case Distribution.Normal _ -> type == DType.F64 ? normal64() : normal32(type);
            case Distribution.Bernoulli _ -> bernoulli(type);
            case Distribution.Integers _ -> integers(type);
        };
    }

    private static Elements.Body uniform32(DType type) {
        return code -> {
            var random = new RandomCode(code);
            var real = new Real(code, false);
            return (_, place) -> {
                var high = code.op(Kind.B32, "shr.u32", random.word(place), "8");
                var value = real.mul(code.op(Kind.F32, "cvt.rn.f32.u32", high), real.of(0x1p-24));
                return new String[] {Conversion.store(code, DType.F32, value, type)};
            };
        };
    }

    private static Elements.Body uniform64() {
        return code -> {
            var random = new RandomCode(code);
            var real = new Real(code, true);
            return (_, place) -> {
                var pair = random.pair(place);
                var high = code.op(Kind.B64, "shr.u64", random.join(pair[0], pair[1]), "11");
                return new String[] {real.mul(code.op(Kind.F64, "cvt.rn.f64.u64", high), real.of(0x1p-53))};
            };
        };
    }

    private static Elements.Body normal32(DType type) {
        return code -> {
            var random = new RandomCode(code);
            var normal = new NormalCode(code, false);
            return (_, place) -> {
                var pair = random.pairOfTwo(place);
                var value = normal.times(normal.radius(pair[0]), turn(normal, random, place, pair[1]));
                return new String[] {Conversion.store(code, DType.F32, value, type)};
            };
        };
    }

    private static Elements.Body normal64() {
        return code -> {
            var random = new RandomCode(code);
            var normal = new NormalCode(code, true);
            return (_, place) -> {
                var words = random.block(random.blockOfTwo(place));
                var radius = normal.radius(random.join(words[0], words[1]));
                return new String[] {
                    normal.times(radius, turn(normal, random, place, random.join(words[2], words[3])))};
            };
        };
    }

    /// Even elements take the cosine of the angle that they share, odd ones the sine.
    private static String turn(NormalCode normal, RandomCode random, Elements.Place place, String angle) {
        if (place.quad()) {
            return place.lane() % 2 == 0 ? normal.cosTurn(angle) : normal.sinTurn(angle);
        }
        return normal.select(random.bit(place.first(), 1), normal.sinTurn(angle), normal.cosTurn(angle));
    }

    private static Elements.Body bernoulli(DType type) {
        return code -> {
            var random = new RandomCode(code);
            var limit = code.op(Kind.B32, "cvt.u32.u64", code.parameter("u64"));
            return (_, place) -> {
                var high = code.op(Kind.B32, "shr.u32", random.word(place), "8");
                var is = code.op(Kind.PRED, "setp.lt.u32", high, limit);
                return new String[] {
                    Conversion.store(code, DType.I64, code.op(Kind.B64, "selp.b64", "1", "0", is), type)};
            };
        };
    }

    private static Elements.Body integers(DType type) {
        return code -> {
            var random = new RandomCode(code);
            var bound = code.parameter("u64");
            var threshold = code.parameter("u64");
            return (_, place) -> {
                var pair = random.pair(place);
                var bits = code.register(Kind.B64);
                code.line("mov.b64 " + bits + ", " + random.join(pair[0], pair[1]));
                redraw(code, random, place.number(code), bits, bound, threshold);
                var value = code.op(Kind.B64, "mul.hi.u64", bits, bound);
                return new String[] {Conversion.store(code, DType.I64, value, type)};
            };
        };
    }

    /// Draws `bits` again while the low half of its product with `bound` is below `threshold`.
    private static void redraw(Code code, RandomCode random, String number, String bits, String bound,
            String threshold) {
        var low = code.register(Kind.B64);
        var fits = code.register(Kind.PRED);
        var done = code.label();
        code.line("mul.lo.u64 " + low + ", " + bits + ", " + bound);
        code.line("setp.ge.u64 " + fits + ", " + low + ", " + threshold);
        code.line("@" + fits + " bra " + done);
        code.aside(() -> {
            var own = code.op(Kind.B64, "and.b64", number, Long.toString(REDRAW - 1));
            var words = random.block(code.op(Kind.B64, "or.b64", own, Long.toString(REDRAW)));
            var others = random.stream(random.join(words[0], words[1]));
            var draw = code.register(Kind.B64);
            code.line("mov.b64 " + draw + ", 0");
            var again = code.label();
            code.place(again);
            var pair = others.pair(new Elements.Place(draw, 0, false));
            code.line("mov.b64 " + bits + ", " + random.join(pair[0], pair[1]));
            code.line("add.s64 " + draw + ", " + draw + ", 1");
            code.line("mul.lo.u64 " + low + ", " + bits + ", " + bound);
            code.line("setp.lt.u64 " + fits + ", " + low + ", " + threshold);
            code.line("@" + fits + " bra " + again);
        });
        code.place(done);
    }
}
