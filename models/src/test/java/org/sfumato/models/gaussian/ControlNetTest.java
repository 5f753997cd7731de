package org.sfumato.models.gaussian;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sfumato.models.gist.LatentTransformerConfig;
import org.sfumato.models.latent.LatentStatistics;
import org.sfumato.models.reverse.ReverseTransformerConfig;
import org.sfumato.models.reverse.TimeWaves;
import org.sfumato.models.training.LatentTrainer;
import org.sfumato.models.training.LatentTrainingConfig;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Tensor;

/// A steered network begins as the frozen one, learns to obey, and leaves the frozen one as it was.
class ControlNetTest {
    private static final Steerable.Config REVERSE = new ReverseTransformerConfig(4, 2, 1, 1, 8, .1, 2,
            TimeWaves.GEOMETRIC);
    private static final Steerable.Config TRANSFORMER = new LatentTransformerConfig(2, 4, 2, 16, 2, 0);

    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open("test");
    }

    @AfterEach
    void close() {
        scope.close();
    }

    static List<Steerable.Config> networks() {
        return List.of(REVERSE, TRANSFORMER);
    }

    private static NoisyLatents noisy(Condition condition) {
        return new NoisyLatents(Tensor.normal(Shape.of(3, 2, 4), Rng.of(2)), Tensor.of(1f, 30f, 700f), condition, null);
    }

    @ParameterizedTest
    @MethodSource("networks")
    void itBeginsAsTheFrozenNetworkBitForBit(Steerable.Config config) {
        scope.run(() -> {
            var frozen = config.init(Rng.of(1));
            var control = ControlNet.of(frozen, 3);
            var condition = Condition.of(Tensor.normal(Shape.of(3, 2, 3), Rng.of(3)));
            var expected = frozen.forward(noisy(null), Pass.INFERENCE).toFloats();
            for (var given : new Condition[] {null, condition, condition.absent()}) {
                assertThat(control.forward(noisy(given), Pass.INFERENCE).toFloats()).isEqualTo(expected);
            }
            assertThat(control.config()).isEqualTo(new ControlNet.Config(config, 3));
            int learned = 0;
            for (var p : control.parameters().values()) {
                p.assign(Tensor.normal(p.shape(), Rng.of(++learned)).mul(.3));
            }
            var present = Tensor.of(new boolean[] {true, false, false, false, true, true}, 3, 2);
            var obeyed = control.forward(noisy(new Condition(condition.latents(), present)), Pass.INFERENCE);
            var same = obeyed.eq(Tensor.of(expected, 3, 2, 4)).cast(DType.F32).mean(1, 2).toFloats();
            assertThat(same[0]).isZero();
            assertThat(same[1]).as("a row without a condition").isEqualTo(1);
            assertThat(same[2]).isZero();
            assertThat(frozen.forward(noisy(null), Pass.INFERENCE).toFloats()).isEqualTo(expected);
        });
    }

    /// Two clusters; the condition says which. The frozen network makes both.
    @Test
    void itLearnsToObey() {
        scope.run(() -> {
            int rows = 256;
            var which = Tensor.bernoulli(Shape.of(rows, 1, 1), .5, Rng.of(1), Tensor.of(0f).device()).cast(DType.F32)
                    .mul(2).sub(1);
            var table = LatentTable.of(which.expand(Shape.of(rows, 2, 4)).add(
                    Tensor.normal(Shape.of(rows, 2, 4), Rng.of(2)).mul(.2)));
            var objective = new DenoisingObjective(new GaussianProcess(new ContinuousSchedule.Cosine(),
                    new Parameterisation.V()), new Weighting.Simple(), DenoisingObjective.Draw.STRATIFIED, .1, 0);
            var statistics = LatentStatistics.of(table.latents());
            var config = LatentTrainingConfig.ddpm(1).with(32, 0, 5e-3, 0, 10);
            var trainer = new LatentTrainer(config, TRANSFORMER, objective, statistics, table, 150);
            var steered = new LatentTrainer(config, new ControlNet.Config(TRANSFORMER, 1), objective, statistics,
                    table.given(which), 150);
            try (trainer; steered) {
                while (trainer.steps() < trainer.total()) {
                    trainer.step();
                }
                var frozen = (Steerable) trainer.network();
                var control = (ControlNet) steered.network();
                control.take(frozen);
                while (steered.steps() < steered.total()) {
                    steered.step();
                }
                frozen.parameters().forEach((name, p) -> assertThat(control.buffers().get("network." + name).toFloats())
                        .as(name).isEqualTo(p.toFloats()));
                assertThat(Math.abs(side(trainer.model(), null))).isLessThan(.6);
                for (int sign = -1; sign <= 1; sign += 2) {
                    var wanted = Condition.of(Tensor.full(Shape.of(64, 1, 1), sign, DType.F32, which.device()));
                    assertThat(sign * side(steered.model(), wanted)).isGreaterThan(.8);
                }
            }
        });
    }

    /// The mean sign of 64 samples.
    private static double side(LatentModel model, Condition condition) {
        var sampler = model.sampler(model.path(10), new Solver.Ddim(0), new Clipping.Off(), 1);
        return sampler.sample(Shape.of(64, 2, 4), condition, Rng.of(5), LatentObserver.NONE).mean(1, 2).gt(0)
                .cast(DType.F32).mean().item() * 2 - 1;
    }

    @Test
    void whatDoesNotFitIsRefused() {
        scope.run(() -> {
            var control = ControlNet.of(TRANSFORMER.init(Rng.of(1)), 3);
            var wide = Condition.of(Tensor.zeros(3, 1, 4));
            assertThatThrownBy(() -> control.forward(noisy(wide), Pass.INFERENCE)).isInstanceOf(ShapeException.class)
                    .hasMessageContaining("width 3");
            assertThatThrownBy(() -> control.take(REVERSE.init(Rng.of(1)))).hasMessageContaining("do not fit");
            assertThatThrownBy(() -> new ControlNet.Config(TRANSFORMER, 0)).hasMessageContaining("at least 1");
            var table = LatentTable.of(Tensor.normal(Shape.of(8, 2, 4), Rng.of(1)));
            var objective = DenoisingObjective.of(new GaussianProcess(new ContinuousSchedule.Cosine(),
                    new Parameterisation.V()), new Weighting.Simple());
            var statistics = LatentStatistics.of(table.latents());
            var config = LatentTrainingConfig.ddpm(1);
            assertThatThrownBy(() -> new LatentTrainer(config, control.config(), objective, statistics, table, 1))
                    .hasMessageContaining("the latents have none").hasMessageContaining("hint: ");
            assertThatThrownBy(() -> new LatentTrainer(config, TRANSFORMER, objective, statistics,
                    table.given(Tensor.zeros(8, 1, 3)), 1)).hasMessageContaining("reads no condition");
            assertThatThrownBy(() -> table.given(Tensor.zeros(7, 1, 3))).hasMessageContaining("8 rows");
            assertThatThrownBy(() -> table.given(Tensor.zeros(8, 1, 3)).batch(new int[] {1}, 1))
                    .hasMessageContaining("rows before them too");
        });
    }
}
