package org.sfumato.tensor.cpu;

/// Rounding to the half types: to nearest, ties to even, once.
final class Half {
    private Half() { }

    /// bf16 bits of `x`.
    static short bf16(float x) {
        int bits = Float.floatToRawIntBits(x);
        int rounded = bits + 0x7FFF + (bits >>> 16 & 1) >>> 16;
        return (short) (x != x ? bits >>> 16 | 0x40 : rounded);
    }

    /// bf16 bits of `x`.
    static short bf16(double x) {
        return bf16(odd(x));
    }

    /// f16 bits of `x`.
    static short f16(double x) {
        return Float.floatToFloat16(odd(x));
    }

    /// `x` as a float that rounds to a half type as `x` itself does: cut off, and with the last bit set if anything was
    /// lost, so that it is never mistaken for a tie. Source: Boldo and Melquiond 2008, doi 10.1109/TC.2007.70819.
    private static float odd(double x) {
        float near = (float) x;
        if (near == x || near != near) {
            return near;
        }
        int bits = Float.floatToRawIntBits(near);
        int cut = Math.abs((double) near) > Math.abs(x) ? bits - 1 : bits;
        return Float.intBitsToFloat(cut | 1);
    }
}
