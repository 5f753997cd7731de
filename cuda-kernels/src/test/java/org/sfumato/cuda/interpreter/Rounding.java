package org.sfumato.cuda.interpreter;

/// Rounding of exact values to the formats of PTX. A value is exact as `value + error`, with `error` so small that
/// `value` is the double nearest to the sum, as [#sum] gives it.
enum Rounding {
    NEAREST, ZERO, DOWN, UP, AWAY;

    private static final int BF16_NAN = 0x7FFF;

    static Rounding of(String part) {
        return switch (part) {
            case "rn", "rni" -> NEAREST;
            case "rz", "rzi" -> ZERO;
            case "rm", "rmi" -> DOWN;
            case "rp", "rpi" -> UP;
            case "rna" -> AWAY;
            default -> throw new Opcode.Unknown("." + part + " is no rounding");
        };
    }

    /// What `s = fl(a + b)` lacks, exactly, unless something overflows. Source: Knuth, TAOCP 2, 4.2.2, theorem B.
    static double lost(double a, double b, double s) {
        double v = s - a;
        return Double.isFinite(s) ? (a - (s - v)) + (b - v) : 0;
    }

    /// The f32 that `value + error` rounds to.
    float toF32(double value, double error) {
        float f = (float) value;
        if (Float.isNaN(f) || Double.isInfinite(value)) {
            return f;
        }
        // The sign of what f lacks: value - f is exact where f is finite, and decides before error does.
        double off = Float.isInfinite(f) ? -f : value - f;
        double sign = off != 0 ? Math.signum(off) : Math.signum(error);
        return switch (this) {
            case NEAREST -> nearestF32(value, error, f);
            case DOWN -> sign < 0 ? Math.nextDown(f) : f;
            case UP -> sign > 0 ? Math.nextUp(f) : f;
            case ZERO -> toZero(f, sign);
            case AWAY -> throw new Opcode.Unknown("rounding away from zero gives tf32 only");
        };
    }

    /// Steps back where `f` lies farther from zero than the exact value, which lies on the side of `sign` from it.
    private static float toZero(float f, double sign) {
        return f > 0 && sign < 0 ? Math.nextDown(f) : f < 0 && sign > 0 ? Math.nextUp(f) : f;
    }

    /// A double that lies half way between two floats is decided by `error`.
    private static float nearestF32(double value, double error, float f) {
        if (error == 0 || Float.isInfinite(f)) {
            return f;
        }
        float other = value > f ? Math.nextUp(f) : value < f ? Math.nextDown(f) : f;
        boolean tie = other != f && !Float.isInfinite(other) && Math.abs(value - f) == Math.abs(other - value);
        return tie && error > 0 == other > f ? other : f;
    }

    /// The float that keeps all that decides a later rounding to fewer bits: cut towards zero, its last bit set if
    /// anything was cut off. Source: Boldo & Melquiond 2008, "Emulation of FMA and correctly rounded sums".
    static float toOdd(double value, double error) {
        float f = ZERO.toF32(value, error);
        boolean exact = f == value && error == 0 || Double.isNaN(value);
        return exact || Float.isInfinite(f) ? f : Float.intBitsToFloat(Float.floatToRawIntBits(f) | 1);
    }

    /// The bits of the bf16 that `f` rounds to.
    int toBf16(float f) {
        int bits = Float.floatToRawIntBits(f);
        if (Float.isNaN(f)) {
            return BF16_NAN;
        }
        boolean negative = bits < 0;
        return switch (this) {
            case NEAREST -> bits + 0x7FFF + (bits >>> 16 & 1) >>> 16;
            case ZERO -> bits >>> 16;
            case DOWN -> bits + (negative && Float.isFinite(f) ? 0xFFFF : 0) >>> 16;
            case UP -> bits + (!negative && Float.isFinite(f) ? 0xFFFF : 0) >>> 16;
            case AWAY -> bits + 0x8000 >>> 16;
        };
    }

    /// The bits of the f16 that `f` rounds to.
    int toF16(float f) {
        int bits = Float.floatToFloat16(f) & 0xFFFF;
        float back = Float.float16ToFloat((short) bits);
        if (this == NEAREST || back == f || Float.isNaN(f)) {
            return Float.isNaN(f) ? 0x7FFF : bits;
        }
        boolean magnitudeUp = Math.abs(back) > Math.abs(f);
        return switch (this) {
            case ZERO -> magnitudeUp ? bits - 1 : bits;
            case DOWN -> back < f ? bits : f < 0 ? bits + (magnitudeUp ? 0 : 1) : bits - 1;
            case UP -> back > f ? bits : f > 0 ? bits + (magnitudeUp ? 0 : 1) : bits - 1;
            case NEAREST, AWAY -> throw new Opcode.Unknown("this rounding gives no f16");
        };
    }

    /// The f32 of 10 bits behind the point that `f` rounds to, as tensor cores read it.
    float toTf32(float f) {
        if (!Float.isFinite(f)) {
            return f;
        }
        int bits = Float.floatToRawIntBits(f);
        return Float.intBitsToFloat(switch (this) {
            case AWAY -> bits + 0x1000 & ~0x1FFF;
            case NEAREST -> bits + 0xFFF + (bits >>> 13 & 1) & ~0x1FFF;
            case ZERO -> bits & ~0x1FFF;
            case DOWN, UP -> throw new Opcode.Unknown("this rounding gives no tf32");
        });
    }

    /// The whole number that `value` rounds to.
    double toInteger(double value) {
        return switch (this) {
            case NEAREST -> Math.rint(value);
            case ZERO -> value < 0 ? Math.ceil(value) : Math.floor(value);
            case DOWN -> Math.floor(value);
            case UP -> Math.ceil(value);
            case AWAY -> Math.copySign(Math.floor(Math.abs(value) + 0.5), value);
        };
    }

    static float bf16(int bits) {
        return Float.intBitsToFloat(bits << 16);
    }

    static float f16(int bits) {
        return Float.float16ToFloat((short) bits);
    }
}
