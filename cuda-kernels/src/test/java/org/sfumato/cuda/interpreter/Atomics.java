package org.sfumato.cuda.interpreter;

import java.util.function.LongBinaryOperator;
import org.sfumato.cuda.interpreter.Action.Lanes;
import org.sfumato.cuda.interpreter.Opcode.Unknown;
import org.sfumato.cuda.interpreter.Operands.Pointer;
import org.sfumato.cuda.interpreter.Registers.Place;

/// `atom` and `red`: lane after lane, in their order. Source: NVIDIA, PTX ISA 9.0, sections 9.7.13.5 and 9.7.13.7.
final class Atomics {
    private Atomics() { }

    static Lanes decode(Opcode opcode, Operands x) {
        boolean reduces = opcode.name().equals("red");
        var space = Space.of(Accesses.space(opcode));
        opcode.ignore("noftz");
        var name = opcode.takeOne("add", "min", "max", "exch", "cas", "and", "or", "xor", "inc", "dec").orElseThrow(
                () -> new Unknown("an operation is missing"));
        var type = opcode.type();
        int first = reduces ? 0 : 1;
        var pointer = x.pointer(first);
        var value = x.source(first + 1, type.bits);
        if (name.equals("cas")) {
            return compareAndSwap(space, pointer, x.result(0), value, x.source(3, type.bits), type);
        }
        var f = function(name, type);
        boolean kept = !reduces && !(x.get(0) instanceof Operand.Name(var text, var _) && text.equals("_"));
        var d = kept ? x.result(0) : null;
        int bytes = type.bytes();
        return (warp, from, to) -> {
            for (int k = from; k < to; k++) {
                long address = pointer.of(warp, k);
                int[] memory = space.atomic(warp, k, address, bytes);
                long old = Accesses.element(memory, warp.at, (int) (address & 3), bytes);
                long result = f.applyAsLong(old, Loops.get(warp, value, k));
                Accesses.setElement(memory, warp.at, (int) (address & 3), bytes, result);
                if (kept) {
                    Loops.put(warp, d, k, old);
                }
            }
        };
    }

    private static Lanes compareAndSwap(Space space, Pointer pointer, Place d, Place expected, Place value, Type type) {
        int bytes = type.bytes();
        return (warp, from, to) -> {
            for (int k = from; k < to; k++) {
                long address = pointer.of(warp, k);
                int[] memory = space.atomic(warp, k, address, bytes);
                long old = Accesses.element(memory, warp.at, (int) (address & 3), bytes);
                if (Loops.extend(old ^ Loops.get(warp, expected, k), type) == 0) {
                    Accesses.setElement(memory, warp.at, (int) (address & 3), bytes, Loops.get(warp, value, k));
                }
                Loops.put(warp, d, k, old);
            }
        };
    }

    private static LongBinaryOperator function(String name, Type type) {
        return switch (name) {
            case "exch" -> (old, v) -> v;
            case "and" -> (old, v) -> old & v;
            case "or" -> (old, v) -> old | v;
            case "xor" -> (old, v) -> old ^ v;
            case "inc" -> (old, v) -> Integer.compareUnsigned((int) old, (int) v) >= 0 ? 0 : old + 1;
            case "dec" -> (old, v) -> old == 0 || Integer.compareUnsigned((int) old, (int) v) > 0 ? v : old - 1;
            case "add" -> add(type);
            case "min" -> (old, v) -> less(old, v, type) ? old : v;
            default -> (old, v) -> less(old, v, type) ? v : old;
        };
    }

    private static boolean less(long a, long b, Type type) {
        if (!type.integer()) {
            throw new Unknown("min and max of ." + type + " are not known");
        }
        long p = Loops.extend(a, type);
        long q = Loops.extend(b, type);
        return type.signed() ? p < q : Long.compareUnsigned(p, q) < 0;
    }

    private static LongBinaryOperator add(Type type) {
        return switch (type) {
            case U32, S32, U64, S64 -> Long::sum;
            case F32 -> (old, v) -> Float.floatToRawIntBits(Float.intBitsToFloat((int) old)
                    + Float.intBitsToFloat((int) v)) & 0xFFFFFFFFL;
            case F64 -> (old, v) -> Double.doubleToRawLongBits(Double.longBitsToDouble(old)
                    + Double.longBitsToDouble(v));
            case F16, BF16 -> (old, v) -> half(old, v, type == Type.BF16);
            case F16X2, BF16X2 -> (old, v) -> half(old & 0xFFFF, v & 0xFFFF, type == Type.BF16X2)
                    | half(old >>> 16, v >>> 16, type == Type.BF16X2) << 16;
            default -> throw new Unknown("add of ." + type + " is not known");
        };
    }

    /// Two floats of 16 bits have a sum that f64 holds but for what cannot decide a rounding to odd.
    private static long half(long a, long b, boolean brain) {
        double p = brain ? Rounding.bf16((int) a) : Rounding.f16((int) a);
        double q = brain ? Rounding.bf16((int) b) : Rounding.f16((int) b);
        float odd = Rounding.toOdd(p + q, Rounding.lost(p, q, p + q));
        return brain ? Rounding.NEAREST.toBf16(odd) : Rounding.NEAREST.toF16(odd);
    }
}
