package org.sfumato.models.latent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

class PosteriorTest {
    @Test
    void ofVarianceOneTheDivergenceIsHalfTheSquaredNorm() {
        Scope.temporary(() -> {
            var q = Posterior.unit(Tensor.of(new float[] {1, 2, -2, 0, 0, 3}, 2, 1, 3));
            assertThat(q.kl().toDoubles()).containsExactly(4.5, 4.5);
        });
    }

    /// `E_q [log q - log p]` is the divergence; the closed form of two Gaussians is from Kingma and Welling 2014,
    /// appendix B.
    @Test
    void theDivergenceIsTheMeanOfTheDifferenceOfLogDensities() {
        Scope.temporary(() -> {
            int n = 20_000;
            var mean = Tensor.of(new float[] {.5f, -1}, 1, 1, 2);
            var logVariance = Tensor.of(new float[] {-.7f, .3f}, 1, 1, 2);
            double exact = 0;
            for (int j = 0; j < 2; j++) {
                double m = mean.toDoubles()[j];
                double v = logVariance.toDoubles()[j];
                exact += .5 * (m * m + Math.exp(v) - v - 1);
            }
            assertThat(new Posterior(mean, logVariance).kl().item()).isCloseTo(exact, within(1e-6));
            var shape = Shape.of(n, 1, 2);
            var many = new Posterior(mean.expand(shape).contiguous(), logVariance.expand(shape).contiguous());
            var z = many.sample(1, Rng.of(1));
            double sampled = many.logDensity(z).sub(Posterior.logPrior(z)).mean().item();
            assertThat(sampled).isCloseTo(exact, within(.03));
            assertThat(many.sample(0, Rng.of(1))).isSameAs(many.mean());
        });
    }

    @Test
    void statisticsStandardiseAndRestore() {
        Scope.temporary(() -> {
            var z = Tensor.of(new float[] {1, 5, 3, 5}, 2, 1, 2);           // the second never changes
            var statistics = LatentStatistics.of(z);
            assertThat(statistics.mean().toDoubles()).containsExactly(2, 5);
            assertThat(statistics.deviation().toDoubles()[0]).isEqualTo(1);
            assertThat(statistics.rms()).isCloseTo(Math.sqrt(15), within(1e-6));
            assertThat(statistics.standardise(z).toDoubles()).containsExactly(-1, 0, 1, 0);
            assertThat(statistics.restore(statistics.standardise(z)).toDoubles()).containsExactly(1, 5, 3, 5);
        });
    }
}
