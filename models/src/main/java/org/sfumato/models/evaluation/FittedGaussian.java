package org.sfumato.models.evaluation;

import org.sfumato.tensor.DType;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

/// The Gaussian with the mean and the covariance of a sample: what a generator must beat.
///
/// @param mean (D)
/// @param root (D, R), of the covariance: `root root^T`
public record FittedGaussian(Tensor mean, Tensor root) {
    /// Of rows (M, D), in the current scope.
    public static FittedGaussian of(Tensor sample) {
        int d = Math.toIntExact(sample.size(1));
        var values = sample.toDoubles();
        var rows = new double[Math.toIntExact(sample.size(0))][d];
        for (int i = 0; i < rows.length; i++) {
            System.arraycopy(values, i * d, rows[i], 0, d);
        }
        if (rows.length <= d) {
            return ofFew(sample.cast(DType.F32));
        }
        var eigen = SymmetricEigen.of(SymmetricEigen.covariance(rows));
        var root = new float[d * d];
        for (int k = 0; k < d; k++) {
            double scale = Math.sqrt(Math.max(0, eigen.values()[k]));
            for (int i = 0; i < d; i++) {
                root[i * d + k] = (float) (scale * eigen.vectors()[k][i]);
            }
        }
        var mean = SymmetricEigen.mean(rows);
        var floats = new float[d];
        for (int i = 0; i < d; i++) {
            floats[i] = (float) mean[i];
        }
        return new FittedGaussian(Tensor.of(floats, d), Tensor.of(root, d, d));
    }

    /// The covariance of fewer rows than numbers is that of their differences to the mean, which are its root.
    private static FittedGaussian ofFew(Tensor sample) {
        var mean = Scope.result(() -> sample.mean(0));
        return new FittedGaussian(mean, Scope.result(() ->
                sample.sub(mean).div(Math.sqrt(sample.size(0))).t().contiguous()));
    }

    /// Draws `count` rows. Shape: (count, D).
    public Tensor sample(int count, Rng rng) {
        return Scope.result(() -> Tensor.normal(Shape.of(count, root.size(1)), rng).to(mean.device())
                .matmul(root.t()).add(mean));
    }
}
