package org.sfumato.models.gist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sfumato.models.gaussian.Clipping;
import org.sfumato.models.gaussian.DenoisingObjective;
import org.sfumato.models.gaussian.DiscreteSchedule;
import org.sfumato.models.gaussian.GaussianProcess;
import org.sfumato.models.gaussian.LatentObserver;
import org.sfumato.models.gaussian.LatentTable;
import org.sfumato.models.gaussian.NoisyLatents;
import org.sfumato.models.gaussian.Parameterisation;
import org.sfumato.models.gaussian.Solver;
import org.sfumato.models.gaussian.Weighting;
import org.sfumato.models.latent.LatentStatistics;
import org.sfumato.models.training.LatentTrainer;
import org.sfumato.models.training.LatentTrainingConfig;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

class LatentGridTest {
    /// Sizes and grids of latent-llm as its own rule gives them, and those that can be halved three times.
    @ParameterizedTest
    @CsvSource({"5184, 36, 36, 0, 40, 40", "19008, 70, 68, 32, 72, 72", "37440, 98, 96, 192, 104, 96",
        "148032, 193, 192, 192, 200, 192", "100, 5, 5, 0, 8, 8", "1, 1, 1, 3, 8, 8", "576, 12, 12, 0, 16, 16"})
    void sizesOfGrids(int size, int height, int width, int padding, int rounded, int roundedWidth) {
        var original = LatentGrid.original(size, 4);
        assertThat(original).isEqualTo(new LatentGrid(size, 4, height, width));
        assertThat(original.padding()).isEqualTo(padding);
        assertThat(LatentGrid.of(size, 4, 8)).isEqualTo(new LatentGrid(size, 4, rounded, roundedWidth));
    }

    @Test
    void latentsOfAnySizeComeBack() {
        for (int size = 1; size <= 5000; size++) {
            int d = size;
            Scope.temporary(() -> {
                var grid = LatentGrid.of(d, 4, 8);
                assertThat(grid.height() % 8 + grid.width() % 8).isZero();
                var z = Tensor.arange(d).cast(DType.F32).add(1).reshape(1, 1, d);
                var images = grid.images(z);
                assertThat(images.shape()).isEqualTo(Shape.of(1, 4, grid.height(), grid.width()));
                assertThat(grid.latents(images, z.shape()).toFloats()).isEqualTo(z.toFloats());
                assertThat(images.ne(0).cast(DType.I64).sum().item()).isEqualTo(d);
            });
        }
    }

    @Test
    void networksTakeLatentsOfAnySize() {
        Scope.temporary(() -> {
            for (int[] size : new int[][] {{1, 1}, {1, 100}, {3, 7}, {9, 8}, {1, 577}}) {
                for (var config : List.of(UNet2dConfig.small(size[0], size[1]), MlpUnetConfig.small(size[0], size[1]),
                        LatentTransformerConfig.small(size[0], size[1]))) {
                    var z = Tensor.normal(Shape.of(2, size[0], size[1]), Rng.of(1));
                    var network = config.init(Rng.of(2));
                    var y = network.forward(new NoisyLatents(z, Tensor.of(3f, 900f)), Pass.INFERENCE);
                    assertThat(y.shape()).isEqualTo(z.shape());
                    assertThat(y.isNan().any().item()).isZero();
                }
            }
        });
    }

    /// Sizes of which none is a grid that can be halved three times; 5184 is that of latent-llm's demonstration.
    @ParameterizedTest
    @CsvSource({"1, 100", "1, 576", "9, 576"})
    void bothNetworksTrainAndGenerate(int vectors, int width) {
        try (var scope = Scope.open("test")) {
            scope.run(() -> {
                var table = LatentTable.of(Tensor.normal(Shape.of(8, vectors, width), Rng.of(1)).mul(3).add(2));
                var objective = new DenoisingObjective(new GaussianProcess(DiscreteSchedule.linear(),
                        new Parameterisation.Epsilon()), new Weighting.Simple(), DenoisingObjective.Draw.APART, 0, 0);
                for (var config : List.of(UNet2dConfig.small(vectors, width), MlpUnetConfig.small(vectors, width))) {
                    try (var trainer = new LatentTrainer(LatentTrainingConfig.ddpm(1).with(2, 0, 1e-3, .9, 1), config,
                            objective, LatentStatistics.of(table.latents()), table, 2)) {
                        assertThat(trainer.step()).isBetween(.3, 3.);   // noise of variance 1 is guessed at first
                        trainer.step();
                        var model = trainer.model();
                        var made = model.sample(model.sampler(model.path(3), new Solver.Ddim(0), new Clipping.Fixed(3),
                                1), 2, Rng.of(3), LatentObserver.NONE);
                        assertThat(made.shape()).isEqualTo(Shape.of(2, vectors, width));
                        assertThat(made.abs().max().item()).isLessThan(60);
                    }
                }
            });
        }
    }

    @Test
    void whatDoesNotFitIsRefused() {
        assertThatThrownBy(() -> new LatentGrid(17, 4, 2, 2)).hasMessageContaining("do not fit");
        assertThatThrownBy(() -> new UNet2dConfig(1, 8, List.of(12), List.of(false), 1, 8, 4))
                .hasMessageContaining("multiple of 8 groups");
        assertThatThrownBy(() -> new MlpUnetConfig(1, 8, List.of(8, 7), 0)).hasMessageContaining("even");
        assertThatThrownBy(() -> new LatentTransformerConfig(1, 8, 1, 30, 4, 0)).hasMessageContaining("multiple");
    }
}
