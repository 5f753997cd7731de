package org.sfumato.cuda.interpreter;

import java.util.function.IntBinaryOperator;
import java.util.function.IntUnaryOperator;
import org.sfumato.cuda.interpreter.Action.Lanes;
import org.sfumato.cuda.interpreter.Loops.IntTernary;
import org.sfumato.cuda.interpreter.Opcode.Unknown;

/// Arithmetic in f16 and bf16, alone and in pairs, rounded once from the exact result.
/// Source: NVIDIA, PTX ISA 9.0, section 9.7.4.
final class Halves {
    private final boolean brain;
    private final boolean ftz;
    private final boolean sat;
    private final boolean relu;
    private final boolean nan;

    private Halves(Opcode opcode, boolean brain) {
        this.brain = brain;
        ftz = opcode.take("ftz");
        sat = opcode.take("sat");
        relu = opcode.take("relu");
        nan = opcode.take("NaN");
        opcode.ignore("rn", "approx");
    }

    static Lanes decode(Opcode opcode, Type type, Operands x) {
        var halves = new Halves(opcode, type == Type.BF16 || type == Type.BF16X2);
        boolean pair = type.packed();
        int d = x.result(0, type);
        return switch (x.count()) {
            case 2 -> {
                var f = halves.unary(opcode.name());
                yield Loops.words(d, x.word(1, type), pair
                        ? a -> f.applyAsInt(low(a)) | f.applyAsInt(a >>> 16) << 16 : f);
            }
            case 3 -> {
                var f = halves.binary(opcode.name());
                yield Loops.words(d, x.word(1, type), x.word(2, type), pair
                        ? (a, b) -> f.applyAsInt(low(a), low(b)) | f.applyAsInt(a >>> 16, b >>> 16) << 16 : f);
            }
            default -> {
                var f = halves.ternary();
                yield Loops.words(d, x.word(1, type), x.word(2, type), x.word(3, type), pair
                        ? (a, b, c) -> f.apply(low(a), low(b), low(c)) | f.apply(a >>> 16, b >>> 16, c >>> 16) << 16
                        : f);
            }
        };
    }

    private static int low(int pair) {
        return pair & 0xFFFF;
    }

    /// The float that the 16 bits mean.
    private float value(int bits) {
        float value = brain ? Rounding.bf16(bits) : Rounding.f16(bits);
        return ftz && Math.abs(value) < 0x1p-14f ? Math.copySign(0f, value) : value;
    }

    /// The 16 bits nearest to `value + error`.
    private int bits(double value, double error) {
        float odd = Rounding.toOdd(value, error);
        if (relu && (odd < 0 || Float.isNaN(odd))) {
            odd = Float.isNaN(odd) ? Float.NaN : 0;
        } else if (sat) {
            odd = odd > 0 ? Math.min(odd, 1) : 0;
        }
        int result = brain ? Rounding.NEAREST.toBf16(odd) : Rounding.NEAREST.toF16(odd);
        return ftz ? Rounding.NEAREST.toF16(value(result)) : result;
    }

    private IntUnaryOperator unary(String name) {
        return switch (name) {
            case "neg" -> a -> a ^ 0x8000;
            case "abs" -> a -> a & 0x7FFF;
            case "ex2" -> a -> bits(Math.pow(2, value(a)), 0);
            case "tanh" -> a -> bits(Math.tanh(value(a)), 0);
            default -> throw new Unknown("instruction " + name + " is not known in 16 bits");
        };
    }

    private IntBinaryOperator binary(String name) {
        return switch (name) {
            case "add" -> (a, b) -> sum(value(a), value(b));
            case "sub" -> (a, b) -> sum(value(a), -value(b));
            case "mul" -> (a, b) -> bits((double) value(a) * value(b), 0);
            case "min" -> (a, b) -> bits(Floats.least(value(a), value(b), nan), 0);
            case "max" -> (a, b) -> bits(-Floats.least(-value(a), -value(b), nan), 0);
            case "copysign" -> (a, b) -> a & 0x8000 | b & 0x7FFF;
            default -> throw new Unknown("instruction " + name + " is not known in 16 bits");
        };
    }

    private int sum(float a, float b) {
        double sum = (double) a + b;
        return bits(sum, Rounding.lost(a, b, sum));
    }

    private IntTernary ternary() {
        return (a, b, c) -> {
            double product = (double) value(a) * value(b);
            double sum = product + value(c);
            return bits(sum, Rounding.lost(product, value(c), sum));
        };
    }
}
