package org.sfumato.tensor.spi;

/// Standard normal numbers from random bits, the same bits on every machine:
/// `z0 = sqrt(-2 ln u) cos(2 pi v)` and `z1 = sqrt(-2 ln u) sin(2 pi v)`.
///
/// `u` in (0, 1] comes from one word (or 64-bit value) and `v` in [0, 1) from the next. The library functions `log`,
/// `sin` and `cos` may differ from one machine to the next, so each is spelled out as a fixed sequence of IEEE 754
/// operations (`+`, `*`, `/`, `sqrt`, `fma`), every one of them correctly rounded. A backend that performs the same
/// sequence, in vector lanes or on a GPU, gets the same result bit for bit. No operation may be contracted or
/// reordered.
///
///   - `ln u`: `u = m 2^e` with m in [sqrt(1/2), sqrt(2)), `ln m = 2 (s + s^3/3 + s^5/5 + ...)`, `s = (m - 1)/(m + 1)`.
///   - `cos` and `sin`: the turn `v` is a fixed-point number, so its nearest quarter is taken off exactly in integers;
///     what is left, at most pi/4 in size, goes through the Taylor series.
///
/// Largest difference from the exact value: 3e-7 relative to the radius in f32, 3e-15 in f64. The largest possible
/// value is `sqrt(62 ln 2) = 6.56` in f32 and `sqrt(106 ln 2) = 8.57` in f64.
///
/// Source: Box and Muller 1958, doi 10.1214/aoms/1177706645.
public final class BoxMuller {
    /// -2 ln 2.
    public static final double MINUS_TWO_LN2 = -1.386294361119890618834464242916353136151;
    /// Bits of the float next to sqrt(1/2).
    public static final int SQRT_HALF_F32 = 0x3F3504F3;
    /// Bits of the double next to sqrt(1/2).
    public static final long SQRT_HALF_F64 = 0x3FE6A09E667F3BCDL;
    /// Bits of 2^52: a double with this exponent carries an integer below 2^52 in its low bits.
    public static final long TWO_52 = 0x4330_0000_0000_0000L;
    /// Bits of 1.5 * 2^52: the same for an integer of either sign below 2^51 in size.
    public static final long THREE_HALVES_52 = 0x4338_0000_0000_0000L;

    private BoxMuller() { }

    /// `sqrt(-2 ln u)` in f32 with `u = (word >>> 1 | 1) / 2^31`.
    public static float radius(int word) {
        float u = (float) (word >>> 1 | 1) * 0x1p-31f;
        int bits = Float.floatToRawIntBits(u);
        int e = bits - SQRT_HALF_F32 >> 23;
        float m = Float.intBitsToFloat(bits - (e << 23));
        float s = (m - 1f) / (m + 1f);
        float z = s * s;
        float p = Math.fma(z, 1f / 9f, 1f / 7f);
        p = Math.fma(z, p, 1f / 5f);
        p = Math.fma(z, p, 1f / 3f);
        p = Math.fma(z, p, 1f);
        float t = Math.fma((float) e, (float) MINUS_TWO_LN2, s * -4f * p);
        return (float) Math.sqrt(t);
    }

    /// `cos(2 pi v)` in f32 with `v = word / 2^32`.
    public static float cosTurn(int word) {
        int quarter = word + 0x2000_0000 >>> 30;
        float x = (float) (word - (quarter << 30)) * (float) (Math.PI / 2 * 0x1p-30);
        float c = (quarter & 1) == 0 ? cos(x) : sin(x);
        return Float.intBitsToFloat(Float.floatToRawIntBits(c) ^ (quarter + 1 & 2) << 30);
    }

    /// `sin(2 pi v)` in f32 with `v = word / 2^32`.
    public static float sinTurn(int word) {
        int quarter = word + 0x2000_0000 >>> 30;
        float x = (float) (word - (quarter << 30)) * (float) (Math.PI / 2 * 0x1p-30);
        float s = (quarter & 1) == 0 ? sin(x) : cos(x);
        return Float.intBitsToFloat(Float.floatToRawIntBits(s) ^ (quarter & 2) << 30);
    }

    /// Element `index` of a normal f32 fill: elements `2k` (cosine) and `2k + 1` (sine) share the radius word `2k` and
    /// the angle word `2k + 1` of the stream, see [Philox].
    public static float normalF32(long seed, long stream, long index) {
        long pair = Philox.bits(seed, stream, index >>> 1);
        int angle = (int) (pair >>> 32);
        return radius((int) pair) * ((index & 1) == 0 ? cosTurn(angle) : sinTurn(angle));
    }

    /// `sqrt(-2 ln u)` in f64 with `u = ((bits >>> 12) + 1/2) / 2^52`.
    public static double radius(long bits) {
        double u = (Double.longBitsToDouble(bits >>> 12 | TWO_52) - 0x1p52 + 0.5) * 0x1p-52;
        long raw = Double.doubleToRawLongBits(u);
        long e = raw - SQRT_HALF_F64 >> 52;
        double m = Double.longBitsToDouble(raw - (e << 52));
        double s = (m - 1) / (m + 1);
        double z = s * s;
        double p = Math.fma(z, 1.0 / 21, 1.0 / 19);
        p = Math.fma(z, p, 1.0 / 17);
        p = Math.fma(z, p, 1.0 / 15);
        p = Math.fma(z, p, 1.0 / 13);
        p = Math.fma(z, p, 1.0 / 11);
        p = Math.fma(z, p, 1.0 / 9);
        p = Math.fma(z, p, 1.0 / 7);
        p = Math.fma(z, p, 1.0 / 5);
        p = Math.fma(z, p, 1.0 / 3);
        p = Math.fma(z, p, 1.0);
        return Math.sqrt(Math.fma((double) e, MINUS_TWO_LN2, s * -4 * p));
    }

    /// `cos(2 pi v)` in f64 with `v` the high 54 bits of `bits` as a fraction of a turn.
    public static double cosTurn(long bits) {
        long quarter = bits + 0x2000_0000_0000_0000L >>> 62;
        double x = quarterTurn(bits, quarter);
        double c = (quarter & 1) == 0 ? cos(x) : sin(x);
        return Double.longBitsToDouble(Double.doubleToRawLongBits(c) ^ (quarter + 1 & 2) << 62);
    }

    /// `sin(2 pi v)` in f64 with `v` the high 54 bits of `bits` as a fraction of a turn.
    public static double sinTurn(long bits) {
        long quarter = bits + 0x2000_0000_0000_0000L >>> 62;
        double x = quarterTurn(bits, quarter);
        double s = (quarter & 1) == 0 ? sin(x) : cos(x);
        return Double.longBitsToDouble(Double.doubleToRawLongBits(s) ^ (quarter & 2) << 62);
    }

    /// Element `index` of a normal f64 fill: elements `2k` (cosine) and `2k + 1` (sine) share the 64-bit values `2k`
    /// (radius) and `2k + 1` (angle) of the stream, which are the two halves of block `k`.
    public static double normalF64(long seed, long stream, long index) {
        long angle = Philox.pair(seed, stream, index >>> 1, 1);
        return radius(Philox.pair(seed, stream, index >>> 1, 0)) * ((index & 1) == 0 ? cosTurn(angle) : sinTurn(angle));
    }

    private static float sin(float x) {
        float z = x * x;
        float p = Math.fma(z, 1f / 362880f, -1f / 5040f);
        p = Math.fma(z, p, 1f / 120f);
        p = Math.fma(z, p, -1f / 6f);
        return Math.fma(x * z, p, x);
    }

    private static float cos(float x) {
        float z = x * x;
        float p = Math.fma(z, 1f / 40320f, -1f / 720f);
        p = Math.fma(z, p, 1f / 24f);
        p = Math.fma(z, p, -1f / 2f);
        return Math.fma(z, p, 1f);
    }

    /// What is left of the turn after its nearest quarter, in radians; the shift keeps 52 bits, which a double holds.
    private static double quarterTurn(long bits, long quarter) {
        long rest = bits - (quarter << 62) >> 10;
        return (Double.longBitsToDouble(rest + THREE_HALVES_52) - 0x1.8p52) * (Math.PI / 2 * 0x1p-52);
    }

    private static double sin(double x) {
        double z = x * x;
        double p = Math.fma(z, 1 / 355687428096000.0, -1 / 1307674368000.0);
        p = Math.fma(z, p, 1 / 6227020800.0);
        p = Math.fma(z, p, -1 / 39916800.0);
        p = Math.fma(z, p, 1 / 362880.0);
        p = Math.fma(z, p, -1 / 5040.0);
        p = Math.fma(z, p, 1 / 120.0);
        p = Math.fma(z, p, -1 / 6.0);
        return Math.fma(x * z, p, x);
    }

    private static double cos(double x) {
        double z = x * x;
        double p = Math.fma(z, 1 / 20922789888000.0, -1 / 87178291200.0);
        p = Math.fma(z, p, 1 / 479001600.0);
        p = Math.fma(z, p, -1 / 3628800.0);
        p = Math.fma(z, p, 1 / 40320.0);
        p = Math.fma(z, p, -1 / 720.0);
        p = Math.fma(z, p, 1 / 24.0);
        p = Math.fma(z, p, -1 / 2.0);
        return Math.fma(z, p, 1.0);
    }
}
