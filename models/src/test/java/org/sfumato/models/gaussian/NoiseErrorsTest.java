package org.sfumato.models.gaussian;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.sfumato.models.latent.LatentStatistics;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// Errors along the noise of networks whose errors are known.
class NoiseErrorsTest {
    /// A network that says nothing.
    private record Silent() implements LatentNetwork {
        @Override
        public Tensor forward(NoisyLatents noisy, Pass pass) {
            return noisy.z().mul(0);
        }

        @Override
        public LatentNetworkConfig config() {
            throw new UnsupportedOperationException();
        }

        @Override
        public Map<String, Tensor> parameters() {
            return Map.of();
        }
    }

    private static NoiseErrors errors(GaussianSchedule schedule, Parameterisation parameterisation, int rows) {
        var latents = Tensor.ones(rows, 1, 8);
        return NoiseErrors.of(new LatentModel(new Silent(), new GaussianProcess(schedule, parameterisation),
                LatentStatistics.none(latents), 0), LatentTable.of(latents), 4, Rng.of(1));
    }

    @Test
    void whoSaysNothingOfTheNoiseErrsByItsVariance() {
        Scope.temporary(() -> {
            var found = errors(new ContinuousSchedule.Cosine(), new Parameterisation.Epsilon(), 200);
            assertThat(found.from()).containsExactly(0., .25, .5, .75);
            assertThat(found.errors()).allSatisfy(e -> assertThat(e).isCloseTo(1, within(.15)));
        });
    }

    /// Of clean latents of 1 taken for 0 the noise is told wrong by `a / s`: the mean of `snr = alphaBar / (1 -
    /// alphaBar)` over the table's steps, by the products of `1 - beta`.
    @Test
    void whoSaysNothingOfTheLatentsErrsByTheirShare() {
        Scope.temporary(() -> {
            var found = errors(DiscreteSchedule.linear(), new Parameterisation.X0(), 250);
            double alphaBar = 1;
            var sums = new double[4];
            for (int t = 0; t < 1000; t++) {
                alphaBar *= 1 - (1e-4 + t * (.02 - 1e-4) / 999);
                sums[t / 250] += alphaBar / (1 - alphaBar) / 250;
            }
            for (int i = 0; i < 4; i++) {
                assertThat(found.errors().get(i)).isCloseTo(sums[i], within(1e-3 * sums[i]));
            }
            assertThatThrownBy(() -> NoiseErrors.of(null, null, 0, Rng.of(1))).hasMessageContaining("0 parts");
        });
    }
}
