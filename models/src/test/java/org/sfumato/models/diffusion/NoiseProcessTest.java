package org.sfumato.models.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.sfumato.models.Denoiser;
import org.sfumato.models.Noisy;
import org.sfumato.models.diffusion.GibbsSampler.Shown;
import org.sfumato.models.masked.MaskedProcess;
import org.sfumato.models.mixture.MixtureProcess;
import org.sfumato.models.uniform.UniformProcess;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Settings;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

/// All processes: what they do to tokens, their bounds against the divergence of posteriors over a short time, and
/// bounds and samples against a joint distribution of two words over two places.
class NoiseProcessTest {
    private static final double[][] JOINT = {{.4, .1}, {.2, .3}};

    /// Processes over `words` words.
    private static Stream<NoiseProcess> processes(int words) {
        return Stream.of(MaskedProcess.of(words),
                new MaskedProcess(words, NoiseSchedule.COSINE, 1e-3, 1),
                new MaskedProcess(words, NoiseSchedule.GEOMETRIC, 0, 1), MaskedProcess.of(words).whole(),
                UniformProcess.of(words),
                new UniformProcess(words, NoiseSchedule.QUADRATIC, 1e-4, 1 - 1e-4),
                new MixtureProcess(words, .1), new MixtureProcess(words, .4));
    }

    private static Stream<NoiseProcess> ofTwo() {
        return processes(2);
    }

    private static Stream<NoiseProcess> ofFive() {
        return processes(5);
    }

    @ParameterizedTest
    @MethodSource("ofFive")
    void massesAddUpAndNoiseFollowsThem(NoiseProcess process) {
        double t = .6;
        double sum = process.alpha(t);
        for (int v = 0; v < process.ids(); v++) {
            sum += process.noise(v, t);
        }
        assertThat(sum).isCloseTo(1, within(1e-12));
        int count = 40_000;
        try (var scope = Scope.open("test")) {
            scope.run(() -> {
                var ids = Tensor.full(Shape.of(1, count), 2, DType.I64, Settings.current().device());
                var noisy = process.noise(ids, Times.ofRows(t), Rng.of(3));
                var seen = new int[process.ids()];
                for (long id : noisy.ids().toLongs()) {
                    seen[(int) id]++;
                }
                for (int v = 0; v < seen.length; v++) {
                    double expected = count * (process.noise(v, t) + (v == 2 ? process.alpha(t) : 0));
                    assertThat((double) seen[v]).isCloseTo(expected, within(4 * Math.sqrt(expected) + 1e-9));
                }
                assertThat(noisy.alpha().item()).isCloseTo(process.alpha(t), within(1e-6));
            });
        }
    }

    private static double integrand(NoiseProcess process, double[] p, int clean, int noisy, double t) {
        try (var scope = Scope.open("test")) {
            return scope.call(() -> {
                var logits = new float[process.ids()];
                Arrays.fill(logits, 3);                                     // of [MASK], which no process may predict
                for (int j = 0; j < p.length; j++) {
                    logits[j] = (float) Math.log(p[j]);
                }
                Denoiser table = (_, _) -> Tensor.of(logits, 1, 1, logits.length);
                var times = Times.ofRows(t);
                return process.integrand(table, Tensor.of(new long[] {clean}, 1, 1),
                        Noisy.of(Tensor.of(new long[] {noisy}, 1, 1)), times, Pass.INFERENCE).item();
            });
        }
    }

    @ParameterizedTest
    @MethodSource("ofFive")
    void theBoundIsTheDivergenceOfPosteriorsOverAShortTime(NoiseProcess process) {
        var random = new Random(1);
        double dt = 1e-5;
        for (double t : new double[] {.03, .37, .63, .97}) {
            var p = new double[process.ids()];
            Arrays.setAll(p, v -> process.isText(v) ? -Math.log(random.nextDouble()) : 0);
            double sum = Arrays.stream(p).sum();
            Arrays.setAll(p, v -> p[v] / sum);
            var truth = new double[p.length];
            truth[1] = 1;
            for (int noisy = 0; noisy < p.length; noisy++) {
                if (noisy != 1 && process.noise(noisy, t) == 0) {
                    continue;                                               // cannot be
                }
                var exact = process.posterior(truth, noisy, t - dt, t);
                var model = process.posterior(p, noisy, t - dt, t);
                double divergence = 0;
                for (int j = 0; j < p.length; j++) {
                    divergence += exact[j] > 0 ? exact[j] * Math.log(exact[j] / model[j]) / dt : 0;
                }
                assertThat(integrand(process, Arrays.copyOf(p, 5), 1, noisy, t)).as("t %f, noisy %d", t, noisy)
                        .isCloseTo(divergence, within(2e-3 * (1e-2 + divergence)));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("ofFive")
    void aPerfectPredictionCostsNothing(NoiseProcess process) {
        for (double u : new double[] {.001, .5, .999}) {
            double t = process.time(u);
            for (int noisy = 0; noisy < process.ids(); noisy++) {
                if (noisy == 3 || process.noise(noisy, t) > 0) {
                    assertThat(integrand(process, new double[] {0, 0, 0, 1, 0}, 3, noisy, t))
                            .as("t %f, noisy %d", t, noisy).isCloseTo(0, within(2e-3));
                }
            }
        }
    }

    /// A denoiser that knows the joint distribution: exact conditionals of a place given the noisy token of the other
    /// and alpha. Posteriors made with them are exact, since those are linear in the distribution of the place itself.
    private static Denoiser exact(NoiseProcess process) {
        return (noisy, _) -> {
            var in = noisy.ids().toLongs();
            var alpha = noisy.alpha().toDoubles();
            int ids = process.ids();
            var logits = new float[alpha.length * 2 * ids];
            Arrays.fill(logits, 3);
            for (int r = 0; r < alpha.length; r++) {
                double t = time(process, alpha[r]);
                var p = new double[2][2];
                for (int a = 0; a < 2; a++) {
                    for (int b = 0; b < 2; b++) {
                        p[0][a] += JOINT[a][b] * likelihood(process, (int) in[2 * r + 1], b, t);
                        p[1][b] += JOINT[a][b] * likelihood(process, (int) in[2 * r], a, t);
                    }
                }
                for (int i = 0; i < 4; i++) {
                    logits[(2 * r + i / 2) * ids + i % 2] = (float) Math.log(p[i / 2][i % 2]);
                }
            }
            return Tensor.of(logits, alpha.length, 2, ids);
        };
    }

    private static double likelihood(NoiseProcess process, int noisy, int clean, double t) {
        return (noisy == clean ? process.alpha(t) : 0) + process.noise(noisy, t);
    }

    /// When so much signal is left, by bisection.
    private static double time(NoiseProcess process, double alpha) {
        double low = 0;
        double high = 1;
        for (int i = 0; i < 50; i++) {
            double middle = (low + high) / 2;
            low = process.alpha(middle) > alpha ? middle : low;
            high = process.alpha(middle) > alpha ? high : middle;
        }
        return Math.clamp(low, 1e-6, 1 - 1e-6);
    }

    /// The bound by enumeration of all noisy pairs, over 400 times that lie close together near 0, where it is steep.
    @ParameterizedTest
    @MethodSource("ofTwo")
    void theBoundOfTheExactModelIsTheLikelihood(NoiseProcess process) {
        int times = 400;
        int n = process.ids();
        for (int pair = 0; pair < 4; pair++) {
            var clean = new long[times * n * n * 2];
            var noisy = new long[clean.length];
            var t = new double[times * n * n];
            var weight = new double[t.length];
            for (int row = 0; row < t.length; row++) {
                double v = (row / (n * n) + .5) / times;
                double u = v * v * v;                                       // du = 3 v^2 dv
                t[row] = process.time(u);
                clean[2 * row] = pair / 2;
                clean[2 * row + 1] = pair % 2;
                noisy[2 * row] = row / n % n;
                noisy[2 * row + 1] = row % n;
                weight[row] = likelihood(process, (int) noisy[2 * row], pair / 2, t[row])
                        * likelihood(process, (int) noisy[2 * row + 1], pair % 2, t[row]) * process.pace(u)
                        * 3 * v * v / times;
            }
            double bound = 0;
            try (var scope = Scope.open("test")) {
                var terms = scope.call(() -> {
                    var at = Times.ofRows(t);
                    var device = Settings.current().device();
                    var seen = new Noisy(Tensor.of(noisy, t.length, 2), at.map(process::alpha, device));
                    return process.integrand(exact(process), Tensor.of(clean, t.length, 2), seen, at, Pass.INFERENCE)
                            .toDoubles();
                });
                for (int row = 0; row < t.length; row++) {
                    bound += weight[row] > 0 ? weight[row] * (terms[2 * row] + terms[2 * row + 1]) : 0;
                }
            }
            assertThat(bound).as("pair %d", pair).isCloseTo(-Math.log(JOINT[pair / 2][pair % 2]),
                    within(process.equals(UniformProcess.of(2)) || process.equals(MaskedProcess.of(2).whole()) ? .001
                    : .004));                                           // the others leave out more
        }
    }

    @ParameterizedTest
    @MethodSource("ofTwo")
    void samplesOfTheExactModelHaveTheJointDistribution(NoiseProcess process) {
        var sampler = AncestralSampler.of(exact(process), process, 48);
        var counts = new int[4];
        int samples = 600;
        for (int n = 0; n < samples; n++) {
            var ids = sampler.fill(Canvas.after(new int[0], 2), Rng.of(5).fold(n), Sampler.Observer.NONE);
            counts[2 * ids[0] + ids[1]]++;
        }
        double[] expected = {.4, .1, .2, .3};
        for (int i = 0; i < 4; i++) {
            double error = Math.sqrt(expected[i] * (1 - expected[i]) / samples);
            assertThat((double) counts[i] / samples).as("pair %d", i)
                    .isCloseTo(expected[i], within(3.5 * error + .015));
        }
    }

    /// Noisy pairs of time `t`, drawn exactly, are distributed as before after a pass over one place.
    @ParameterizedTest
    @EnumSource(Shown.class)
    void gibbsLeavesNoisyTextsDistributedAsTheyAre(Shown shown) {
        for (NoiseProcess process : List.of(UniformProcess.of(2), new MixtureProcess(2, .4))) {
            double t = .4;
            var network = shown == Shown.OTHERS ? exact(process) : shownAll(process);
            var gibbs = new GibbsSampler(AncestralSampler.of(network, process, 1), 1, 1, shown);
            int n = process.ids();
            int count = 3000;
            var expected = new double[n * n];
            for (int i = 0; i < 4 * n * n; i++) {
                int pair = i / (n * n);
                expected[i % (n * n)] += JOINT[pair / 2][pair % 2] * likelihood(process, i / n % n, pair / 2, t)
                        * likelihood(process, i % n, pair % 2, t);
            }
            var seen = new double[n * n];
            for (int i = 0; i < count; i++) {
                var rng = Rng.of(11).fold(i);
                int first = pick(expected, rng.uniformDouble(0));
                var after = gibbs.correct(new Canvas(new int[] {first / n, first % n},
                        new boolean[] {true, true}), t, rng.fold(1));
                seen[after[0] * n + after[1]] += 1.0 / count;
            }
            for (int i = 0; i < seen.length; i++) {
                assertThat(seen[i]).as("%s, pair %d", process, i)
                        .isCloseTo(expected[i], within(4 * Math.sqrt(expected[i] / count)));
            }
        }
    }

    private static int pick(double[] p, double u) {
        int i = 0;
        for (double left = u - p[0]; left >= 0 && i + 1 < p.length; left -= p[i]) {
            i++;
        }
        return i;
    }

    /// The exact conditionals given the place's own noisy token too.
    private static Denoiser shownAll(NoiseProcess process) {
        return (noisy, pass) -> {
            var logits = exact(process).forward(noisy, pass).toFloats();
            var in = noisy.ids().toLongs();
            int ids = process.ids();
            for (int i = 0; i < in.length; i++) {
                double t = time(process, noisy.alpha().toDoubles()[i / 2]);
                for (int v = 0; v < 2; v++) {
                    logits[i * ids + v] += (float) Math.log(likelihood(process, (int) in[i], v, t));
                }
            }
            return Tensor.of(logits, in.length / 2, 2, ids);
        };
    }

    @Test
    void schedulesFallFromTextToNoiseAndHaveTheirSlopes() {
        for (var schedule : NoiseSchedule.values()) {
            assertThat(schedule.alpha(0)).isCloseTo(1, within(2e-3));
            assertThat(schedule.alpha(1)).isCloseTo(0, within(2e-3));
            for (double t : List.of(.1, .4, .8)) {
                double numeric = (schedule.alpha(t + 1e-6) - schedule.alpha(t - 1e-6)) / 2e-6;
                assertThat(schedule.slope(t)).isCloseTo(numeric, within(1e-5 * (1 + Math.abs(numeric)))).isNegative();
            }
        }
    }
}
