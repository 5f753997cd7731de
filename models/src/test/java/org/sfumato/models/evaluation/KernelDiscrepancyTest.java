package org.sfumato.models.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Tensor;

class KernelDiscrepancyTest {
    private static final double NUMPY_1 = -0.18049116749718702;
    private static final double NUMPY_2 = -0.17755067104559186;
    private static final double NUMPY_MEDIAN = 5.0;

    /// Numbers by NumPy: `k = lambda a, b: np.exp(-((a[:, None] - b[None]) ** 2).sum(-1) / 2 / h ** 2)`, diagonals of
    /// k(x, x) and k(y, y) left out of the means.
    @Test
    void squaredDiscrepancyIsThatOfNumPy() {
        Scope.temporary(() -> {
            var x = Tensor.of(new float[] {0, 0, 1, 0, 0, 2, 3, 1}, 4, 2);
            var y = Tensor.of(new float[] {2, 2, 1, 1, -1, 0}, 3, 2);
            assertThat(new KernelDiscrepancy(1).squared(x, y)).isCloseTo(NUMPY_1, within(1e-6));
            assertThat(new KernelDiscrepancy(2.5).squared(x, y)).isCloseTo(NUMPY_2, within(1e-6));
            assertThat(KernelDiscrepancy.median(x).bandwidth()).isCloseTo(Math.sqrt(NUMPY_MEDIAN), within(1e-6));
        });
    }

    @Test
    void equalDistributionsAreNearAndOthersFar() {
        Scope.temporary(() -> {
            var x = Tensor.normal(Shape.of(300, 5), Rng.of(1));
            var same = Tensor.normal(Shape.of(300, 5), Rng.of(2));
            var kernel = KernelDiscrepancy.median(x);
            double near = kernel.squared(x, same);
            assertThat(Math.abs(near)).isLessThan(5e-3);
            assertThat(kernel.squared(x, same.add(.5))).isGreaterThan(Math.abs(near) + .02);
        });
    }

    /// The sample of a fitted Gaussian has the mean and the covariance that it was fitted to.
    @Test
    void aFittedGaussianHasItsMoments() {
        Scope.temporary(() -> {
            var mix = Tensor.normal(Shape.of(4, 4), Rng.of(3));
            var data = Tensor.normal(Shape.of(2000, 4), Rng.of(4)).matmul(mix).add(Tensor.of(1f, -2, 0, 3));
            var drawn = FittedGaussian.of(data).sample(20_000, Rng.of(5));
            var expected = moments(data);
            var found = moments(drawn);
            for (int i = 0; i < expected.length; i++) {
                assertThat(found[i]).isCloseTo(expected[i], within(.15 + .05 * Math.abs(expected[i])));
            }
        });
    }

    /// So has that of three rows of four numbers.
    @Test
    void aGaussianFittedToFewRowsHasTheirMoments() {
        Scope.temporary(() -> {
            var data = Tensor.of(new float[] {1, 0, 2, -1, 0, 3, 1, 1, -2, 1, 0, 2}, 3, 4);
            var expected = moments(data);
            var found = moments(FittedGaussian.of(data).sample(20_000, Rng.of(5)));
            for (int i = 0; i < expected.length; i++) {
                assertThat(found[i]).isCloseTo(expected[i], within(.1));
            }
        });
    }

    private static double[] moments(Tensor x) {
        var mean = x.mean(0);
        var centred = x.sub(mean);
        return Tensor.concat(0, mean, centred.t().matmul(centred).div(x.size(0)).reshape(16)).toDoubles();
    }

    @Test
    void whatDoesNotFitIsRefused() {
        Scope.temporary(() -> {
            assertThatThrownBy(() -> new KernelDiscrepancy(0)).hasMessageContaining("positive");
            assertThatThrownBy(() -> new KernelDiscrepancy(1).squared(Tensor.ones(1, 2), Tensor.ones(3, 2)))
                    .isInstanceOf(ShapeException.class);
        });
    }
}
