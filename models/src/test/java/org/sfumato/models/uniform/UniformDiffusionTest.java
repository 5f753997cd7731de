package org.sfumato.models.uniform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.sfumato.models.Denoiser;
import org.sfumato.models.diffusion.Canvas;
import org.sfumato.models.diffusion.Nelbo;
import org.sfumato.models.diffusion.NoiseSchedule;
import org.sfumato.models.diffusion.Sampler;
import org.sfumato.models.diffusion.Times;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

/// Uniform-state diffusion against the un-reduced form of its bound, against the divergence of posteriors over a short
/// time, and against a joint distribution of two words over two places.
class UniformDiffusionTest {
    private static final double[][] JOINT = {{.4, .1}, {.2, .3}};

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

    @Test
    void theBoundIsTheDivergenceOfPosteriorsOverAShortTime() {
        for (int k : new int[] {2, 5, 50}) {
            var process = UniformProcess.of(k);
            var random = new Random(k);
            for (double t : new double[] {.02, .37, .63, .98}) {
                var p = new double[k];
                Arrays.setAll(p, _ -> -Math.log(random.nextDouble()));
                double sum = Arrays.stream(p).sum();
                Arrays.setAll(p, j -> p[j] / sum);
                var truth = new double[k];
                truth[1] = 1;
                for (int noisy : new int[] {0, 1}) {
                    double dt = 1e-5;
                    var exact = process.posterior(truth, noisy, 1 - (t - dt), 1 - t);
                    var model = process.posterior(p, noisy, 1 - (t - dt), 1 - t);
                    double divergence = 0;
                    for (int j = 0; j < k; j++) {
                        divergence += exact[j] > 0 ? exact[j] * Math.log(exact[j] / model[j]) : 0;
                    }
                    assertThat(bound(process, p, 1, noisy, t)).as("K %d, t %f, noisy %d", k, t, noisy)
                            .isCloseTo(divergence / dt, within(2e-3 * (1e-2 + divergence / dt)));
                }
            }
        }
    }

    @Test
    void aPerfectPredictionCostsNothingAndNoScheduleOverflows() {
        for (var schedule : NoiseSchedule.values()) {
            var process = new UniformProcess(5, schedule, UniformProcess.EPSILON, 1 - UniformProcess.EPSILON);
            for (double t : new double[] {1e-3, .5, 1 - 1e-3}) {
                for (int noisy : new int[] {0, 3}) {
                    double cost = bound(process, new double[] {0, 0, 0, 1, 0}, 3, noisy, t);
                    assertThat(cost).as("%s at %f", schedule, t).isCloseTo(0, within(2e-3));
                }
            }
        }
    }

    @Test
    void thePosteriorHasTheValuesOfItsFormula() {
        var process = UniformProcess.of(3);
        assertThat(process.posterior(new double[] {1, 0, 0}, 1, .7, .4))
                .containsExactly(new double[] {.571429, .357143, .071429}, within(1e-6));
        assertThat(process.posterior(new double[] {.5, .3, .2}, 1, .7, .4))
                .containsExactly(new double[] {.200893, .691964, .107143}, within(1e-6));
    }

    /// A denoiser that knows the joint distribution: exact conditionals of a place given the noisy token of the other
    /// and alpha. Posteriors made with them are exact, since those are linear in the distribution of the place itself.
    private static final Denoiser EXACT = (noisy, _) -> {
        var in = noisy.ids().toLongs();
        var alpha = noisy.alpha().toDoubles();
        int rows = alpha.length;
        var logits = new float[rows * 2 * 2];
        for (int r = 0; r < rows; r++) {
            var p = new double[2][2];
            for (int a = 0; a < 2; a++) {
                for (int b = 0; b < 2; b++) {
                    p[0][a] += JOINT[a][b] * seen(in[2 * r + 1], b, alpha[r]);
                    p[1][b] += JOINT[a][b] * seen(in[2 * r], a, alpha[r]);
                }
            }
            for (int i = 0; i < 4; i++) {
                logits[4 * r + i] = (float) Math.log(p[i / 2][i % 2]);
            }
        }
        return Tensor.of(logits, rows, 2, 2);
    };

    private static double seen(long noisy, int clean, double alpha) {
        return (noisy == clean ? alpha : 0) + (1 - alpha) / 2;
    }

    @Test
    void theBoundOfTheExactModelIsTheEntropy() {
        var text = new int[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1, 0};  // frequencies 4, 2, 4, 0
        var all = Arrays.copyOf(text, 26);
        Arrays.fill(all, 20, 26, 1);                                                     // and 3 of the fourth pair
        double expected = -(4 * Math.log(.4) + 2 * Math.log(.1) + 4 * Math.log(.2) + 3 * Math.log(.3)) / 26;
        for (var schedule : NoiseSchedule.values()) {
            var process = new UniformProcess(2, schedule, 1e-4, 1 - 1e-4);
            var estimate = new Nelbo<>(EXACT, process, 2).estimate(all, 1000, Rng.of(1));
            assertThat(estimate.nats()).as("%s", schedule)
                    .isCloseTo(expected, within(.002 + 3 * estimate.standardError()));
        }
    }

    @Test
    void noiseKeepsAlphaOfTheTokensAndSpreadsTheRest() {
        try (var scope = Scope.open("test")) {
            scope.run(() -> {
                var ids = Tensor.full(Shape.of(1, 60_000), 2, org.sfumato.tensor.DType.I64,
                        org.sfumato.tensor.Settings.current().device());
                var noisy = UniformProcess.of(4).noise(ids, Times.ofRows(.7), Rng.of(3));
                var counts = new int[4];
                for (long id : noisy.ids().toLongs()) {
                    counts[(int) id]++;
                }
                for (int v = 0; v < 4; v++) {
                    double expected = 60_000 * (.7 / 4 + (v == 2 ? .3 : 0));
                    assertThat((double) counts[v]).isCloseTo(expected, within(4 * Math.sqrt(expected)));
                }
                assertThat(noisy.alpha().item()).isCloseTo(.3, within(1e-6));
            });
        }
    }

    @Test
    void samplesOfTheExactModelHaveTheJointDistribution() {
        var sampler = new UniformSampler(EXACT, UniformProcess.of(2), 64, 1, false);
        var counts = new int[4];
        int samples = 2000;
        for (int n = 0; n < samples; n++) {
            var ids = sampler.fill(Canvas.after(new int[0], 2), Rng.of(5).fold(n), Sampler.Observer.NONE);
            counts[2 * ids[0] + ids[1]]++;
        }
        double[] expected = {.4, .1, .2, .3};
        for (int i = 0; i < 4; i++) {
            double error = Math.sqrt(expected[i] * (1 - expected[i]) / samples);
            assertThat((double) counts[i] / samples).isCloseTo(expected[i], within(4 * error + .01));
        }
    }

    @Test
    void whatIsNotOpenStays() {
        var sampler = new UniformSampler(EXACT, UniformProcess.of(2), 8, 1, true);
        for (int n = 0; n < 20; n++) {
            var ids = sampler.fill(Canvas.after(new int[] {1}, 1), Rng.of(n), Sampler.Observer.NONE);
            assertThat(ids[0]).isEqualTo(1);
        }
        assertThatThrownBy(() -> new Canvas(new int[2], new boolean[3])).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("2 places");
    }
}
