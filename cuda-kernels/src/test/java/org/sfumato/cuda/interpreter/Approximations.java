package org.sfumato.cuda.interpreter;

import org.sfumato.cuda.interpreter.Loops.FloatUnary;

/// The approximate functions of f32. Where PTX allows an error that a test of f32 would notice, the result is made as
/// coarse as the real one may be, so that a kernel cannot lean on accuracy that a GPU does not have: `tanh` (relative
/// 2^-11), `sin` and `cos` (absolute 2^-20.5), `lg2` between 1/2 and 2 (absolute 2^-22). The others (`ex2`, `rcp`,
/// `rsqrt`, `sqrt`, `div`: up to 2 ulp) are rounded from double.
/// Source: NVIDIA, PTX ISA 9.0, sections 9.7.3.8 to 9.7.3.22.
final class Approximations {
    private static final double LN_2 = Math.log(2);
    private static final double SINE_STEP = 0x1p-21;
    private static final double LOG_STEP = 0x1p-22;
    private static final int TANH_BITS = 0xFFFFF000;

    private Approximations() { }

    static FloatUnary of(String name) {
        return switch (name) {
            case "rsqrt" -> a -> (float) (1 / Math.sqrt(a));
            case "ex2" -> a -> (float) Math.exp(a * LN_2);
            case "lg2" -> Approximations::log2;
            case "sin" -> a -> coarse(Math.sin(a));
            case "cos" -> a -> coarse(Math.cos(a));
            case "tanh" -> a -> Float.isNaN(a) ? a
                    : Float.intBitsToFloat(Float.floatToRawIntBits((float) Math.tanh(a)) & TANH_BITS);
            default -> throw new Opcode.Unknown("instruction " + name + " is not known");
        };
    }

    private static float coarse(double sine) {
        return (float) (Math.rint(sine / SINE_STEP) * SINE_STEP);
    }

    private static float log2(float a) {
        double exact = Math.log(a) / LN_2;
        return (float) (Math.abs(exact) < 1 ? Math.rint(exact / LOG_STEP) * LOG_STEP : exact);
    }

    /// Divisors above 2^126 give 0.
    static float divide(float a, float b) {
        boolean huge = Math.abs(b) > 0x1p126f && !Float.isInfinite(b);
        return huge ? Float.isInfinite(a) ? Float.NaN : a * (Math.copySign(0f, b)) : a / b;
    }

    /// The upper half of a double, as the approximations of f64 give it.
    static double high(double value) {
        return Double.longBitsToDouble(Double.doubleToRawLongBits(value) & 0xFFFFFFFF00000000L);
    }
}
