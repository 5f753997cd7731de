package org.sfumato.models.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Tensor;

class FrechetDistanceTest {
    private static final double NUMPY_1 = 1.015401357158927;
    private static final double NUMPY_3 = 3.171603439107127;
    private static final double NUMPY_2 = 2.8791803450162763;

    /// Numbers by NumPy: `C = np.cov(x.T, bias=True)`, and the trace of the root from `np.linalg.eigvals(C @ D)`.
    @Test
    void itIsThatOfNumPy() {
        Scope.temporary(() -> {
            var x = Tensor.of(new double[] {0, 0, 1, 0, 0, 2, 3, 1}, 4, 2);
            var y = Tensor.of(new double[] {2, 2, 1, 1, -1, 0}, 3, 2);
            assertThat(FrechetDistance.squared(x, y)).isCloseTo(NUMPY_1, within(1e-9));
            assertThat(FrechetDistance.squared(y, x)).isCloseTo(NUMPY_1, within(1e-9));
            assertThat(FrechetDistance.squared(x, x)).isCloseTo(0, within(1e-9));
            var a = Tensor.of(IntStream.range(0, 18).mapToDouble(i -> Math.sin((double) i * i)).toArray(), 6, 3);
            var b = Tensor.of(IntStream.range(0, 15).mapToDouble(i -> Math.cos(i * i * .7)).toArray(), 5, 3);
            assertThat(FrechetDistance.squared(a, b)).isCloseTo(NUMPY_2, within(1e-9));
        });
    }

    /// Fewer rows than numbers. By NumPy: the trace of the root as the sum of `np.linalg.svd(A @ B.T)[1]` with A and B
    /// the centred rows over the roots of their numbers.
    @Test
    void ofFewRowsToo() {
        Scope.temporary(() -> {
            var a = Tensor.of(IntStream.range(0, 15).mapToDouble(i -> Math.sin((double) i * i)).toArray(), 3, 5);
            var b = Tensor.of(IntStream.range(0, 20).mapToDouble(i -> Math.cos(i * i * .7)).toArray(), 4, 5);
            assertThat(FrechetDistance.squared(a, b)).isCloseTo(NUMPY_3, within(1e-7));      // roots of what is 0
            assertThat(FrechetDistance.squared(b, a)).isCloseTo(NUMPY_3, within(1e-7));
        });
    }

    /// Of isotropic Gaussians it is known: the distance of the means, and of the deviations.
    @Test
    void ofIsotropicGaussiansItIsKnown() {
        Scope.temporary(() -> {
            var x = Tensor.normal(Shape.of(5000, 4), Rng.of(1));
            var y = Tensor.normal(Shape.of(5000, 4), Rng.of(2)).mul(2).add(1);
            assertThat(FrechetDistance.squared(x, y)).isCloseTo(4 + 4, within(.25));
            assertThatThrownBy(() -> FrechetDistance.squared(x, Tensor.ones(3, 2))).isInstanceOf(ShapeException.class);
            assertThatThrownBy(() -> FrechetDistance.squared(x, Tensor.ones(1, 4))).isInstanceOf(ShapeException.class);
        });
    }
}
