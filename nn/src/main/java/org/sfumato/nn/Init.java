package org.sfumato.nn;

import org.sfumato.tensor.DType;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Settings;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

/// First values of f32 parameters, on the default device.
public final class Init {
    private Init() { }

    /// Zeros.
    public static Tensor zeros(long... sizes) {
        return Tensor.full(Shape.of(sizes), 0, DType.F32, Settings.current().device());
    }

    /// Ones.
    public static Tensor ones(long... sizes) {
        return Tensor.full(Shape.of(sizes), 1, DType.F32, Settings.current().device());
    }

    /// Normal with mean 0 and standard deviation `std`.
    public static Tensor normal(double std, Rng rng, long... sizes) {
        return org.sfumato.tensor.Scope.result(() -> Tensor.normal(Shape.of(sizes), rng).mul(std));
    }

    /// Uniform in [-bound, bound).
    public static Tensor uniform(double bound, Rng rng, long... sizes) {
        return org.sfumato.tensor.Scope.result(() -> Tensor.uniform(Shape.of(sizes), rng).mul(2 * bound).sub(bound));
    }

    /// Uniform in +-sqrt(6 / ((1 + a^2) fanIn)). With `a = sqrt(5)`, +-1/sqrt(fanIn), it is PyTorch's default for
    /// linear layers. Source: He et al. 2015, arXiv 1502.01852.
    public static Tensor kaimingUniform(double a, long fanIn, Rng rng, long... sizes) {
        return uniform(Math.sqrt(6 / ((1 + a * a) * fanIn)), rng, sizes);
    }

    /// Uniform in +-sqrt(6 / (fanIn + fanOut)) for a matrix (fanOut, fanIn). Source: Glorot and Bengio 2010, AISTATS.
    public static Tensor xavierUniform(long fanOut, long fanIn, Rng rng) {
        return uniform(Math.sqrt(6.0 / (fanIn + fanOut)), rng, fanOut, fanIn);
    }

    /// A matrix whose rows are orthonormal, or, where there are more rows than columns, whose columns are: any one as
    /// likely as another. Source: Saxe et al. 2014, arXiv 1312.6120.
    public static Tensor orthogonal(Rng rng, int rows, int columns) {
        int n = Math.min(rows, columns);
        int length = Math.max(rows, columns);
        var q = new double[n][length];
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < length; k++) {
                q[i][k] = rng.normal((long) i * length + k);
            }
            for (int pass = 0; pass < 2; pass++) {                      // twice is enough against rounding
                for (int j = 0; j < i; j++) {
                    add(q[i], q[j], -dot(q[i], q[j]));
                }
            }
            double norm = Math.sqrt(dot(q[i], q[i]));
            for (int k = 0; k < length; k++) {
                q[i][k] /= norm;
            }
        }
        var values = new float[rows * columns];
        for (int i = 0; i < values.length; i++) {
            int row = i / columns;
            int column = i % columns;
            values[i] = (float) (rows <= columns ? q[row][column] : q[column][row]);
        }
        return Tensor.of(values, rows, columns);
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int k = 0; k < a.length; k++) {
            sum += a[k] * b[k];
        }
        return sum;
    }

    private static void add(double[] a, double[] b, double factor) {
        for (int k = 0; k < a.length; k++) {
            a[k] += factor * b[k];
        }
    }
}
