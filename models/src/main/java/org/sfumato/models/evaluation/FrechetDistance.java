package org.sfumato.models.evaluation;

import java.util.Arrays;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Scope;
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
        try (var scope = Scope.open("frechet")) {
            return scope.call(() -> x.size(0) <= y.size(0) ? distance(x.cast(DType.F64), y.cast(DType.F64))
                    : distance(y.cast(DType.F64), x.cast(DType.F64)));
        }
    }

    /// Of float64, x the one of fewer rows.
    private static double distance(Tensor x, Tensor y) {
        var m = x.mean(0);
        var n = y.mean(0);
        var a = x.sub(m).div(Math.sqrt(x.size(0)));                      // C = A^T A
        var b = y.sub(n).div(Math.sqrt(y.size(0)));
        double apart = m.sub(n).square().sum().item() + a.square().sum().item() + b.square().sum().item();
        // (C D)^(1/2) has the trace of the singular values of A B^T; A may be any root of C, the smaller the better
        var root = x.size(0) < x.size(1) ? a : root(a.t().matmul(a));
        var product = root.matmul(b.t());
        return Math.max(0, apart - 2 * Arrays.stream(SymmetricEigen.of(rows(product.matmul(product.t()))).values())
                .map(FrechetDistance::rootOf).sum());
    }

    /// `diag(c)^(1/2) V` of `C = V^T diag(c) V`.
    private static Tensor root(Tensor covariance) {
        var eigen = SymmetricEigen.of(rows(covariance));
        long d = covariance.size(0);
        return Tensor.of(Arrays.stream(eigen.vectors()).flatMapToDouble(Arrays::stream).toArray(), d, d)
                .mul(Tensor.of(Arrays.stream(eigen.values()).map(FrechetDistance::rootOf).toArray(), d, 1));
    }

    private static double rootOf(double eigenvalue) {
        return Math.sqrt(Math.max(0, eigenvalue));
    }

    private static double[][] rows(Tensor matrix) {
        int width = Math.toIntExact(matrix.size(1));
        var values = matrix.toDoubles();
        var rows = new double[Math.toIntExact(matrix.size(0))][];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = Arrays.copyOfRange(values, i * width, (i + 1) * width);
        }
        return rows;
    }
}
