package org.sfumato.models.gaussian;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.sfumato.models.gaussian.DenoisingObjective.Draw;
import org.sfumato.models.latent.LatentStatistics;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

/// Parameterisations, weights and what is done with conditions, by their formulas.
class DenoisingObjectiveTest {
    private static final List<Parameterisation> PREDICTED = List.of(new Parameterisation.Epsilon(),
            new Parameterisation.X0(), new Parameterisation.V(), new Parameterisation.Edm(.5),
            new Parameterisation.ScaledX0(1.5));
    private static final List<NoiseLevel> LEVELS = List.of(DiscreteSchedule.linear().step(300),
            new NoiseLevel(1, 2.5, .1), new NoiseLevel(1, .05, 0));

    private Scope scope;
    private Tensor x;
    private Tensor e;

    @BeforeEach
    void open() {
        scope = Scope.open("test");
        scope.run(() -> {
            x = Tensor.normal(Shape.of(3, 2, 4), Rng.of(1)).cast(DType.F64);
            e = Tensor.normal(Shape.of(3, 2, 4), Rng.of(2)).cast(DType.F64);
        });
    }

    @AfterEach
    void close() {
        scope.close();
    }

    @Test
    void whatIsToBePredictedGivesTheCleanLatentsBack() {
        scope.run(() -> {
            for (var predicted : PREDICTED) {
                var process = new GaussianProcess(DiscreteSchedule.linear(), predicted);
                var z = process.noisy(x, e, LEVELS);
                assertThat(process.clean(z, process.target(x, e, LEVELS), LEVELS).sub(x).abs().max().item())
                        .as("%s", predicted).isLessThan(1e-13);
            }
        });
    }

    @Test
    void edmIsItsTable() {
        double sigma = 2.5;
        double d = .5;
        double norm = Math.sqrt(sigma * sigma + d * d);
        var edm = new Parameterisation.Edm(d);
        var level = new NoiseLevel(1, sigma, 0);
        assertThat(edm.in(level)).isCloseTo(1 / norm, within(1e-15));
        assertThat(edm.skip(level)).isCloseTo(d * d / (norm * norm), within(1e-15));
        assertThat(edm.out(level)).isCloseTo(sigma * d / norm, within(1e-15));
        assertThat(new Weighting.Edm(d).of(level, edm)).as("lambda c_out^2").isCloseTo(1, within(1e-12));
    }

    @Test
    void weightsOfMinSnrByWhatIsPredicted() {
        var weighting = new Weighting.MinSnr(5);
        for (int t : new int[] {10, 300, 900}) {
            var level = DiscreteSchedule.linear().step(t);
            double snr = level.snr();
            assertThat(weighting.of(level, new Parameterisation.X0())).isCloseTo(Math.min(snr, 5), within(1e-12));
            assertThat(weighting.of(level, new Parameterisation.Epsilon()))
                    .isCloseTo(Math.min(snr, 5) / snr, within(1e-12));
            assertThat(weighting.of(level, new Parameterisation.V()))
                    .isCloseTo(Math.min(snr, 5) / (snr + 1), within(1e-12));
        }
        var level = new NoiseLevel(1, 3, 0);
        assertThat(new Weighting.SoftMinSnr(1 / (1.5 * 1.5)).of(level, new Parameterisation.X0()))
                .isCloseTo(1 / (9 + 1.5 * 1.5), within(1e-15));
        assertThat(new Weighting.EpsilonError().of(level, new Parameterisation.X0())).isCloseTo(1 / 9.0, within(1e-15));
        assertThat(new Weighting.EpsilonError().of(level, new Parameterisation.Epsilon())).isCloseTo(1, within(1e-15));
    }

    /// LDLM's loss: the mean of `|(z - D) / sigma - e|^2`, D by EDM's preconditioning.
    @Test
    void theErrorOfTheNoiseIsThatOfItsFormula() {
        scope.run(() -> {
            var process = new GaussianProcess(new SigmaSchedule.VDiffusion(1e-2, 10, 1), new Parameterisation.Edm(1));
            LatentDenoiser network = (noisy, _) -> noisy.z().mul(.7).add(.1);
            var rng = Rng.of(4);
            double loss = new DenoisingObjective(process, new Weighting.EpsilonError(), Draw.STRATIFIED, 0, 0)
                    .loss(network, new LatentBatch(x, null), rng, Pass.INFERENCE).item();
            double sum = 0;
            var levels = process.schedule().draw(3, rng.fold(0));
            var noise = GaussianProcess.noise(x, rng.fold(1)).toDoubles();
            var clean = x.toDoubles();
            for (int i = 0; i < clean.length; i++) {
                double sigma = levels.get(i / 8).sigma();
                double norm = Math.sqrt(sigma * sigma + 1);
                double z = clean[i] + sigma * noise[i];
                double d = z / (norm * norm) + sigma / norm * (.7 * z / norm + .1);
                sum += Math.pow((z - d) / sigma - noise[i], 2);
            }
            assertThat(loss).isCloseTo(sum / clean.length, within(1e-6 * loss));
        });
    }

    @Test
    void aShareOfConditionsIsDropped() {
        scope.run(() -> {
            var present = new ArrayList<Boolean>();
            ConditionalDenoiser network = (noisy, _) -> {
                for (double there : noisy.condition().present().toDoubles()) {
                    present.add(there != 0);
                }
                return noisy.z();
            };
            var latents = Tensor.zeros(1000, 1, 2);
            var process = new GaussianProcess(DiscreteSchedule.linear(), new Parameterisation.V());
            new DenoisingObjective(process, new Weighting.Simple(), Draw.APART, .2, 0).loss(network,
                    new LatentBatch(latents, Condition.of(latents)), Rng.of(7), Pass.INFERENCE);
            assertThat(Collections.frequency(present, false)).isBetween(150, 250);
        });
    }

    private record Recording(List<Tensor> estimates) implements SelfConditionedDenoiser {
        @Override
        public Tensor forward(NoisyLatents noisy, Pass pass) {
            estimates.add(noisy.estimate());
            return noisy.estimate() == null ? noisy.z().mul(.5) : noisy.estimate();
        }
    }

    @Test
    void aNetworkReadsItsOwnPrediction() {
        scope.run(() -> {
            var process = new GaussianProcess(DiscreteSchedule.linear(), new Parameterisation.X0());
            int both = 0;
            for (int i = 0; i < 200; i++) {
                var network = new Recording(new ArrayList<>());
                DenoisingObjective.of(process, new Weighting.Simple()).loss(network, new LatentBatch(x, null),
                        Rng.of(i), Pass.INFERENCE);
                both += network.estimates.size() == 2 && network.estimates.get(1) != null ? 1 : 0;
            }
            assertThat(both).isBetween(70, 130);
            var network = new Recording(new ArrayList<>());
            new GaussianSampler(network, process, DiscreteSchedule.linear().leading(3), new Solver.Ddim(0))
                    .restore(x, null, Rng.of(0), LatentObserver.NONE);
            assertThat(network.estimates).hasSize(3).first().isNull();
            assertThat(network.estimates.subList(1, 3)).doesNotContainNull();
        });
    }

    @Test
    void guidance() {
        scope.run(() -> {
            ConditionalDenoiser network = (noisy, _) -> noisy.z().mul(noisy.condition() == null
                    || noisy.condition().present().cast(DType.F64).sum().item() == 0 ? 1 : 3);
            var noisy = new NoisyLatents(x, Tensor.zeros(3).cast(DType.F64), Condition.of(x), null);
            for (double w : new double[] {0, 1, 2.5}) {
                var guided = new Guidance(network, w).forward(noisy, Pass.INFERENCE);
                assertThat(guided.sub(x.mul(1 - w + 3 * w)).abs().max().item()).isLessThan(1e-12);
            }
            assertThat(new Guidance(network, 3).forward(noisy.given(null), Pass.INFERENCE).toDoubles())
                    .isEqualTo(x.toDoubles());
            assertThatThrownBy(() -> new Guidance(network, -1)).hasMessageContaining("at least 0");
        });
    }

    @Test
    void clipping() {
        scope.run(() -> {
            var row = Tensor.of(new double[] {-1, 2, -3, 4, .1, .2, .3, -.4}, 2, 1, 4);
            assertThat(new Clipping.Fixed(1).apply(row).toDoubles()).containsExactly(-1, 1, -1, 1, .1, .2, .3, -.4);
            assertThat(new Clipping.Off().apply(row)).isSameAs(row);
            var clipped = new Clipping.Quantile(.5, 1).apply(row).toDoubles();          // the medians: 2.5, below 1
            assertThat(clipped).containsExactly(new double[] {-.4, .8, -1, 1, .1, .2, .3, -.4}, within(1e-12));
        });
    }

    @Test
    void statistics() {
        scope.run(() -> {
            var latents = Tensor.normal(Shape.of(500, 2, 3), Rng.of(8)).mul(Tensor.of(2f, 5f, 0f))
                    .add(Tensor.of(1f, -4f, 7f));
            var normal = LatentStatistics.of(latents).standardise(latents);
            assertThat(normal.mean(0, 1).toDoubles()).containsExactly(new double[] {0, 0, 0}, within(1e-5));
            assertThat(normal.var(0, false, 0, 1).toDoubles()).containsExactly(new double[] {1, 1, 0}, within(1e-4));
            var scale = LatentStatistics.scale(latents);
            assertThat(scale.mean().toDoubles()).containsOnly(0);
            assertThat(scale.standardise(latents).square().mean().item()).isCloseTo(1, within(1e-5));
            assertThat(LatentStatistics.none(latents).standardise(latents).toFloats()).isEqualTo(latents.toFloats());
        });
    }
}
