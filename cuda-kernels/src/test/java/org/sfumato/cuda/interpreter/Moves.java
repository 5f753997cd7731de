package org.sfumato.cuda.interpreter;

import org.sfumato.cuda.interpreter.Action.Lanes;
import org.sfumato.cuda.interpreter.Opcode.Unknown;
import org.sfumato.cuda.interpreter.Registers.Place;

/// `mov`, `cvta`, `isspacep`, `activemask`. Source: NVIDIA, PTX ISA 9.0, section 9.7.9.
final class Moves {
    private Moves() { }

    static Lanes mov(Opcode opcode, Operands x) {
        var type = opcode.type();
        if (type == Type.PRED) {
            return predicate(x);
        } else if (x.get(1) instanceof Operand.Vector) {
            return pack(x.result(0, type), type.bits, x);
        } else if (x.get(0) instanceof Operand.Vector) {
            return unpack(type.bits, x);
        }
        int d = x.result(0, type);
        return type.bits == 64 ? copyLongs(d, x.wide(1)) : copyWords(d, x.word(1, type));
    }

    private static Lanes predicate(Operands x) {
        int d = x.result(0, Type.PRED);
        if (x.get(1) instanceof Operand.Number number) {
            int bits = number.value() != 0 ? -1 : 0;
            return (warp, from, to) -> Loops.setBits(warp, d, from, to, bits);
        }
        int a = x.predicate(1);
        return (warp, from, to) -> Loops.setBits(warp, d, from, to, warp.bits(a));
    }

    private static Lanes copyWords(int d, int a) {
        return (warp, from, to) -> System.arraycopy(warp.words, a + from, warp.words, d + from, to - from);
    }

    private static Lanes copyLongs(int d, int a) {
        return (warp, from, to) -> System.arraycopy(warp.longs, a + from, warp.longs, d + from, to - from);
    }

    private static Lanes pack(int d, int bits, Operands x) {
        int each = bits / x.elements(1).size();
        var parts = x.sources(1, each);
        var result = new Place(bits, d);
        long keep = each == 32 ? 0xFFFFFFFFL : (1L << each) - 1;
        return (warp, from, to) -> {
            for (int k = from; k < to; k++) {
                long value = 0;
                for (int j = 0; j < parts.length; j++) {
                    value |= (Loops.get(warp, parts[j], k) & keep) << each * j;
                }
                Loops.put(warp, result, k, value);
            }
        };
    }

    private static Lanes unpack(int bits, Operands x) {
        int each = bits / x.elements(0).size();
        var parts = x.resultPlaces(0, each);
        var source = x.source(1, bits);
        return (warp, from, to) -> {
            for (int k = from; k < to; k++) {
                long value = Loops.get(warp, source, k);
                for (int j = 0; j < parts.length; j++) {
                    Loops.put(warp, parts[j], k, value >>> each * j);
                }
            }
        };
    }

    /// Between addresses within a space and generic ones.
    static Lanes cvta(Opcode opcode, Operands x) {
        boolean inwards = opcode.take("to");
        var space = opcode.takeOne("global", "shared::cta", "shared", "local", "const", "param").orElseThrow(
                () -> new Unknown("a space is missing"));
        var type = opcode.type();
        long window = window(space);
        long plus = inwards ? -window : window;
        return Loops.any(x.result(0), x.source(1, type.bits), a -> a + plus);
    }

    private static long window(String space) {
        return switch (space) {
            case "shared", "shared::cta" -> Space.SHARED;
            case "local" -> Space.LOCAL;
            case "param" -> Space.PARAMETERS;
            default -> 0;
        };
    }

    static Lanes isspacep(Opcode opcode, Operands x) {
        var space = opcode.next();
        int d = x.result(0, Type.PRED);
        int a = x.wide(1);
        long window = window(space) >>> Space.WINDOW;
        return (warp, from, to) -> {
            int bits = 0;
            for (int k = from; k < to; k++) {
                long at = warp.longs[a + k] >>> Space.WINDOW;
                boolean device = at < 1 || at > 3;
                bits |= (window == 0 ? device : at == window) ? 1 << k : 0;
            }
            Loops.setBits(warp, d, from, to, bits);
        };
    }

    static Lanes activemask(Opcode opcode, Operands x) {
        opcode.type();
        int d = x.word32(0);
        return (warp, from, to) -> java.util.Arrays.fill(warp.words, d + from, d + to, warp.active);
    }
}
