package org.sfumato.models.gaussian;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.sfumato.models.evaluation.SymmetricEigen;
import org.sfumato.models.gaussian.Restoration.Method;
import org.sfumato.models.latent.LatentStatistics;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

/// Restored latents on data whose best denoiser is known.
class RestorationTest {
    private static final int WIDTH = 6;

    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open("test");
    }

    @AfterEach
    void close() {
        scope.close();
    }

    @Test
    void eigenvaluesOfAMatrix() {
        var eigen = SymmetricEigen.of(new double[][] {{2, 9, 9}, {-1, 2, 9}, {0, -1, 2}});
        assertThat(eigen.values()).containsExactly(new double[] {2 + Math.sqrt(2), 2, 2 - Math.sqrt(2)},
                within(1e-12));
        assertThat(Math.abs(eigen.vectors()[1][0])).isCloseTo(Math.sqrt(.5), within(1e-12));
        assertThat(eigen.vectors()[1][1]).isCloseTo(0, within(1e-12));
        assertThatThrownBy(() -> SymmetricEigen.of(new double[][] {{Double.NaN}})).hasMessageContaining("not finite");
    }

    /// One number with variance v: `m + a v / (a^2 v + s^2) (z - a m)`; two independent ones each for themselves.
    @Test
    void theWienerFilterIsItsFormula() {
        scope.run(() -> {
            // means 2 and 12, variances 1 and 4
            var latents = Tensor.of(new float[] {1, 10, 3, 10, 1, 14, 3, 14}, 4, 1, 2);
            var level = DiscreteSchedule.linear().step(300);
            double a = level.signal();
            double s = level.noise();
            var restored = WienerFilter.of(latents).denoise(Tensor.of(new float[] {5, 5}, 1, 1, 2), level).toDoubles();
            assertThat(restored[0]).isCloseTo(2 + a / (a * a + s * s) * (5 - 2 * a), within(1e-5));
            assertThat(restored[1]).isCloseTo(12 + 4 * a / (4 * a * a + s * s) * (5 - 12 * a), within(1e-5));
        });
    }

    private static Tensor latents(int rows, long seed) {
        var mix = Tensor.normal(Shape.of(WIDTH, WIDTH), Rng.of(1));
        return Tensor.normal(Shape.of(rows, 1, WIDTH), Rng.of(seed)).matmul(mix).add(3);
    }

    /// For normal data the Wiener filter is the best there is; a network that is it must not be told from it.
    @Test
    void anExactNetworkIsAsGoodAsTheWienerFilter() {
        scope.run(() -> {
            var train = LatentTable.of(latents(4000, 2));
            var held = LatentTable.of(latents(300, 3));
            var statistics = LatentStatistics.of(train.latents());
            var wiener = WienerFilter.of(statistics.standardise(train.latents()));
            var schedule = DiscreteSchedule.scaledLinear();
            record Exact(WienerFilter filter, DiscreteSchedule schedule) implements LatentNetwork {
                @Override
                public LatentNetworkConfig config() {
                    throw new UnsupportedOperationException("a formula has no settings");
                }

                @Override
                public Tensor forward(NoisyLatents noisy, Pass pass) {
                    return filter.denoise(noisy.z(), schedule.step((int) noisy.time().toDoubles()[0]));
                }
            }

            var model = new LatentModel(new Exact(wiener, schedule),
                    new GaussianProcess(schedule, new Parameterisation.X0()), statistics, 0);
            var report = Restoration.of(new Restoration.Plan(model, train, held, List.of(100, 500, 999),
                    new Solver.Ddim(0), 50), Rng.of(4));
            for (var one : report.cases()) {
                assertThat(one.get(Method.ONE_SHOT).mse()).isCloseTo(one.get(Method.WIENER).mse(), within(1e-6));
                assertThat(one.get(Method.WIENER).mse()).isLessThan(one.get(Method.NOISY).mse())
                        .isLessThanOrEqualTo(one.get(Method.MEAN).mse() + .02);
                assertThat(one.get(Method.SAMPLER).mse()).isGreaterThan(one.get(Method.WIENER).mse());
                assertThat(Math.abs(one.get(Method.UNINFORMED).centredCosine())).isLessThan(.15);
            }
            var early = report.cases().getFirst();
            assertThat(early.get(Method.NOISY).centredCosine()).isBetween(.85, .97);     // about sqrt(alphaBar) = .946
            assertThat(early.get(Method.MEAN).cosine()).isGreaterThan(.5);
            assertThat(Math.abs(early.get(Method.MEAN).centredCosine())).isLessThan(.1);
            assertThat(report.table().lines()).hasSize(2 + 3 * Method.values().length);
            assertThat(report.svg(true)).startsWith("<svg").endsWith("</svg>\n").contains("Wiener", "x=\"760\"");
        });
    }

    /// The mean that is taken off is that of the data, whatever latents are standardised by.
    @Test
    void theMeanIsTakenOffWhereLatentsStayAsTheyAre() {
        scope.run(() -> {
            var latents = latents(50, 2).add(100);
            var none = LatentStatistics.none(latents);
            var others = latents(50, 3).add(100);
            var near = Restoration.Nearness.of(others, latents, none, latents.mean(0));
            assertThat(near.cosine()).isGreaterThan(.99);
            assertThat(Math.abs(near.centredCosine())).isLessThan(.4);
            var each = LatentStatistics.of(latents);
            assertThat(Restoration.Nearness.of(each.standardise(others), each.standardise(latents), each,
                    latents.mean(0)).centredCosine()).isCloseTo(near.centredCosine(), within(1e-3));
        });
    }

    @Test
    void levelsAreNamedBySteps() {
        scope.run(() -> {
            var table = LatentTable.of(latents(10, 2));
            var model = new LatentModel(null, new GaussianProcess(new SigmaSchedule.VDiffusion(.1, 1, 1),
                    new Parameterisation.X0()), LatentStatistics.of(table.latents()), 0);
            assertThatThrownBy(() -> Restoration.of(new Restoration.Plan(model, table, table, List.of(1),
                    new Solver.Ddim(0), 5), Rng.of(1))).hasMessageContaining("has none");
        });
    }
}
