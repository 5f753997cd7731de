package org.sfumato.models.evaluation;

import java.util.Arrays;
import java.util.stream.IntStream;

/// The eigenvalues and eigenvectors of a symmetric matrix, `A = V diag(values) V^T`, by Jacobi's rotations. Source:
/// Golub and Van Loan 2013, Matrix Computations, section 8.5.
///
/// @param values falling
/// @param vectors row `i` is the unit vector of value `i`
public record SymmetricEigen(double[] values, double[][] vectors) {
    private static final int SWEEPS = 60;
    private static final double PRECISION = 1e-15;

    /// Of `matrix`, which stays as it is; only its lower half is trusted.
    ///
    /// @throws IllegalArgumentException if it is not square
    /// @throws ArithmeticException if it holds what is not finite
    public static SymmetricEigen of(double[][] matrix) {
        int n = matrix.length;
        var a = new double[n][];
        for (int i = 0; i < n; i++) {
            if (matrix[i].length != n) {
                throw new IllegalArgumentException("eigenvalues: row " + i + " of " + n + " has " + matrix[i].length
                        + " numbers");
            }
            a[i] = matrix[i].clone();
            for (int j = 0; j < i; j++) {
                a[j][i] = a[i][j];
            }
        }
        var v = new double[n][n];
        for (int i = 0; i < n; i++) {
            v[i][i] = 1;
        }
        double size = Arrays.stream(a).flatMapToDouble(Arrays::stream).map(x -> x * x).sum();
        if (!Double.isFinite(size)) {
            throw new ArithmeticException("eigenvalues: the matrix holds numbers that are not finite");
        }
        for (int sweep = 0; sweep < SWEEPS && outside(a) > PRECISION * PRECISION * size; sweep++) {
            sweep(a, v);
        }
        var order = IntStream.range(0, n).boxed().sorted((i, j) -> Double.compare(a[j][j], a[i][i]))
                .mapToInt(Integer::intValue).toArray();
        return new SymmetricEigen(Arrays.stream(order).mapToDouble(i -> a[i][i]).toArray(),
                Arrays.stream(order).mapToObj(i -> v[i]).toArray(double[][]::new));
    }

    /// The sum of squares off the diagonal.
    private static double outside(double[][] a) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j < i; j++) {
                sum += 2 * a[i][j] * a[i][j];
            }
        }
        return sum;
    }

    private static void sweep(double[][] a, double[][] v) {
        for (int p = 0; p < a.length; p++) {
            for (int q = p + 1; q < a.length; q++) {
                if (a[p][q] != 0) {
                    rotate(a, v, p, q);
                }
            }
        }
    }

    /// Turns axes p and q so that their element off the diagonal becomes 0.
    private static void rotate(double[][] a, double[][] v, int p, int q) {
        double theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
        double t = Math.copySign(1, theta) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        double c = 1 / Math.sqrt(t * t + 1);
        double s = t * c;
        turn(a[p], a[q], c, s);
        for (var row : a) {
            double x = row[p];
            double y = row[q];
            row[p] = c * x - s * y;
            row[q] = s * x + c * y;
        }
        turn(v[p], v[q], c, s);
    }

    private static void turn(double[] x, double[] y, double c, double s) {
        for (int k = 0; k < x.length; k++) {
            double a = x[k];
            double b = y[k];
            x[k] = c * a - s * b;
            y[k] = s * a + c * b;
        }
    }

    /// The covariance of rows around their mean, divided by their number.
    public static double[][] covariance(double[][] rows) {
        int n = rows.length;
        int d = n == 0 ? 0 : rows[0].length;
        var mean = mean(rows);
        var sum = new double[d][d];
        for (var row : rows) {
            for (int i = 0; i < d; i++) {
                double x = (row[i] - mean[i]) / n;
                for (int j = 0; j <= i; j++) {
                    sum[i][j] += x * (row[j] - mean[j]);
                }
            }
        }
        for (int i = 0; i < d; i++) {
            for (int j = 0; j < i; j++) {
                sum[j][i] = sum[i][j];
            }
        }
        return sum;
    }

    /// The mean of rows.
    public static double[] mean(double[][] rows) {
        var mean = new double[rows.length == 0 ? 0 : rows[0].length];
        for (var row : rows) {
            for (int i = 0; i < mean.length; i++) {
                mean[i] += row[i] / rows.length;
            }
        }
        return mean;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof SymmetricEigen(double[] its, double[][] itsVectors) && Arrays.equals(values, its)
                && Arrays.deepEquals(vectors, itsVectors);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(values) + Arrays.deepHashCode(vectors);
    }

    @Override
    public String toString() {
        return "SymmetricEigen" + Arrays.toString(values);
    }
}
