package org.sfumato.models.evaluation;

import java.util.Arrays;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Tensor;

/// The maximum mean discrepancy of two samples under a Gaussian kernel, squared, without bias: `mean_{i != j} k(x_i,
/// x_j) + mean_{i != j} k(y_i, y_j) - 2 mean_{i, j} k(x_i, y_j)` with `k(a, b) = exp(-|a - b|^2 / (2 h^2))`. It is 0 on
/// average, and may be a little below, if both are drawn from one distribution, and above it if not. Source: Gretton et
/// al. 2012, JMLR 13, equation 3.
///
/// @param bandwidth h
public record KernelDiscrepancy(double bandwidth) {
    /// Checks the bandwidth.
    public KernelDiscrepancy {
        if (!(bandwidth > 0) || !Double.isFinite(bandwidth)) {
            throw new IllegalArgumentException("kernel: the bandwidth must be positive, got " + bandwidth);
        }
    }

    /// With the median distance between two rows of `sample`. Shapes: (M, D).
    public static KernelDiscrepancy median(Tensor sample) {
        requireRows(sample);
        var distances = Dispatch.unrecorded(() -> Scope.result(() -> squares(sample, sample))).toDoubles();
        int m = Math.toIntExact(sample.size(0));
        var apart = new double[m * (m - 1) / 2];
        int n = 0;
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < i; j++) {
                apart[n++] = distances[i * m + j];
            }
        }
        Arrays.sort(apart);
        return new KernelDiscrepancy(Math.sqrt(apart[n / 2]));
    }

    private static void requireRows(Tensor x) {
        if (x.shape().rank() != 2 || x.size(0) < 2) {
            throw new ShapeException("kernel: needs two rows at least, (M, D), got " + x.shape());
        }
    }

    /// `|x_i - y_j|^2`. Shapes: (M, D), (N, D) -> (M, N).
    private static Tensor squares(Tensor x, Tensor y) {
        return x.square().sum(true, 1).add(y.square().sum(1)).sub(x.matmul(y.t()).mul(2)).clamp(0,
                Double.POSITIVE_INFINITY);
    }

    /// The squared discrepancy. Shapes: x (M, D), y (N, D).
    ///
    /// @throws ShapeException if one has less than two rows, or the widths differ
    public double squared(Tensor x, Tensor y) {
        requireRows(x);
        requireRows(y);
        return within(x) + within(y) - 2 * Dispatch.unrecorded(() -> Scope.result(() -> kernel(x, y).mean())).item();
    }

    /// The mean over pairs of two rows.
    private double within(Tensor x) {
        double m = x.size(0);
        double sum = Dispatch.unrecorded(() -> Scope.result(() -> {
            var k = kernel(x, x);
            var other = Tensor.arange(x.size(0), x.device());
            return k.maskedFill(other.unsqueeze(1).eq(other), 0).sum();
        })).item();
        return sum / (m * (m - 1));
    }

    private Tensor kernel(Tensor x, Tensor y) {
        return squares(x, y).mul(-.5 / bandwidth / bandwidth).exp();
    }
}
