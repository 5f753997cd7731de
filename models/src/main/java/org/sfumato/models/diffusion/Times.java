package org.sfumato.models.diffusion;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

/// Times of noise between 0 (text) and 1 (noise).
///
/// @param values row-major
/// @param shape (B, 1), one for each row, or (B, T), one for each token
public record Times(double[] values, Shape shape) {
    /// Checks that there are as many as the shape has places.
    public Times {
        if (shape.count() != values.length) {
            throw new IllegalArgumentException("times: " + values.length + " times for " + shape);
        }
    }

    /// Checks a range of times.
    ///
    /// @throws IllegalArgumentException unless `0 <= low < high <= 1`
    public static void requireRange(double low, double high) {
        if (!(low >= 0 && low < high && high <= 1)) {
            throw new IllegalArgumentException("process: times from " + low + " to " + high
                    + " must rise and lie in [0, 1]");
        }
    }

    /// One time for each row.
    public static Times ofRows(double... values) {
        return new Times(values, Shape.of(values.length, 1));
    }

    /// `count` numbers uniform in [0, 1) but spread evenly: `(u + i / count) mod 1` with one uniform `u`. Source:
    /// Kingma et al. 2021, arXiv 2107.00630, appendix I.1.
    public static double[] stratified(int count, Rng rng) {
        return stratified(count, rng.uniformDouble(0));
    }

    static double[] stratified(int count, double u) {
        var numbers = new double[count];
        for (int i = 0; i < count; i++) {
            numbers[i] = (u + (double) i / count) % 1;
        }
        return numbers;
    }

    /// `f` of every time, in the same places.
    public Times each(DoubleUnaryOperator f) {
        return new Times(Arrays.stream(values).map(f).toArray(), shape);
    }

    /// `f` of every time, in float64 and then rounded to f32.
    public Tensor map(DoubleUnaryOperator f, Device device) {
        var mapped = new float[values.length];
        for (int i = 0; i < mapped.length; i++) {
            mapped[i] = (float) f.applyAsDouble(values[i]);
        }
        return Tensor.of(mapped, shape.size(0), shape.size(1)).to(device);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Times(double[] others, Shape itsShape) && shape.equals(itsShape)
                && Arrays.equals(values, others);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(values) + shape.hashCode();
    }

    @Override
    public String toString() {
        return "Times" + Arrays.toString(values);
    }
}
