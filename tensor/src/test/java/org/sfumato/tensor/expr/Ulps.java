package org.sfumato.tensor.expr;

/// Errors in units in the last place of the value that is right.
final class Ulps {
    private Ulps() { }

    /// The error of `got` in f32 ulps of `right`; infinity if only one of them is NaN or infinite, or if a zero
    /// has the wrong sign.
    static double f32(float got, double right) {
        float rounded = (float) right;
        if (Float.isNaN(got) || Float.isNaN(rounded) || got == 0 && right == 0) {
            return Float.compare(got, rounded) == 0 ? 0 : Double.POSITIVE_INFINITY;
        }
        if (Double.isInfinite(right) || Float.isInfinite(got) != Float.isInfinite(rounded)) {
            return got == rounded ? 0 : Double.POSITIVE_INFINITY;
        }
        double ulp = Math.scalb(1.0, Math.max(Math.getExponent(right), Float.MIN_EXPONENT) - 23);
        return Float.isInfinite(got) ? 0 : Math.abs(got - right) / ulp;
    }

    /// The error of `got` in f64 ulps of `right`, by the same rules.
    static double f64(double got, double right) {
        if (Double.isNaN(got) || Double.isNaN(right) || got == 0 && right == 0
            || Double.isInfinite(got) || Double.isInfinite(right)) {
            return Double.compare(got, right) == 0 ? 0 : Double.POSITIVE_INFINITY;
        }
        return Math.abs(got - right) / Math.ulp(right);
    }
}
