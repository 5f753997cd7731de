package org.sfumato.cuda.interpreter;

import org.sfumato.cuda.interpreter.Action.Lanes;
import org.sfumato.cuda.interpreter.Opcode.Unknown;
import org.sfumato.cuda.interpreter.Registers.Place;

/// `setp`, `set`, `selp`, `slct`, `testp`. Source: NVIDIA, PTX ISA 9.0, sections 9.7.6 and 9.7.7.
final class Comparisons {
    private interface Compare {
        /// A bit for each lane from `from` to `to` for which it holds.
        int bits(Warp warp, int from, int to);
    }

    private interface IntTest {
        boolean test(int a, int b);
    }

    private interface LongTest {
        boolean test(long a, long b);
    }

    private interface RealTest {
        boolean test(double a, double b);
    }

    private Comparisons() { }

    static Lanes setp(Opcode opcode, Operands x) {
        opcode.ignore("ftz");
        var name = opcode.next();
        var join = opcode.takeOne("and", "or", "xor").orElse("");
        var type = opcode.type();
        if (type.packed()) {
            return packed(name, type, x);
        }
        var compare = compare(name, type, x);
        int[] d = x.results(0, Type.PRED, Type.PRED);
        int with = join.isEmpty() ? 0 : x.predicate(3);
        return (warp, from, to) -> {
            int bits = compare.bits(warp, from, to);
            int other = join.isEmpty() ? 0 : warp.bits(with);
            Loops.setBits(warp, d[0], from, to, joined(join, bits, other));
            if (d[1] >= 0) {
                Loops.setBits(warp, d[1], from, to, joined(join, ~bits, other));
            }
        };
    }

    private static int joined(String join, int bits, int other) {
        return switch (join) {
            case "" -> bits;
            case "and" -> bits & other;
            case "or" -> bits | other;
            default -> bits ^ other;
        };
    }

    /// A result for each half.
    private static Lanes packed(String name, Type type, Operands x) {
        int[] d = x.results(0, Type.PRED, Type.PRED);
        int a = x.word(1);
        int b = x.word(2);
        var test = reals(name);
        boolean brain = type == Type.BF16X2;
        return (warp, from, to) -> {
            for (int half = 0; half < (d[1] < 0 ? 1 : 2); half++) {
                int shift = 16 * half;
                int bits = 0;
                for (int k = from; k < to; k++) {
                    boolean holds = test.test(half(warp.words[a + k] >>> shift, brain),
                            half(warp.words[b + k] >>> shift, brain));
                    bits |= holds ? 1 << k : 0;
                }
                Loops.setBits(warp, d[half], from, to, bits);
            }
        };
    }

    private static float half(int bits, boolean brain) {
        return brain ? Rounding.bf16(bits) : Rounding.f16(bits);
    }

    /// 1, or all bits for an integer result, where it holds.
    static Lanes set(Opcode opcode, Operands x) {
        opcode.ignore("ftz");
        var name = opcode.next();
        var join = opcode.takeOne("and", "or", "xor").orElse("");
        var result = opcode.type();
        var compare = compare(name, opcode.type(), x);
        int with = join.isEmpty() ? 0 : x.predicate(3);
        var d = x.result(0);
        long yes = switch (result) {
            case F32 -> Float.floatToRawIntBits(1);
            case F16 -> Float.floatToFloat16(1);
            case BF16 -> Rounding.NEAREST.toBf16(1);
            case U32, S32, U16, S16 -> -1;
            default -> throw new Unknown("set gives no ." + result);
        };
        return (warp, from, to) -> {
            int bits = joined(join, compare.bits(warp, from, to), join.isEmpty() ? 0 : warp.bits(with));
            for (int k = from; k < to; k++) {
                Loops.put(warp, d, k, (bits >>> k & 1) != 0 ? yes : 0);
            }
        };
    }

    private static Compare compare(String name, Type type, Operands x) {
        if (type.floating()) {
            return real(reals(name), type, x);
        } else if (type.bits == 64) {
            return integers(name, type, x.wide(1), x.wide(2));
        }
        int a = x.word(1, type);
        int b = x.word(2, type);
        if (type.bits == 16) {
            var test = longs(name, type);
            return loop(new Place(16, a), new Place(16, b), type, test);
        }
        return integers(name, type, a, b);
    }

    private static Compare loop(Place a, Place b, Type type, LongTest test) {
        return (warp, from, to) -> {
            int bits = 0;
            for (int k = from; k < to; k++) {
                boolean holds = test.test(Loops.extend(Loops.get(warp, a, k), type),
                        Loops.extend(Loops.get(warp, b, k), type));
                bits |= holds ? 1 << k : 0;
            }
            return bits;
        };
    }

    /// `a < b`, with `flip` added to both so that numbers without sign keep their order.
    private static Compare less(int a, int b, int flip) {
        return (warp, from, to) -> {
            var r = warp.words;
            int bits = 0;
            for (int k = from; k < to; k++) {
                bits |= r[a + k] + flip < r[b + k] + flip ? 1 << k : 0;
            }
            return bits;
        };
    }

    private static Compare less(int a, int b, long flip) {
        return (warp, from, to) -> {
            var r = warp.longs;
            int bits = 0;
            for (int k = from; k < to; k++) {
                bits |= r[a + k] + flip < r[b + k] + flip ? 1 << k : 0;
            }
            return bits;
        };
    }

    private static Compare equal(boolean wide, int a, int b) {
        return (warp, from, to) -> {
            int bits = 0;
            for (int k = from; k < to; k++) {
                bits |= (wide ? warp.longs[a + k] == warp.longs[b + k] : warp.words[a + k] == warp.words[b + k])
                        ? 1 << k : 0;
            }
            return bits;
        };
    }

    private static Compare not(Compare compare) {
        return (warp, from, to) -> ~compare.bits(warp, from, to);
    }

    /// All comparisons of integers of 32 and 64 bits, from `<` and `==`.
    private static Compare integers(String name, Type type, int a, int b) {
        boolean wide = type.bits == 64;
        return switch (name) {
            case "eq" -> equal(wide, a, b);
            case "ne" -> not(equal(wide, a, b));
            case "lt", "lo" -> less(type, a, b);
            case "gt", "hi" -> less(type, b, a);
            case "le", "ls" -> not(less(type, b, a));
            case "ge", "hs" -> not(less(type, a, b));
            default -> throw new Unknown("." + name + " is no comparison of integers");
        };
    }

    private static Compare less(Type type, int a, int b) {
        return type.bits == 64 ? less(a, b, type.signed() ? 0 : Long.MIN_VALUE)
                : less(a, b, type.signed() ? 0 : Integer.MIN_VALUE);
    }

    private static Compare words(IntTest test, int a, int b) {
        return (warp, from, to) -> {
            int bits = 0;
            for (int k = from; k < to; k++) {
                bits |= test.test(warp.words[a + k], warp.words[b + k]) ? 1 << k : 0;
            }
            return bits;
        };
    }

    private static Compare wide(LongTest test, int a, int b) {
        return (warp, from, to) -> {
            int bits = 0;
            for (int k = from; k < to; k++) {
                bits |= test.test(warp.longs[a + k], warp.longs[b + k]) ? 1 << k : 0;
            }
            return bits;
        };
    }

    private static Compare real(RealTest test, Type type, Operands x) {
        if (type == Type.F64) {
            return wide((a, b) -> test.test(Double.longBitsToDouble(a), Double.longBitsToDouble(b)),
                    x.wide(1), x.wide(2));
        }
        int a = x.word(1, type);
        int b = x.word(2, type);
        return switch (type) {
            case F16 -> words((p, q) -> test.test(Rounding.f16(p), Rounding.f16(q)), a, b);
            case BF16 -> words((p, q) -> test.test(Rounding.bf16(p), Rounding.bf16(q)), a, b);
            default -> words((p, q) -> test.test(Float.intBitsToFloat(p), Float.intBitsToFloat(q)), a, b);
        };
    }

    private static LongTest longs(String name, Type type) {
        boolean signed = type.signed();
        return switch (name) {
            case "eq" -> (a, b) -> a == b;
            case "ne" -> (a, b) -> a != b;
            case "lt", "lo" -> signed ? (a, b) -> a < b : (a, b) -> Long.compareUnsigned(a, b) < 0;
            case "le", "ls" -> signed ? (a, b) -> a <= b : (a, b) -> Long.compareUnsigned(a, b) <= 0;
            case "gt", "hi" -> signed ? (a, b) -> a > b : (a, b) -> Long.compareUnsigned(a, b) > 0;
            case "ge", "hs" -> signed ? (a, b) -> a >= b : (a, b) -> Long.compareUnsigned(a, b) >= 0;
            default -> throw new Unknown("." + name + " is no comparison of integers");
        };
    }

    /// With a `u` behind it a comparison also holds where a number is NaN.
    private static RealTest reals(String name) {
        return switch (name) {
            case "eq" -> (a, b) -> a == b;
            case "ne" -> (a, b) -> a < b || a > b;
            case "lt" -> (a, b) -> a < b;
            case "le" -> (a, b) -> a <= b;
            case "gt" -> (a, b) -> a > b;
            case "ge" -> (a, b) -> a >= b;
            case "equ" -> (a, b) -> !(a < b || a > b);
            case "neu" -> (a, b) -> a != b;
            case "ltu" -> (a, b) -> !(a >= b);
            case "leu" -> (a, b) -> !(a > b);
            case "gtu" -> (a, b) -> !(a <= b);
            case "geu" -> (a, b) -> !(a < b);
            case "num" -> (a, b) -> !Double.isNaN(a) && !Double.isNaN(b);
            case "nan" -> (a, b) -> Double.isNaN(a) || Double.isNaN(b);
            default -> throw new Unknown("." + name + " is no comparison of floats");
        };
    }

    static Lanes selp(Opcode opcode, Operands x) {
        var type = opcode.type();
        int d = x.result(0, type);
        int p = x.predicate(3);
        if (type.bits == 64) {
            int a = x.wide(1);
            int b = x.wide(2);
            return (warp, from, to) -> {
                int bits = warp.bits(p);
                for (int k = from; k < to; k++) {
                    warp.longs[d + k] = warp.longs[((bits >>> k & 1) != 0 ? a : b) + k];
                }
            };
        }
        int a = x.word(1, type);
        int b = x.word(2, type);
        return (warp, from, to) -> {
            int bits = warp.bits(p);
            for (int k = from; k < to; k++) {
                warp.words[d + k] = warp.words[((bits >>> k & 1) != 0 ? a : b) + k];
            }
        };
    }

    /// `c >= 0 ? a : b`.
    static Lanes slct(Opcode opcode, Operands x) {
        opcode.ignore("ftz");
        var type = opcode.type();
        boolean real = opcode.type() == Type.F32;
        return Loops.any(x.result(0), x.source(1, type.bits), x.source(2, type.bits), x.source(3, 32), (a, b, c) ->
                real ? Float.intBitsToFloat((int) c) >= 0 ? a : b : (int) c >= 0 ? a : b);
    }

    static Lanes testp(Opcode opcode, Operands x) {
        var what = opcode.next();
        var type = opcode.type();
        int d = x.result(0, Type.PRED);
        var a = x.source(1, type.bits);
        double least = type == Type.F64 ? Double.MIN_NORMAL : Float.MIN_NORMAL;
        return (warp, from, to) -> {
            int bits = 0;
            for (int k = from; k < to; k++) {
                double v = type == Type.F64 ? Double.longBitsToDouble(Loops.get(warp, a, k))
                        : Float.intBitsToFloat((int) Loops.get(warp, a, k));
                boolean holds = switch (what) {
                    case "finite" -> Double.isFinite(v);
                    case "infinite" -> Double.isInfinite(v);
                    case "number" -> !Double.isNaN(v);
                    case "notanumber" -> Double.isNaN(v);
                    case "normal" -> Double.isFinite(v) && Math.abs(v) >= least;
                    case "subnormal" -> v != 0 && Math.abs(v) < least;
                    default -> throw warp.fault(k, "." + what + " is not known");
                };
                bits |= holds ? 1 << k : 0;
            }
            Loops.setBits(warp, d, from, to, bits);
        };
    }
}
