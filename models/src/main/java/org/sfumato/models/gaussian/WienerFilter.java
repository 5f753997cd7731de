package org.sfumato.models.gaussian;

import java.util.Arrays;
import org.sfumato.models.evaluation.SymmetricEigen;
import org.sfumato.tensor.Tensor;

/// The best linear denoiser: for data of mean m and covariance C,
///
///   `x^ = m + a C (a^2 C + s^2)^-1 (z - a m)`.
///
/// For normal data it is the mean of x given z. What a network does better is beyond mean and covariance. Source:
/// Wiener 1949, in the form of Bishop 2006, equation 2.116.
///
/// @param mean (N D)
/// @param vectors (N D, N D), the eigenvectors of C as rows
/// @param values the eigenvalues of C
public record WienerFilter(Tensor mean, Tensor vectors, double[] values) {
    /// Of latents (R, N, D), in the current scope; the N vectors of a text are taken together.
    ///
    /// @throws IllegalArgumentException if there are fewer than two
    public static WienerFilter of(Tensor latents) {
        NoiseLevel.requireLatents(latents);
        int rows = Math.toIntExact(latents.size(0));
        if (rows < 2) {
            throw new IllegalArgumentException("wiener filter: at least two latents are needed, got "
                    + latents.shape());
        }
        var table = rows(latents);
        var eigen = SymmetricEigen.of(SymmetricEigen.covariance(table));
        int width = eigen.values().length;
        return new WienerFilter(Tensor.of(SymmetricEigen.mean(table), width).cast(latents.dtype()),
                Tensor.of(Arrays.stream(eigen.vectors()).flatMapToDouble(Arrays::stream).toArray(), width, width)
                        .cast(latents.dtype()),
                Arrays.stream(eigen.values()).map(v -> Math.max(0, v)).toArray());
    }

    /// Latents as rows of numbers. Shapes: (R, N, D) -> R times N D.
    static double[][] rows(Tensor latents) {
        int rows = Math.toIntExact(latents.size(0));
        var all = latents.toDoubles();
        int width = rows == 0 ? 0 : all.length / rows;
        var table = new double[rows][];
        for (int i = 0; i < rows; i++) {
            table[i] = Arrays.copyOfRange(all, i * width, (i + 1) * width);
        }
        return table;
    }

    /// `x^`. Shapes: z (B, N, D) -> (B, N, D).
    public Tensor denoise(Tensor z, NoiseLevel level) {
        double a = level.signal();
        double s = level.noise();
        var shrink = Arrays.stream(values).map(v -> v == 0 ? 0 : a * v / (a * a * v + s * s)).toArray();
        var flat = z.reshape(z.size(0), mean.size(0));
        var inner = flat.sub(mean.mul(a)).matmul(vectors.t())
                .mul(Tensor.of(shrink, shrink.length).cast(z.dtype()).to(z.device()));
        return inner.matmul(vectors).add(mean).reshape(z.shape());
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof WienerFilter(Tensor m, Tensor v, double[] its) && m == mean && v == vectors
                && Arrays.equals(values, its);
    }

    @Override
    public int hashCode() {
        return 31 * System.identityHashCode(vectors) + Arrays.hashCode(values);
    }

    @Override
    public String toString() {
        return "WienerFilter" + mean.shape();
    }
}
