package org.sfumato.cuda.interpreter;

import org.sfumato.cuda.interpreter.Action.Lanes;
import org.sfumato.cuda.interpreter.Opcode.Unknown;

/// `cvt`: between integers, floats and both, with rounding and saturation.
/// Source: NVIDIA, PTX ISA 9.0, section 9.7.9.21 and table 20.
final class Conversions {
    private final Type to;
    private final Type from;
    private final Rounding rounding;
    private final boolean integral;
    private final boolean sat;
    private final boolean ftz;
    private final boolean relu;

    private Conversions(Opcode opcode) {
        sat = opcode.take("sat");
        ftz = opcode.take("ftz");
        relu = opcode.take("relu");
        opcode.ignore("satfinite");
        var whole = opcode.takeOne("rni", "rzi", "rmi", "rpi");
        integral = whole.isPresent();
        rounding = integral ? Rounding.of(whole.get()) : opcode.rounding();
        to = opcode.type();
        from = opcode.type();
    }

    static Lanes decode(Opcode opcode, Operands x) {
        return new Conversions(opcode).decode(x);
    }

    private Lanes decode(Operands x) {
        if (to.packed()) {
            var d = x.result(0);
            return Loops.any(d, x.source(1, 32), x.source(2, 32), (a, b) -> half((int) a) << 16 | half((int) b));
        }
        var d = x.result(0);
        var a = x.source(1, from.bits);
        if (from.integer() && to.integer()) {
            boolean widens = d.bits() == 64 && a.bits() == 32 && to.bits == 64 && from.bits == 32;
            return widens && to == Type.U64 && from == Type.U32 ? zeroExtend(d.index(), a.index())
                    : widens && from == Type.S32 ? signExtend(d.index(), a.index())
                    : !sat && d.bits() == 32 && a.bits() == 64 && to.bits == 32 ? cut(d.index(), a.index())
                    : Loops.any(d, a, this::integer);
        } else if (from.integer()) {
            return Loops.any(d, a, v -> real(Loops.extend(v, from)));
        } else if (to.integer()) {
            return Loops.any(d, a, v -> whole(value(v)));
        }
        return Loops.any(d, a, v -> real(value(v), 0));
    }

    private static Lanes zeroExtend(int d, int a) {
        return (warp, begin, end) -> {
            for (int k = begin; k < end; k++) {
                warp.longs[d + k] = warp.words[a + k] & 0xFFFFFFFFL;
            }
        };
    }

    private static Lanes cut(int d, int a) {
        return (warp, begin, end) -> {
            for (int k = begin; k < end; k++) {
                warp.words[d + k] = (int) warp.longs[a + k];
            }
        };
    }

    private static Lanes signExtend(int d, int a) {
        return (warp, begin, end) -> {
            for (int k = begin; k < end; k++) {
                warp.longs[d + k] = warp.words[a + k];
            }
        };
    }

    /// A half of a pair.
    private long half(int bits) {
        float value = positive(Float.intBitsToFloat(bits));
        return to == Type.BF16X2 ? rounding.toBf16(value) : rounding.toF16(value);
    }

    private float positive(float value) {
        return relu && value < 0 ? 0 : value;
    }

    /// Cut or widened; saturated to what `to` holds if asked.
    private long integer(long bits) {
        long value = Loops.extend(bits, from);
        if (!sat) {
            return Loops.extend(value, to);
        }
        boolean huge = from == Type.U64 && value < 0;
        long least = to.signed() ? -1L << to.bits - 1 : 0;
        long most = to.bits == 64 && !to.signed() ? -1 : to.signed() ? ~least : (1L << to.bits) - 1;
        if (huge) {
            return to == Type.U64 ? value : most;
        }
        return most < 0 ? Math.max(value, 0) : Math.clamp(value, least, most);
    }

    /// The value that bits of the source type mean.
    private double value(long bits) {
        double value = switch (from) {
            case F64 -> Double.longBitsToDouble(bits);
            case F32, TF32 -> Float.intBitsToFloat((int) bits);
            case F16 -> Rounding.f16((int) bits);
            case BF16 -> Rounding.bf16((int) bits);
            default -> throw new Unknown("cvt from ." + from + " is not known");
        };
        return ftz && from == Type.F32 ? Floats.flush((float) value) : value;
    }

    /// Clamped to what `to` holds; NaN is 0.
    private long whole(double value) {
        double whole = rounding.toInteger(value);
        if (to.signed()) {
            long v = (long) whole;
            return to.bits == 64 ? v : Math.clamp(v, -1L << to.bits - 1, (1L << to.bits - 1) - 1);
        } else if (to.bits < 64) {
            return Math.clamp((long) whole, 0, (1L << to.bits) - 1);
        }
        return whole >= 0x1p64 ? -1 : whole >= 0x1p63 ? (long) (whole - 0x1p63) + Long.MIN_VALUE
                : Math.max((long) whole, 0);
    }

    /// An integer as a float: its upper part and the rest are exact, and their sum is rounded once.
    private long real(long value) {
        double high = from == Type.U64 ? (value >>> 32) * 0x1p32 : (value >> 32) * 0x1p32;
        double low = value & 0xFFFFFFFFL;
        double sum = high + low;
        return real(sum, Rounding.lost(high, low, sum));
    }

    private long real(double exact, double error) {
        double value = integral ? rounding.toInteger(exact) : exact;
        var mode = integral ? Rounding.NEAREST : rounding;
        return switch (to) {
            case F64 -> Double.doubleToRawLongBits(Floats.directed(saturated(value), error, mode));
            case F32 -> {
                float f = (float) saturated(mode.toF32(value, error));
                yield Float.floatToRawIntBits(ftz ? Floats.flush(f) : f) & 0xFFFFFFFFL;
            }
            case TF32 -> Float.floatToRawIntBits(mode.toTf32(positive((float) value))) & 0xFFFFFFFFL;
            case F16 -> mode.toF16((float) saturated(positive(Rounding.toOdd(value, error))));
            case BF16 -> mode.toBf16((float) saturated(positive(Rounding.toOdd(value, error))));
            default -> throw new Unknown("cvt to ." + to + " is not known");
        };
    }

    private double saturated(double value) {
        return !sat ? value : value > 0 ? Math.min(value, 1) : 0;
    }
}
