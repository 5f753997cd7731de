package org.sfumato.models.uniform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sfumato.models.Denoiser;
import org.sfumato.models.diffusion.AncestralSampler;
import org.sfumato.models.diffusion.Canvas;
import org.sfumato.models.diffusion.Sampler;
import org.sfumato.models.diffusion.Times;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// Uniform-state diffusion against values of the un-reduced form of its bound and of its posterior. What all processes
/// have in common is in NoiseProcessTest.
class UniformDiffusionTest {
    private static double bound(UniformProcess process, double[] p, int clean, int noisy, double t) {
        try (var scope = Scope.open("test")) {
            return scope.call(() -> {
                var logits = new float[p.length];
                for (int j = 0; j < p.length; j++) {
                    logits[j] = (float) Math.log(p[j]);
                }
                return process.bound(Tensor.of(logits, 1, 1, p.length), Tensor.of(new long[] {clean}, 1, 1),
                        Tensor.of(new long[] {noisy}, 1, 1), Times.ofRows(t)).item();
            });
        }
    }

    @Test
    void theBoundHasTheValuesOfItsUnreducedForm() {
        // (alpha' / K alpha) [K / x_i - K / y_i - sum_j (x_j / x_i) log(y_i x_j / (y_j x_i))] with x = K alpha x + 1 -
        // alpha and y the same of the prediction, in float64 with NumPy: p = (.5, .3, .2), alpha = .4, clean token 0
        var process = UniformProcess.of(3);
        double[] p = {.5, .3, .2};
        assertThat(bound(process, p, 0, 0, .6)).isCloseTo(.2451649772, within(2e-6));
        assertThat(bound(process, p, 0, 1, .6)).isCloseTo(.7374480039, within(2e-6));
        assertThat(bound(process, p, 0, 2, .6)).isCloseTo(.5530910108, within(2e-6));
    }

    /// The f32 bound near both ends of time against its unreduced form in float64.
    @ParameterizedTest
    @ValueSource(doubles = {1e-6, 1e-4, .5, 1 - 1e-4, 1 - 1e-6})
    void theBoundHoldsAtTheEndsOfTime(double t) {
        int k = 65;
        var random = new Random(2);
        double[] p = random.doubles(k).map(u -> -Math.log(u)).toArray();
        double sum = Arrays.stream(p).sum();
        Arrays.setAll(p, j -> p[j] / sum);
        double alpha = 1 - t;
        for (int noisy : new int[] {7, 20}) {
            double unreduced = 0;
            double xz = (noisy == 7 ? k * alpha : 0) + 1 - alpha;
            double yz = k * alpha * p[noisy] + 1 - alpha;
            for (int j = 0; j < k; j++) {
                double xj = (j == 7 ? k * alpha : 0) + 1 - alpha;
                unreduced -= xj / xz * Math.log(yz / xz * (xj / (k * alpha * p[j] + 1 - alpha)));
            }
            unreduced = -(k / xz - k / yz + unreduced) / (k * alpha);
            assertThat(bound(UniformProcess.of(k), p, 7, noisy, t)).as("noisy %d", noisy)
                    .isCloseTo(unreduced, within(2e-5 + 1e-5 * Math.abs(unreduced)));
        }
    }

    @Test
    void thePosteriorHasTheValuesOfItsFormula() {
        var process = UniformProcess.of(3);
        assertThat(process.posterior(new double[] {1, 0, 0}, 1, .3, .6))
                .containsExactly(new double[] {.571429, .357143, .071429}, within(1e-6));
        assertThat(process.posterior(new double[] {.5, .3, .2}, 1, .3, .6))
                .containsExactly(new double[] {.200893, .691964, .107143}, within(1e-6));
    }

    @Test
    void guidanceGoesAwayFromWhatIsLikelyWithoutThePrompt() {
        int k = 50;
        Denoiser prompted = (noisy, _) -> {                                 // token 1 is likely after the prompt only
            int rows = (int) noisy.ids().size(0);
            var logits = new float[rows * 2 * k];
            for (int r = 0; r < rows; r++) {
                logits[(2 * r + 1) * k] = 1;
                logits[(2 * r + 1) * k + 1] = noisy.ids().toLongs()[2 * r] == 3 ? .9f : 0;
            }
            return Tensor.of(logits, rows, 2, k);
        };
        var tokens = new int[2];
        for (int w = 0; w < 2; w++) {
            tokens[w] = new AncestralSampler(prompted, UniformProcess.of(k), 1, 0, w, true, List.of())
                    .fill(Canvas.after(new int[] {3}, 1), Rng.of(1), Sampler.Observer.NONE)[1];
        }
        assertThat(tokens).containsExactly(0, 1);                           // logits 1 and .9, and 1 and 0 + 2 * .9
    }

    @Test
    void whatIsNotOpenStays() {
        Denoiser even = (noisy, _) -> Tensor.zeros(1, noisy.ids().size(1), 2);
        var sampler = new AncestralSampler(even, UniformProcess.of(2), 8, 1, 0, true, List.of());
        for (int n = 0; n < 20; n++) {
            var ids = sampler.fill(Canvas.after(new int[] {1}, 1), Rng.of(n), Sampler.Observer.NONE);
            assertThat(ids[0]).isEqualTo(1);
        }
        assertThatThrownBy(() -> new Canvas(new int[2], new boolean[3])).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("2 places");
    }
}
