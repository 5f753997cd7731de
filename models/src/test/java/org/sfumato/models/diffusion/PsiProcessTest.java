package org.sfumato.models.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sfumato.models.Denoiser;
import org.sfumato.models.masked.MaskedProcess;
import org.sfumato.models.mixture.MixtureProcess;
import org.sfumato.models.uniform.UniformProcess;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

/// Psi-steps by enumeration over one token, and samples of it.
class PsiProcessTest {
    private static final double[] CLEAN = {.5, .3, .15, .05};

    private static Stream<NoiseProcess> processes() {
        return Stream.of(MaskedProcess.of(4), UniformProcess.of(4), new MixtureProcess(4, .2));
    }

    private static double marginal(NoiseProcess process, double[] p, int token, double t) {
        return process.alpha(t) * p[token] + process.noise(token, t);
    }

    @ParameterizedTest
    @MethodSource("processes")
    void theTokensOfEveryTimeAreDistributedAsInTheProcess(NoiseProcess process) {
        double s = .35;
        double t = .8;
        var p = Arrays.copyOf(CLEAN, process.ids());
        for (double kappa : new double[] {0, .3, 1}) {
            var psi = new PsiProcess(process, kappa);
            var reached = new double[p.length];
            for (int noisy = 0; noisy < p.length; noisy++) {
                double weight = marginal(process, p, noisy, t);
                if (weight > 0) {
                    var step = psi.posterior(p, noisy, s, t);
                    assertThat(Arrays.stream(step).sum()).isCloseTo(1, within(1e-12));
                    for (int j = 0; j < p.length; j++) {
                        reached[j] += weight * step[j];
                    }
                }
            }
            for (int j = 0; j < p.length; j++) {
                assertThat(reached[j]).as("kappa %f, token %d", kappa, j)
                        .isCloseTo(marginal(process, p, j, s), within(1e-12));
            }
        }
    }

    @Test
    void withoutThePosteriorAVisibleTokenIsMaskedAgain() {
        var masked = MaskedProcess.of(4);
        var p = Arrays.copyOf(CLEAN, 5);
        assertThat(masked.posterior(p, 2, .4, .8)).containsExactly(new double[] {0, 0, 1, 0, 0}, within(1e-12));
        assertThat(new PsiProcess(masked, 0).posterior(p, 2, .4, .8))
                .containsExactly(new double[] {0, 0, .6, 0, .4}, within(1e-12));
        assertThat(new PsiProcess(masked, 1).posterior(p, 2, .4, .8)).isEqualTo(masked.posterior(p, 2, .4, .8));
    }

    @ParameterizedTest
    @MethodSource("processes")
    void samplesHaveTheDistributionOfTheText(NoiseProcess process) {
        var logits = new float[process.ids()];
        for (int v = 0; v < 4; v++) {
            logits[v] = (float) Math.log(CLEAN[v]);
        }
        Denoiser exact = (noisy, _) -> Tensor.of(logits, 1, 1, logits.length)
                .expand(Shape.of(1, noisy.ids().size(1), logits.length));
        var ids = AncestralSampler.of(exact, new PsiProcess(process, .5), 12)
                .fill(Canvas.after(new int[0], 6000), Rng.of(3), Sampler.Observer.NONE);
        for (int v = 0; v < 4; v++) {
            int token = v;
            double share = Arrays.stream(ids).filter(id -> id == token).count() / 6000.0;
            assertThat(share).isCloseTo(CLEAN[v], within(4 * Math.sqrt(CLEAN[v] * (1 - CLEAN[v]) / 6000)));
        }
    }

    @Test
    void aShareBeyondOneIsRefused() {
        assertThatThrownBy(() -> new PsiProcess(UniformProcess.of(4), 1.5))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("kappa 1.5");
    }
}
