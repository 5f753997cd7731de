package org.sfumato.cuda.interpreter;

import java.util.function.IntBinaryOperator;
import java.util.function.LongBinaryOperator;
import org.sfumato.cuda.interpreter.Action.Lanes;
import org.sfumato.cuda.interpreter.Opcode.Unknown;

/// Bits: `and`, `or`, `xor`, `not`, `cnot`, `lop3`, `shl`, `shr`, `shf`, `bfe`, `bfi`, `bfind`, `bmsk`, `brev`, `clz`,
/// `popc`, `prmt`, `szext`. Source: NVIDIA, PTX ISA 9.0, sections 9.7.1 and 9.7.8.
final class Logic {
    private Logic() { }

    static Lanes decode(Opcode opcode, Operands x) {
        return switch (opcode.name()) {
            case "and", "or", "xor" -> binary(opcode.name(), opcode.type(), x);
            case "not", "cnot" -> not(opcode.name(), opcode.type(), x);
            case "shl" -> left(opcode.type(), x);
            case "shr" -> right(opcode.type(), x);
            case "lop3" -> lop3(opcode, x);
            case "shf" -> funnel(opcode, x);
            case "bfe" -> extract(opcode.type(), x);
            case "bfi" -> insert(opcode.type(), x);
            case "prmt" -> permute(opcode, x);
            default -> count(opcode, x);
        };
    }

    private static Lanes binary(String name, Type type, Operands x) {
        if (type == Type.PRED) {
            return predicates(name, x.result(0, type), x.predicate(1), x.predicate(2));
        }
        int d = x.result(0, type);
        if (type.bits == 64) {
            return Loops.longs(d, x.wide(1), x.wide(2), longs(name));
        }
        int a = x.word(1, type);
        int b = x.word(2, type);
        return switch (name) {
            case "and" -> and(d, a, b);
            case "or" -> or(d, a, b);
            default -> Loops.words(d, a, b, ints(name));
        };
    }

    private static Lanes and(int d, int a, int b) {
        return (warp, from, to) -> {
            var r = warp.words;
            for (int k = from; k < to; k++) {
                r[d + k] = r[a + k] & r[b + k];
            }
        };
    }

    private static Lanes or(int d, int a, int b) {
        return (warp, from, to) -> {
            var r = warp.words;
            for (int k = from; k < to; k++) {
                r[d + k] = r[a + k] | r[b + k];
            }
        };
    }

    private static IntBinaryOperator ints(String name) {
        return switch (name) {
            case "and" -> (a, b) -> a & b;
            case "or" -> (a, b) -> a | b;
            default -> (a, b) -> a ^ b;
        };
    }

    private static LongBinaryOperator longs(String name) {
        return switch (name) {
            case "and" -> (a, b) -> a & b;
            case "or" -> (a, b) -> a | b;
            default -> (a, b) -> a ^ b;
        };
    }

    private static Lanes predicates(String name, int d, int a, int b) {
        var f = ints(name);
        return (warp, from, to) -> Loops.setBits(warp, d, from, to, f.applyAsInt(warp.bits(a), warp.bits(b)));
    }

    private static Lanes not(String name, Type type, Operands x) {
        boolean zero = name.equals("cnot");
        if (type == Type.PRED) {
            int d = x.result(0, type);
            int a = x.predicate(1);
            return (warp, from, to) -> Loops.setBits(warp, d, from, to, ~warp.bits(a));
        }
        x.result(0, type);
        return Loops.any(x.result(0), x.source(1, type.bits), zero ? a -> Loops.extend(a, type) == 0 ? 1 : 0
                : a -> ~a);
    }

    private static Lanes left(Type type, Operands x) {
        int d = x.result(0, type);
        int n = x.word(2);
        if (type.bits == 64) {
            int a = x.wide(1);
            return (warp, from, to) -> {
                for (int k = from; k < to; k++) {
                    int by = warp.words[n + k];
                    warp.longs[d + k] = by < 0 || by > 63 ? 0 : warp.longs[a + k] << by;
                }
            };
        }
        int most = type.bits - 1;
        int keep = type.bits == 16 ? 0xFFFF : -1;
        int a = x.word(1, type);
        return (warp, from, to) -> {
            var r = warp.words;
            for (int k = from; k < to; k++) {
                int by = r[n + k];
                r[d + k] = by < 0 || by > most ? 0 : r[a + k] << by & keep;
            }
        };
    }

    private static Lanes right(Type type, Operands x) {
        int d = x.result(0, type);
        int n = x.word(2);
        int most = type.bits - 1;
        boolean signed = type.signed();
        if (type.bits == 64) {
            int a = x.wide(1);
            return (warp, from, to) -> {
                for (int k = from; k < to; k++) {
                    int by = warp.words[n + k];
                    boolean out = by < 0 || by > most;
                    long v = warp.longs[a + k];
                    warp.longs[d + k] = signed ? v >> (out ? most : by) : out ? 0 : v >>> by;
                }
            };
        }
        return !signed && type.bits == 32 ? rightUnsigned(d, x.word(1, type), n)
                : Loops.words(d, x.word(1, type), n, (a, by) -> {
            boolean out = by < 0 || by > most;
            int v = (int) Loops.extend(a, type);
            return (signed ? v >> (out ? most : by) : out ? 0 : v >>> by) & (type.bits == 16 ? 0xFFFF : -1);
        });
    }

    private static Lanes rightUnsigned(int d, int a, int n) {
        return (warp, from, to) -> {
            var r = warp.words;
            for (int k = from; k < to; k++) {
                int by = r[n + k];
                r[d + k] = by < 0 || by > 31 ? 0 : r[a + k] >>> by;
            }
        };
    }

    /// Bit `4 a + 2 b + c` of the table, for each bit of a, b and c.
    private static Lanes lop3(Opcode opcode, Operands x) {
        opcode.type();
        int table = (int) ((Operand.Number) x.get(4)).value();
        return Loops.words(x.word32(0), x.word(1), x.word(2), x.word(3), (a, b, c) -> {
            int result = 0;
            for (int j = 0; j < 8; j++) {
                if ((table >>> j & 1) != 0) {
                    result |= ((j & 4) != 0 ? a : ~a) & ((j & 2) != 0 ? b : ~b) & ((j & 1) != 0 ? c : ~c);
                }
            }
            return result;
        });
    }

    private static Lanes funnel(Opcode opcode, Operands x) {
        boolean left = opcode.next().equals("l");
        boolean wrap = opcode.next().equals("wrap");
        opcode.type();
        return Loops.words(x.word32(0), x.word(1), x.word(2), x.word(3), (low, high, by) -> {
            int n = wrap ? by & 31 : Integer.compareUnsigned(by, 32) < 0 ? by : 32;
            long both = (long) high << 32 | low & 0xFFFFFFFFL;
            return left ? (int) (n == 32 ? low : both << n >>> 32) : (int) (both >>> n);
        });
    }

    private static Lanes extract(Type type, Operands x) {
        int most = type.bits - 1;
        return Loops.any(x.result(0), x.source(1, type.bits), x.source(2, 32), x.source(3, 32), (a, p, l) -> {
            int from = (int) p & 0xFF;
            int length = (int) l & 0xFF;
            long value = Loops.extend(a, type);
            long sign = type.signed() && length > 0 ? value >>> Math.min(from + length - 1, most) & 1 : 0;
            long field = from > most ? 0 : (type.bits == 64 ? value : value & 0xFFFFFFFFL) >>> from;
            if (length > most - from) {                             // beyond the top lies the sign
                int taken = Math.max(type.bits - from, 0);
                field = sign != 0 && taken < 64 ? field | -1L << taken : field;
            }
            long kept = length >= 64 ? field : field & (1L << length) - 1;
            return sign != 0 && length < 64 ? kept | -1L << length : kept;
        });
    }

    private static Lanes insert(Type type, Operands x) {
        var d = x.result(0);
        var a = x.source(1, type.bits);
        var b = x.source(2, type.bits);
        var p = x.source(3, 32);
        var l = x.source(4, 32);
        return (warp, from, to) -> {
            for (int k = from; k < to; k++) {
                int start = (int) Loops.get(warp, p, k) & 0xFF;
                int length = (int) Loops.get(warp, l, k) & 0xFF;
                long mask = start >= type.bits ? 0 : (length >= 64 ? -1 : (1L << length) - 1) << start;
                Loops.put(warp, d, k, Loops.get(warp, b, k) & ~mask
                        | (start >= 64 ? 0 : Loops.get(warp, a, k) << start) & mask);
            }
        };
    }

    private static Lanes permute(Opcode opcode, Operands x) {
        opcode.type();
        var mode = opcode.takeOne("f4e", "b4e", "rc8", "ecl", "ecr", "rc16").orElse("");
        return Loops.words(x.word32(0), x.word(1), x.word(2), x.word(3), (a, b, c) -> {
            int select = mode.isEmpty() ? c : selector(mode, c & 3);
            long bytes = (long) b << 32 | a & 0xFFFFFFFFL;
            int result = 0;
            for (int j = 0; j < 4; j++) {
                int nibble = select >>> 4 * j;
                int value = (int) (bytes >>> 8 * (nibble & 7)) & 0xFF;
                result |= ((nibble & 8) == 0 ? value : (value & 0x80) != 0 ? 0xFF : 0) << 8 * j;
            }
            return result;
        });
    }

    /// The table of section 9.7.8.7, four selectors for each mode.
    private static int selector(String mode, int c) {
        return switch (mode) {
            case "f4e" -> new int[] {0x3210, 0x4321, 0x5432, 0x6543}[c];
            case "b4e" -> new int[] {0x5670, 0x6701, 0x7012, 0x0123}[c];
            case "rc8" -> 0x1111 * c;
            case "ecl" -> new int[] {0x3210, 0x3211, 0x3222, 0x3333}[c];
            case "ecr" -> new int[] {0x0000, 0x1110, 0x2210, 0x3210}[c];
            case "rc16" -> new int[] {0x1010, 0x3232, 0x1010, 0x3232}[c];
            default -> throw new AssertionError(mode);
        };
    }

    private static Lanes count(Opcode opcode, Operands x) {
        boolean shift = opcode.take("shiftamt");
        boolean clamp = opcode.take("clamp");
        boolean wrap = opcode.take("wrap");
        var type = opcode.type();
        int bits = type.bits;
        var d = x.result(0);
        var a = x.source(1, bits);
        return switch (opcode.name()) {
            case "popc" -> Loops.any(d, a, v -> Long.bitCount(v));
            case "clz" -> Loops.any(d, a, v -> Long.numberOfLeadingZeros(v) - (64 - bits));
            case "brev" -> Loops.any(d, a, v -> Long.reverse(v) >>> 64 - bits);
            case "bfind" -> Loops.any(d, a, v -> {
                long value = Loops.extend(v, type);
                long found = 63 - Long.numberOfLeadingZeros(type.signed() && value < 0 ? ~value : value);
                return found < 0 ? -1 : shift ? bits - 1 - found : found;
            });
            case "bmsk" -> Loops.any(d, a, x.source(2, 32), (from, length) -> {
                long n = wrap ? length & 31 : Math.min(length, 32);
                long start = wrap ? from & 31 : Math.min(from, 32);
                return (1L << n) - 1 << start;
            });
            case "szext" -> Loops.any(d, a, x.source(2, 32), (v, n) -> {
                int length = (int) (wrap ? n & 31 : Math.min(n, 32));
                return length == 0 ? 0 : type.signed() ? v << 64 - length >> 64 - length : v & (1L << length) - 1;
            });
            default -> throw new Unknown("instruction " + opcode.name() + (clamp ? ".clamp" : "") + " is not known");
        };
    }
}
