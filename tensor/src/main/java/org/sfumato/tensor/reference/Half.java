package org.sfumato.tensor.reference;

/// Rounding of float64 to the 16-bit types, to nearest with ties to even, in one step.
///
/// A double goes to binary32 by rounding to odd first: an inexact result keeps a set last bit, so that the second
/// rounding, to at least two bits fewer, sees which side of a tie the value lay on. Source: Boldo and Melquiond 2008,
/// doi 10.1109/TC.2007.70819.
final class Half {
    private Half() { }

    /// The bits of the bfloat16 next to `value`. NaN stays NaN.
    static short bf16(double value) {
        if (Double.isNaN(value)) {
            return (short) (Float.floatToRawIntBits((float) value) >>> 16 | 0x40);
        }
        int bits = Float.floatToRawIntBits(toOdd(value));
        return (short) (bits + 0x7FFF + (bits >>> 16 & 1) >>> 16);
    }

    /// The bits of the binary16 next to `value`. NaN stays NaN.
    static short f16(double value) {
        return Float.floatToFloat16(Double.isNaN(value) ? (float) value : toOdd(value));
    }

    /// The value of bfloat16 bits.
    static double fromBf16(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }

    /// The value of binary16 bits.
    static double fromF16(short bits) {
        return Float.float16ToFloat(bits);
    }

    private static float toOdd(double value) {
        float near = (float) value;
        if (near == value || Double.isInfinite(value)) {
            return near;
        }
        boolean beyond = Math.abs((double) near) > Math.abs(value);
        // one step toward zero; from infinity to the largest float
        int bits = Float.floatToRawIntBits(near) - (beyond ? 1 : 0);
        return Float.intBitsToFloat(bits | 1);
    }
}
