package org.sfumato.models.evaluation;

import java.util.Arrays;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Tensor;

/// How far apart two samples are in mean and covariance: `|m - n|^2 + tr(C + D - 2 (C D)^(1/2))`, the squared
/// 2-Wasserstein distance of the Gaussians that fit them. It sees nothing else, and with few rows in many dimensions it
/// is too large. Sources: Dowson and Landau 1982, Journal of Multivariate Analysis 12; Heusel et al. 2017, arXiv
/// 1706.08500.
public final class FrechetDistance {
    private FrechetDistance() { }

    /// The squared distance of two samples. Shapes: x (M, D), y (N, D).
    ///
    /// @throws ShapeException if one has less than two rows, or the widths differ
    public static double squared(Tensor x, Tensor y) {
        if (x.shape().rank() != 2 || y.shape().rank() != 2 || x.size(1) != y.size(1) || x.size(0) < 2
                || y.size(0) < 2) {
            throw new ShapeException("Frechet distance: needs two rows at least of one width, got " + x.shape()
                    + " and " + y.shape());
        }
        var a = rows(x);
        var b = rows(y);
        var m = SymmetricEigen.mean(a);
        var n = SymmetricEigen.mean(b);
        double sum = 0;
        for (int i = 0; i < m.length; i++) {
            sum += (m[i] - n[i]) * (m[i] - n[i]);
        }
        centre(a, m);
        centre(b, n);
        for (var rows : new double[][][] {a, b}) {                      // tr C and tr D
            for (var row : rows) {
                sum += Arrays.stream(row).map(v -> v * v).sum();
            }
        }
        double trace = Math.min(a.length, b.length) < m.length ? a.length < b.length ? nuclear(a, b) : nuclear(b, a)
                : traceOfRoot(SymmetricEigen.of(gram(transposed(a))), gram(transposed(b)));
        return Math.max(0, sum - 2 * trace);
    }

    /// Takes the mean off and divides by the root of the number, so that `C = A^T A`.
    private static void centre(double[][] rows, double[] mean) {
        double scale = 1 / Math.sqrt(rows.length);
        for (var row : rows) {
            for (int i = 0; i < row.length; i++) {
                row[i] = (row[i] - mean[i]) * scale;
            }
        }
    }

    /// `tr (A^T A B^T B)^(1/2)`, the sum of the singular values of `A B^T`, of which there are no more than rows.
    private static double nuclear(double[][] a, double[][] b) {
        return Arrays.stream(SymmetricEigen.of(gram(times(a, transposed(b)))).values())
                .map(v -> Math.sqrt(Math.max(0, v))).sum();
    }

    /// `A A^T`.
    private static double[][] gram(double[][] a) {
        return times(a, transposed(a));
    }

    /// `tr (C D)^(1/2)`, which is that of `C^(1/2) D C^(1/2)`, a symmetric matrix.
    private static double traceOfRoot(SymmetricEigen c, double[][] d) {
        int n = d.length;
        var half = new double[n][n];                                    // in the axes of C: diag(c)^(1/2) V
        for (int k = 0; k < n; k++) {
            double root = Math.sqrt(Math.max(0, c.values()[k]));
            for (int i = 0; i < n; i++) {
                half[k][i] = root * c.vectors()[k][i];
            }
        }
        var product = times(times(half, d), transposed(half));
        return Arrays.stream(SymmetricEigen.of(product).values()).map(v -> Math.sqrt(Math.max(0, v))).sum();
    }

    private static double[][] transposed(double[][] a) {
        var t = new double[a[0].length][a.length];
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j < a[i].length; j++) {
                t[j][i] = a[i][j];
            }
        }
        return t;
    }

    private static double[][] times(double[][] a, double[][] b) {
        var product = new double[a.length][b[0].length];
        for (int i = 0; i < a.length; i++) {
            for (int k = 0; k < b.length; k++) {
                double x = a[i][k];
                for (int j = 0; j < b[k].length; j++) {
                    product[i][j] += x * b[k][j];
                }
            }
        }
        return product;
    }

    private static double[][] rows(Tensor x) {
        int d = Math.toIntExact(x.size(1));
        var values = x.toDoubles();
        var rows = new double[Math.toIntExact(x.size(0))][];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = Arrays.copyOfRange(values, i * d, (i + 1) * d);
        }
        return rows;
    }
}
