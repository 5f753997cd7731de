package org.sfumato.cuda.interpreter;

import java.util.function.IntBinaryOperator;
import java.util.function.LongBinaryOperator;
import org.sfumato.cuda.interpreter.Action.Lanes;
import org.sfumato.cuda.interpreter.Opcode.Unknown;

/// Whole numbers: `add`, `sub`, `mul`, `mad`, `div`, `rem`, `min`, `max`, `abs`, `neg`, `sad`, `dp4a`.
/// Source: NVIDIA, PTX ISA 9.0, section 9.7.1.
final class Integers {
    private static final Type HALF = Type.B16;

    private Integers() { }

    static Lanes decode(Opcode opcode, Operands x) {
        boolean sat = opcode.take("sat");
        return switch (opcode.name()) {
            case "mul", "mul24" -> multiply(opcode, x);
            case "mad", "mad24" -> multiplyAdd(opcode, x);
            case "div", "rem" -> divide(opcode.name().equals("div"), opcode.type(), x);
            case "abs", "neg" -> unary(opcode.name(), opcode.type(), x);
            case "dp4a" -> dot4(opcode, x);
            case "sad" -> {
                var type = opcode.type();
                yield Loops.any(x.result(0), x.source(1, type.bits), x.source(2, type.bits), x.source(3, type.bits),
                        (a, b, c) -> c + Math.abs(Loops.extend(a, type) - Loops.extend(b, type)));
            }
            default -> sat ? saturating(opcode, x) : binary(opcode.name(), opcode.type(), x);
        };
    }

    private static Lanes binary(String name, Type type, Operands x) {
        if (type.bits == 64) {
            int d = x.result(0, type);
            int a = x.wide(1);
            int b = x.wide(2);
            return name.equals("add") ? add64(d, a, b) : Loops.longs(d, a, b, longs(name, type));
        }
        int d = x.result(0, type);
        int a = x.word(1, type);
        int b = x.word(2, type);
        if (type.bits == 32 && name.equals("add")) {
            return add32(d, a, b);
        } else if (type.bits == 32 && name.equals("sub")) {
            return sub32(d, a, b);
        }
        return Loops.words(d, a, b, type.bits == 32 ? ints(name, type) : halves(name, type));
    }

    private static IntBinaryOperator ints(String name, Type type) {
        boolean signed = type.signed();
        return switch (name) {
            case "min" -> signed ? Math::min : (a, b) -> Integer.compareUnsigned(a, b) < 0 ? a : b;
            case "max" -> signed ? Math::max : (a, b) -> Integer.compareUnsigned(a, b) > 0 ? a : b;
            default -> throw new Unknown(name + " is not known in ." + type);
        };
    }

    private static IntBinaryOperator halves(String name, Type type) {
        boolean signed = type.signed();
        return switch (name) {
            case "add" -> (a, b) -> a + b & 0xFFFF;
            case "sub" -> (a, b) -> a - b & 0xFFFF;
            case "min" -> signed ? (a, b) -> Math.min((short) a, (short) b) & 0xFFFF : Math::min;
            case "max" -> signed ? (a, b) -> Math.max((short) a, (short) b) & 0xFFFF : Math::max;
            default -> throw new Unknown(name + " is not known in ." + type);
        };
    }

    private static LongBinaryOperator longs(String name, Type type) {
        boolean signed = type.signed();
        return switch (name) {
            case "sub" -> (a, b) -> a - b;
            case "min" -> signed ? Math::min : (a, b) -> Long.compareUnsigned(a, b) < 0 ? a : b;
            case "max" -> signed ? Math::max : (a, b) -> Long.compareUnsigned(a, b) > 0 ? a : b;
            default -> throw new Unknown(name + " is not known in ." + type);
        };
    }

    private static Lanes saturating(Opcode opcode, Operands x) {
        var type = opcode.type();
        int sign = opcode.name().equals("add") ? 1 : -1;
        if (type != Type.S32 || !opcode.name().matches("add|sub")) {
            throw new Unknown("saturation is known of add.s32 and sub.s32");
        }
        return Loops.words(x.word32(0), x.word(1), x.word(2), (a, b) -> {
            long sum = a + sign * (long) b;
            return Math.clamp(sum, Integer.MIN_VALUE, Integer.MAX_VALUE);
        });
    }

    private static Lanes unary(String name, Type type, Operands x) {
        boolean abs = name.equals("abs");
        if (type.bits == 64) {
            return Loops.longs(x.result(0, type), x.wide(1), abs ? Math::abs : a -> -a);
        } else if (type.bits == 16) {
            return Loops.words(x.result(0, type), x.word(1, type), a -> (abs ? Math.abs((short) a) : -a) & 0xFFFF);
        }
        return Loops.words(x.result(0, type), x.word(1, type), abs ? Math::abs : a -> -a);
    }

    private static Lanes divide(boolean quotient, Type type, Operands x) {
        var d = x.result(0);
        var a = x.source(1, type.bits);
        var b = x.source(2, type.bits);
        boolean signed = type.signed();
        return (warp, from, to) -> {
            for (int k = from; k < to; k++) {
                long n = Loops.extend(Loops.get(warp, a, k), type);
                long m = Loops.extend(Loops.get(warp, b, k), type);
                if (m == 0) {
                    throw warp.fault(k, "integer division by zero");
                }
                Loops.put(warp, d, k, quotient ? signed ? n / m : Long.divideUnsigned(n, m)
                        : signed ? n % m : Long.remainderUnsigned(n, m));
            }
        };
    }

    // products

    private static Lanes multiply(Opcode opcode, Operands x) {
        var part = opcode.next();
        var type = opcode.type();
        if (part.equals("wide")) {
            return wide(type, x);
        } else if (part.equals("hi")) {
            return high(type, x);
        } else if (!part.equals("lo")) {
            throw new Unknown("." + part + " is no part of a product");
        } else if (opcode.name().equals("mul24")) {
            return Loops.words(x.word32(0), x.word(1), x.word(2), (a, b) -> cut24(a, type) * cut24(b, type));
        } else if (type.bits == 64) {
            return mul64(x.result(0, type), x.wide(1), x.wide(2));
        } else if (type.bits == 16) {
            return Loops.words(x.result(0, type), x.word(1, type), x.word(2, type), (a, b) -> a * b & 0xFFFF);
        }
        return mul32(x.result(0, type), x.word(1, type), x.word(2, type));
    }

    private static int cut24(int a, Type type) {
        return type.signed() ? a << 8 >> 8 : a & 0xFFFFFF;
    }

    private static Lanes wide(Type type, Operands x) {
        if (type.bits == 16) {
            return Loops.words(x.word32(0), x.word(1, HALF), x.word(2, HALF), type.signed()
                    ? (a, b) -> (short) a * (short) b : (a, b) -> a * b);
        }
        int d = x.result(0, Type.B64);
        int a = x.word(1, type);
        int b = x.word(2, type);
        return type.signed() ? wideSigned(d, a, b) : wideUnsigned(d, a, b);
    }

    private static Lanes high(Type type, Operands x) {
        boolean signed = type.signed();
        if (type.bits == 64) {
            return Loops.longs(x.result(0, type), x.wide(1), x.wide(2),
                    signed ? Math::multiplyHigh : Math::unsignedMultiplyHigh);
        } else if (type.bits == 16) {
            return Loops.words(x.result(0, type), x.word(1, type), x.word(2, type), (a, b) -> signed
                    ? (short) a * (short) b >> 16 & 0xFFFF : a * b >>> 16);
        }
        return Loops.words(x.result(0, type), x.word(1, type), x.word(2, type), signed
                ? (a, b) -> (int) ((long) a * b >> 32) : (a, b) -> high32(a, b));
    }

    private static int high32(int a, int b) {
        return (int) ((a & 0xFFFFFFFFL) * (b & 0xFFFFFFFFL) >>> 32);
    }

    private static Lanes multiplyAdd(Opcode opcode, Operands x) {
        var part = opcode.next();
        var type = opcode.type();
        boolean signed = type.signed();
        if (part.equals("wide")) {
            return type.bits == 16
                    ? Loops.words(x.word32(0), x.word(1, type), x.word(2, type), x.word(3), (a, b, c) -> signed
                            ? (short) a * (short) b + c : a * b + c)
                    : wideAdd(signed, x.result(0, Type.B64), x.word(1, type), x.word(2, type), x.wide(3));
        } else if (part.equals("hi") && type.bits == 16) {
            return Loops.words(x.result(0, type), x.word(1, type), x.word(2, type), x.word(3, type), (a, b, c) ->
                    (signed ? (short) a * (short) b >> 16 : a * b >>> 16) + c & 0xFFFF);
        } else if (part.equals("hi")) {
            return type.bits == 64
                    ? Loops.longs(x.result(0, type), x.wide(1), x.wide(2), x.wide(3), (a, b, c) -> c + (signed
                            ? Math.multiplyHigh(a, b) : Math.unsignedMultiplyHigh(a, b)))
                    : Loops.words(x.result(0, type), x.word(1, type), x.word(2, type), x.word(3, type), (a, b, c) ->
                            c + (signed ? (int) ((long) a * b >> 32) : high32(a, b)));
        } else if (!part.equals("lo")) {
            throw new Unknown("." + part + " is no part of a product");
        } else if (type.bits == 64) {
            return Loops.longs(x.result(0, type), x.wide(1), x.wide(2), x.wide(3), (a, b, c) -> a * b + c);
        } else if (type.bits == 16) {
            return Loops.words(x.result(0, type), x.word(1, type), x.word(2, type), x.word(3, type),
                    (a, b, c) -> a * b + c & 0xFFFF);
        } else if (opcode.name().equals("mad24")) {
            return Loops.words(x.word32(0), x.word(1), x.word(2), x.word(3),
                    (a, b, c) -> cut24(a, type) * cut24(b, type) + c);
        }
        return mad32(x.result(0, type), x.word(1, type), x.word(2, type), x.word(3, type));
    }

    private static Lanes dot4(Opcode opcode, Operands x) {
        boolean signedA = opcode.type().signed();
        boolean signedB = opcode.type().signed();
        return Loops.words(x.word32(0), x.word(1), x.word(2), x.word(3), (a, b, c) -> {
            int sum = c;
            for (int shift = 0; shift < 32; shift += 8) {
                int p = signedA ? (byte) (a >> shift) : a >>> shift & 0xFF;
                int q = signedB ? (byte) (b >> shift) : b >>> shift & 0xFF;
                sum += p * q;
            }
            return sum;
        });
    }

    // loops that kernels run most

    private static Lanes add32(int d, int a, int b) {
        return (warp, from, to) -> {
            var r = warp.words;
            for (int k = from; k < to; k++) {
                r[d + k] = r[a + k] + r[b + k];
            }
        };
    }

    private static Lanes sub32(int d, int a, int b) {
        return (warp, from, to) -> {
            var r = warp.words;
            for (int k = from; k < to; k++) {
                r[d + k] = r[a + k] - r[b + k];
            }
        };
    }

    private static Lanes mul32(int d, int a, int b) {
        return (warp, from, to) -> {
            var r = warp.words;
            for (int k = from; k < to; k++) {
                r[d + k] = r[a + k] * r[b + k];
            }
        };
    }

    private static Lanes mad32(int d, int a, int b, int c) {
        return (warp, from, to) -> {
            var r = warp.words;
            for (int k = from; k < to; k++) {
                r[d + k] = r[a + k] * r[b + k] + r[c + k];
            }
        };
    }

    private static Lanes add64(int d, int a, int b) {
        return (warp, from, to) -> {
            var r = warp.longs;
            for (int k = from; k < to; k++) {
                r[d + k] = r[a + k] + r[b + k];
            }
        };
    }

    private static Lanes mul64(int d, int a, int b) {
        return (warp, from, to) -> {
            var r = warp.longs;
            for (int k = from; k < to; k++) {
                r[d + k] = r[a + k] * r[b + k];
            }
        };
    }

    private static Lanes wideSigned(int d, int a, int b) {
        return (warp, from, to) -> {
            var r = warp.words;
            for (int k = from; k < to; k++) {
                warp.longs[d + k] = (long) r[a + k] * r[b + k];
            }
        };
    }

    private static Lanes wideUnsigned(int d, int a, int b) {
        return (warp, from, to) -> {
            var r = warp.words;
            for (int k = from; k < to; k++) {
                warp.longs[d + k] = (r[a + k] & 0xFFFFFFFFL) * (r[b + k] & 0xFFFFFFFFL);
            }
        };
    }

    private static Lanes wideAdd(boolean signed, int d, int a, int b, int c) {
        long keep = signed ? -1 : 0xFFFFFFFFL;
        return (warp, from, to) -> {
            var r = warp.words;
            for (int k = from; k < to; k++) {
                warp.longs[d + k] = (r[a + k] & keep) * (r[b + k] & keep) + warp.longs[c + k];
            }
        };
    }
}
