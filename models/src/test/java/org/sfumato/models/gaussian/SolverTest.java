package org.sfumato.models.gaussian;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

/// Solvers on data whose denoiser is known: standard normal ones, for which the best prediction at `y = x + sigma e` is
/// `y / (1 + sigma^2)` and the flow goes along `y sqrt((1 + sigma_to^2) / (1 + sigma^2))`.
class SolverTest {
    private static final SigmaSchedule EXPLODING = new SigmaSchedule.Karras(.01, 100, 7);
    private static final DiscreteSchedule PRESERVING = DiscreteSchedule.linear();

    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open("test");
    }

    @AfterEach
    void close() {
        scope.close();
    }

    /// The exact denoiser at scale (a, s): `x^ = a z / (a^2 + s^2)`; it reads `z / sqrt(a^2 + s^2)`.
    private static LatentDenoiser exact(GaussianSchedule schedule) {
        return (noisy, _) -> {
            double time = noisy.time().toDoubles()[0];
            var level = switch (schedule) {
                case DiscreteSchedule discrete -> discrete.step((int) Math.rint(time));
                case SigmaSchedule _ -> new NoiseLevel(1, Math.exp(4 * time), time);
                case ContinuousSchedule continuous -> continuous.level(time / ContinuousSchedule.TIMES);
            };
            return noisy.z().mul(level.signal() / level.spread());
        };
    }

    private static GaussianSampler sampler(GaussianSchedule schedule, List<NoiseLevel> path, Solver solver) {
        return new GaussianSampler(exact(schedule), new GaussianProcess(schedule, new Parameterisation.X0()), path,
                solver);
    }

    private double solved(List<NoiseLevel> path, Solver solver, double from) {
        return scope.call(() -> sampler(EXPLODING, path, solver)
                .restore(Tensor.of(new double[] {from}, 1, 1, 1), null, Rng.of(0), LatentObserver.NONE).item());
    }

    @Test
    void dpmSolverOnTheNormalDistribution() {
        int[] steps = {5, 10, 25, 50, 100};
        double[] published = {.91458, 1.12391, 1.02202, 1.00478, 1.00105};
        for (int i = 0; i < steps.length; i++) {
            assertThat(solved(EXPLODING.karras(steps[i], .01, 100, 7), new Solver.DpmSolver2M(0), 100))
                    .as("%d steps", steps[i]).isCloseTo(published[i], within(1e-5));
        }
    }

    /// The order of convergence between 40 and 80 steps from sigma 10 to 0.1.
    private double order(Solver solver) {
        double exact = Math.sqrt((1 + .1 * .1) / (1 + 10.0 * 10));
        double coarse = solved(EXPLODING.karras(40, .1, 10, 7).subList(0, 40), solver, 1) - exact;
        double fine = solved(EXPLODING.karras(80, .1, 10, 7).subList(0, 80), solver, 1) - exact;
        return Math.log(coarse / fine) / Math.log(2);
    }

    @Test
    void ordersOfConvergence() {
        assertThat(order(new Solver.Euler())).isBetween(.9, 1.1);
        assertThat(order(new Solver.Ddim(0))).isBetween(.9, 1.1);
        assertThat(order(new Solver.Heun())).isBetween(1.85, 2.2);
        assertThat(order(new Solver.DpmSolver2M(0))).isBetween(1.85, 2.2);
    }

    /// Diffusion with alphaBar = cos^2(pi t / 2), z(.8) = 1, predictions .3 and .5 on the way .8, .5, .2: the second
    /// step of a first-order solver would end at .7085228.
    @Test
    void theSecondStepUsesTheFirstPrediction() {
        var schedule = new ContinuousSchedule.Cosine();
        var solver = new Solver.DpmSolver2M(0);
        scope.run(() -> {
            var first = prediction(1, schedule.level(.8), .3);
            var z = solver.next(new Solver.Step(first, null, schedule.level(.5), null, Rng.of(0)));
            assertThat(z.item()).isCloseTo(.8867022271, within(1e-9));
            assertThat(new Solver.Ddim(0).next(new Solver.Step(first, null, schedule.level(.5), null, Rng.of(0)))
                    .item()).isCloseTo(.8867022271, within(1e-9));
            var second = prediction(z.item(), schedule.level(.5), .5);
            assertThat(solver.next(new Solver.Step(second, first, schedule.level(.2), null, Rng.of(0))).item())
                    .isCloseTo(.7727268, within(1e-7));
            assertThat(solver.next(new Solver.Step(second, null, schedule.level(.2), null, Rng.of(0))).item())
                    .isCloseTo(.7085228, within(1e-7));
        });
    }

    private static Prediction prediction(double z, NoiseLevel level, double clean) {
        var x = Tensor.of(new double[] {clean}, 1, 1, 1);
        return new Prediction(Tensor.of(new double[] {z}, 1, 1, 1), level, x, x);
    }

    /// The mean of DDPM's posterior by its published form, alphaBar of the step visited before and `beta = 1 -
    /// alphaBar_t / alphaBar_before`, whatever the stride; and its variance.
    @Test
    void stridedPosteriorsAreThoseOfDdpm() {
        var table = PRESERVING.alphaBars();
        double z = 1.3;
        double x = -.4;
        scope.run(() -> {
            for (int stride : new int[] {1, 4, 100}) {
                double now = table[700];
                double before = table[700 - stride];
                double beta = 1 - now / before;
                double mean = Math.sqrt(before) * beta / (1 - now) * x
                        + Math.sqrt(1 - beta) * (1 - before) / (1 - now) * z;
                double variance = (1 - before) / (1 - now) * beta;
                var step = new Solver.Step(prediction(z, PRESERVING.step(700), x), null, PRESERVING.step(700 - stride),
                        null, Rng.of(5));
                double noise = NoiseLevel.noise(Shape.of(1, 1, 1), Rng.of(5), step.now().z()).item();
                assertThat(new Solver.Ddpm(Solver.Ddpm.Variance.SMALL).next(step).item())
                        .isCloseTo(mean + Math.sqrt(variance) * noise, within(1e-12));
                assertThat(new Solver.Ddpm(Solver.Ddpm.Variance.LARGE).next(step).item())
                        .isCloseTo(mean + Math.sqrt(beta) * noise, within(1e-12));
                assertThat(new Solver.Ddim(1).next(step).item())
                        .isCloseTo(mean + Math.sqrt(variance) * noise, within(1e-12));
                assertThat(new Solver.DpmSolver2M(1).next(step).item())
                        .isCloseTo(mean + Math.sqrt(variance) * noise, within(1e-12));
            }
        });
    }

    @Test
    void theMarkovChainKeepsTheVarianceAtEveryStride() {
        scope.run(() -> {
            for (int steps : new int[] {250, 50, 10}) {
                var samples = sampler(PRESERVING, PRESERVING.trailing(steps),
                        new Solver.Ddpm(Solver.Ddpm.Variance.LARGE))
                        .sample(Shape.of(64, 4, 100), null, Rng.of(steps), LatentObserver.NONE);
                double last = PRESERVING.trailing(steps).get(steps - 1).signal();   // the last step takes the mean
                assertThat(samples.var(0, false).item()).as("%d steps", steps)
                        .isCloseTo(last * last, within(4 * Math.sqrt(2.0 / 25_600)));
            }
        });
    }

    @Test
    void theStochasticSolverKeepsTheVariance() {
        scope.run(() -> {
            var samples = sampler(EXPLODING, EXPLODING.karras(100, .01, 100, 7), new Solver.DpmSolver2M(1))
                    .sample(Shape.of(64, 4, 100), null, Rng.of(1), LatentObserver.NONE);
            assertThat(samples.var(0, false).item()).isCloseTo(1, within(.05));
            assertThat(samples.mean().item()).isCloseTo(0, within(.03));
        });
    }

    /// Algorithm 2 of Karras et al. 2022 in plain numbers, with the same draws, at both scales: churn below and above
    /// its limit, and only between the bounds.
    @Test
    void churnIsThatOfTheAlgorithm() {
        scope.run(() -> {
            for (GaussianSchedule schedule : new GaussianSchedule[] {EXPLODING, new ContinuousSchedule.Cosine()}) {
                for (double churn : new double[] {1, 40}) {
                    var path = schedule.karras(8, .02, 20, 7);
                    var calls = new int[1];
                    var exact = exact(schedule);
                    var solver = new Solver.Churned(new Solver.Heun(), churn, .05, 10, 1.01);
                    var sampler = new GaussianSampler((noisy, pass) -> {
                        calls[0]++;
                        return exact.forward(noisy, pass);
                    }, new GaussianProcess(schedule, new Parameterisation.X0()), path, solver);
                    var start = Tensor.of(new double[] {3 * path.getFirst().signal()}, 1, 1, 1);
                    assertThat(sampler.restore(start, null, Rng.of(4), LatentObserver.NONE).item())
                            .isCloseTo(algorithm2(path, solver, Rng.of(4)), within(1e-6));
                    assertThat(calls[0]).isEqualTo(2 * 8 - 1);
                }
            }
        });
        assertThat(new Solver.Churned(new Solver.Euler(), 0).isRandom()).isFalse();
        assertThatThrownBy(() -> new Solver.Churned(new Solver.DpmSolver2M(0), 1)).hasMessageContaining("hint: Euler");
        assertThatThrownBy(() -> new Solver.Churned(new Solver.Euler(), -1)).hasMessageContaining("at least 0");
    }

    private static double algorithm2(List<NoiseLevel> path, Solver.Churned s, Rng rng) {
        int n = path.size() - 1;
        double x = 3;
        for (int i = 0; i < n; i++) {
            double t = path.get(i).sigma();
            double to = path.get(i + 1).sigma();
            double gamma = t >= s.least() && t <= s.most() ? Math.min(s.churn() / n, Math.sqrt(2) - 1) : 0;
            double hat = t + gamma * t;
            double e = NoiseLevel.noise(Shape.of(1, 1, 1), rng.fold(i), Tensor.of(0.0)).item();
            x += Math.sqrt(hat * hat - t * t) * s.noise() * e;
            double d = (x - x / (1 + hat * hat)) / hat;
            double next = x + (to - hat) * d;
            double second = to == 0 ? d : (next - next / (1 + to * to)) / to;
            x += (to - hat) * (d + second) / 2;
        }
        return x;
    }

    @Test
    void eulerIsDdimAtAnyScale() {
        scope.run(() -> {
            var z = Tensor.normal(Shape.of(2, 1, 5), Rng.of(3));
            var path = PRESERVING.leading(20);
            var euler = sampler(PRESERVING, path, new Solver.Euler()).restore(z, null, Rng.of(0), LatentObserver.NONE);
            var ddim = sampler(PRESERVING, path, new Solver.Ddim(0)).restore(z, null, Rng.of(0), LatentObserver.NONE);
            assertThat(euler.sub(ddim).abs().max().item()).isLessThan(1e-5);
        });
    }

    @Test
    void everyStepIsSeenAndRepeated() {
        scope.run(() -> {
            var sampler = sampler(EXPLODING, EXPLODING.karras(8, .01, 100, 7), new Solver.DpmSolver2M(1));
            var seen = new ArrayList<String>();
            var norms = new ArrayList<Double>();
            var first = sampler.sample(Shape.of(2, 1, 4), null, Rng.of(9), step -> {
                seen.add(step.number() + "/" + step.most());
                norms.add(step.z().square().sum().item());
                assertThat(step.from().clean().shape()).isEqualTo(Shape.of(2, 1, 4));
            });
            assertThat(seen).containsExactly("1/8", "2/8", "3/8", "4/8", "5/8", "6/8", "7/8", "8/8");
            assertThat(norms.getLast()).isEqualTo(first.square().sum().item());
            assertThat(sampler.sample(Shape.of(2, 1, 4), null, Rng.of(9), LatentObserver.NONE).toFloats())
                    .isEqualTo(first.toFloats());
        });
    }

    @Test
    void whatCannotBeWalkedIsRefused() {
        var up = List.of(PRESERVING.step(10), PRESERVING.step(20));
        assertThatThrownBy(() -> sampler(PRESERVING, up, new Solver.Ddim(0))).hasMessageContaining("not below");
        assertThatThrownBy(() -> sampler(PRESERVING, up.subList(0, 1), new Solver.Ddim(0)))
                .hasMessageContaining("two levels");
        assertThatThrownBy(() -> new Solver.Ddim(-1)).hasMessageContaining("eta");
    }
}
