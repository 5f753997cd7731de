package org.sfumato.cuda.elementwise;

/// Division of numbers below 2^31 by a constant `d` from 1 to 2^31, without dividing:
/// `n / d = (high(n * multiplier) + n) >>> shift`, where `high` is the upper half of the product of two 32-bit numbers.
///
/// With `s = ceil(log2 d)` and `m = floor(2^32 (2^s - d) / d) + 1` the error of `(2^32 + m) / 2^(32+s)` against `1/d`
/// is below `2^-(32+s)`, too small to matter for `n < 2^32`; that `n < 2^31` keeps the sum within 32 bits.
///
/// Source: Granlund and Montgomery, "Division by invariant integers using multiplication", PLDI 1994, section 4.
public record Divisor(int multiplier, int shift) {
    /// For division by `d`.
    public static Divisor of(long d) {
        int shift = Long.SIZE - Long.numberOfLeadingZeros(d - 1);
        long multiplier = Long.divideUnsigned((1L << shift) - d << Integer.SIZE, d) + 1;
        return new Divisor((int) multiplier, shift);
    }

    /// `n / d`, as the kernels compute it.
    public int divide(int n) {
        int high = (int) (Integer.toUnsignedLong(n) * Integer.toUnsignedLong(multiplier) >>> Integer.SIZE);
        return high + n >>> shift;
    }
}
