package org.sfumato.cuda.interpreter;

import org.sfumato.cuda.interpreter.Action.Lanes;
import org.sfumato.cuda.interpreter.Opcode.Unknown;
import org.sfumato.cuda.interpreter.Operands.Pointer;
import org.sfumato.cuda.interpreter.Registers.Place;

/// `ld` and `st` of one value or a vector, in any space. Source: NVIDIA, PTX ISA 9.0, sections 9.7.9.8 to 9.7.9.12.
final class Accesses {
    private Accesses() { }

    /// Takes the parts that order and cache accesses, which change nothing here; returns the space.
    static String space(Opcode opcode) {
        opcode.ignore("volatile", "relaxed", "acquire", "release", "acq_rel", "weak", "cta", "cluster", "gpu", "sys",
                "nc", "ca", "cg", "cs", "lu", "cv", "wb", "wt", "unified");
        opcode.ignoreLike("L1::", "L2::");
        if (opcode.take("shared::cta")) {
            return "shared";
        }
        opcode.ignore("entry", "func");
        return opcode.takeOne("global", "shared", "local", "const", "param", "param::entry", "param::func")
                .map(space -> space.startsWith("param") ? "param" : space).orElse("");
    }

    private static int elements(Opcode opcode) {
        return opcode.takeOne("v2", "v4", "v8").map(v -> Integer.parseInt(v.substring(1))).orElse(1);
    }

    static Lanes load(Opcode opcode, Operands x) {
        var named = space(opcode);
        int count = elements(opcode);
        var type = opcode.type();
        var space = Space.of(x.space(1, named));
        var places = x.resultPlaces(0, type.bits);
        var pointer = x.pointer(1);
        check(places, count, type);
        if (space instanceof Space.Parameters && count == 1 && type.bits >= 32 && places[0].bits() == type.bits
                && x.constant(1)) {
            return loadParameter(pointer, places[0]);
        } else if (space instanceof Space.Global global && type.bits == 32 && all(places, 32)) {
            return loadGlobal(global, pointer, Operands.indices(places, count, 32));
        } else if (type.bits == 32 && all(places, 32)) {
            return loadWords(space, pointer, Operands.indices(places, count, 32));
        } else if (type.bits == 64 && all(places, 64)) {
            return loadLongs(space, pointer, Operands.indices(places, count, 64));
        }
        return loadAny(space, pointer, places, type);
    }

    static Lanes store(Opcode opcode, Operands x) {
        var named = space(opcode);
        int count = elements(opcode);
        var type = opcode.type();
        var space = Space.of(x.space(0, named));
        var places = x.sources(1, type.bits);
        var pointer = x.pointer(0);
        check(places, count, type);
        if (space instanceof Space.Global global && type.bits == 32 && all(places, 32)) {
            return storeGlobal(global, pointer, Operands.indices(places, count, 32));
        } else if (type.bits == 32 && all(places, 32)) {
            return storeWords(space, pointer, Operands.indices(places, count, 32));
        }
        return storeAny(space, pointer, places, type.bytes());
    }

    private static void check(Place[] places, int count, Type type) {
        if (places.length != count) {
            throw new Unknown(count + " values, " + places.length + " registers");
        }
        for (var place : places) {
            if (place.bits() < type.bits) {
                throw new Unknown("a register has " + place.bits() + " bits, fewer than " + type.bits);
            }
        }
    }

    private static boolean all(Place[] places, int bits) {
        return java.util.Arrays.stream(places).allMatch(place -> place.bits() == bits);
    }

    /// One parameter for all lanes.
    private static Lanes loadParameter(Pointer pointer, Place d) {
        int bytes = d.bits() / 8;
        var space = new Space.Parameters();
        return (warp, from, to) -> {
            int[] memory = space.read(warp, from, pointer.of(warp, from), bytes);
            int first = d.index() + from;
            int end = d.index() + to;
            if (bytes == 8) {
                java.util.Arrays.fill(warp.longs, first, end, element(memory, warp.at, 0, 8));
            } else {
                java.util.Arrays.fill(warp.words, first, end, memory[warp.at]);
            }
        };
    }

    private static Lanes loadWords(Space space, Pointer pointer, int[] d) {
        int bytes = 4 * d.length;
        return (warp, from, to) -> {
            for (int k = from; k < to; k++) {
                int[] memory = space.read(warp, k, pointer.of(warp, k), bytes);
                for (int j = 0; j < d.length; j++) {
                    warp.words[d[j] + k] = memory[warp.at + j];
                }
            }
        };
    }

    /// As [#loadWords], where the space need not be asked which it is.
    private static Lanes loadGlobal(Space.Global space, Pointer pointer, int[] d) {
        int bytes = 4 * d.length;
        return (warp, from, to) -> {
            for (int k = from; k < to; k++) {
                int[] memory = space.read(warp, k, pointer.of(warp, k), bytes);
                for (int j = 0; j < d.length; j++) {
                    warp.words[d[j] + k] = memory[warp.at + j];
                }
            }
        };
    }

    private static Lanes loadLongs(Space space, Pointer pointer, int[] d) {
        int bytes = 8 * d.length;
        return (warp, from, to) -> {
            for (int k = from; k < to; k++) {
                int[] memory = space.read(warp, k, pointer.of(warp, k), bytes);
                for (int j = 0; j < d.length; j++) {
                    warp.longs[d[j] + k] = element(memory, warp.at, 8 * j, 8);
                }
            }
        };
    }

    /// Narrow values are widened with the sign of their type to the width of the register.
    private static Lanes loadAny(Space space, Pointer pointer, Place[] places, Type type) {
        int each = type.bytes();
        return (warp, from, to) -> {
            for (int k = from; k < to; k++) {
                long address = pointer.of(warp, k);
                int[] memory = space.read(warp, k, address, each * places.length);
                for (int j = 0; j < places.length; j++) {
                    long value = element(memory, warp.at, (int) (address & 3) + each * j, each);
                    Loops.put(warp, places[j], k, Loops.extend(value, type));
                }
            }
        };
    }

    private static Lanes storeWords(Space space, Pointer pointer, int[] a) {
        int bytes = 4 * a.length;
        return (warp, from, to) -> {
            for (int k = from; k < to; k++) {
                int[] memory = space.write(warp, k, pointer.of(warp, k), bytes);
                for (int j = 0; j < a.length; j++) {
                    memory[warp.at + j] = warp.words[a[j] + k];
                }
            }
        };
    }

    /// As [#storeWords], where the space need not be asked which it is.
    private static Lanes storeGlobal(Space.Global space, Pointer pointer, int[] a) {
        int bytes = 4 * a.length;
        return (warp, from, to) -> {
            for (int k = from; k < to; k++) {
                int[] memory = space.write(warp, k, pointer.of(warp, k), bytes);
                for (int j = 0; j < a.length; j++) {
                    memory[warp.at + j] = warp.words[a[j] + k];
                }
            }
        };
    }

    private static Lanes storeAny(Space space, Pointer pointer, Place[] places, int each) {
        return (warp, from, to) -> {
            for (int k = from; k < to; k++) {
                long address = pointer.of(warp, k);
                int[] memory = space.write(warp, k, address, each * places.length);
                for (int j = 0; j < places.length; j++) {
                    setElement(memory, warp.at, (int) (address & 3) + each * j, each, Loops.get(warp, places[j], k));
                }
            }
        };
    }

    /// The value of `bytes` bytes that begins `offset` bytes after word `word`; it lies within one word or is two.
    static long element(int[] memory, int word, int offset, int bytes) {
        int at = word + (offset >> 2);
        if (bytes == 8) {
            return memory[at] & 0xFFFFFFFFL | (long) memory[at + 1] << 32;
        }
        long kept = bytes == 4 ? 0xFFFFFFFFL : (1L << 8 * bytes) - 1;
        return memory[at] >>> 8 * (offset & 3) & kept;
    }

    static void setElement(int[] memory, int word, int offset, int bytes, long value) {
        int at = word + (offset >> 2);
        if (bytes == 8) {
            memory[at + 1] = (int) (value >>> 32);
        }
        int shift = 8 * (offset & 3);
        int mask = bytes >= 4 ? -1 : (1 << 8 * bytes) - 1 << shift;
        memory[at] = memory[at] & ~mask | (int) value << shift & mask;
    }
}
