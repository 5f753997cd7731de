package org.sfumato.models.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sfumato.models.gaussian.Clipping;
import org.sfumato.models.gaussian.ConditionalDenoiser;
import org.sfumato.models.gaussian.ContinuousSchedule;
import org.sfumato.models.gaussian.ControlNet;
import org.sfumato.models.gaussian.DenoisingObjective;
import org.sfumato.models.gaussian.DenoisingObjective.Draw;
import org.sfumato.models.gaussian.DiscreteSchedule;
import org.sfumato.models.gaussian.GaussianProcess;
import org.sfumato.models.gaussian.LatentModel;
import org.sfumato.models.gaussian.LatentNetworkConfig;
import org.sfumato.models.gaussian.LatentObserver;
import org.sfumato.models.gaussian.LatentTable;
import org.sfumato.models.gaussian.Parameterisation;
import org.sfumato.models.gaussian.SelfConditioned;
import org.sfumato.models.gaussian.SigmaSchedule;
import org.sfumato.models.gaussian.Solver;
import org.sfumato.models.gaussian.Weighting;
import org.sfumato.models.gist.LatentTransformerConfig;
import org.sfumato.models.latent.LatentStatistics;
import org.sfumato.models.ldlm.ContextLdlmConfig;
import org.sfumato.models.ldlm.LdlmConfig;
import org.sfumato.models.reverse.ReverseTransformerConfig;
import org.sfumato.models.reverse.TimeWaves;
import org.sfumato.nn.checkpoint.Checkpoints;
import org.sfumato.nn.checkpoint.Stored;
import org.sfumato.tensor.Precision;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.io.Safetensors;
import tools.jackson.databind.node.JsonNodeFactory;

/// Training of denoisers of latents: what is learned, that a stopped run goes on bit for bit, what checkpoints keep.
class LatentTrainerTest {
    private static final int WIDTH = 4;

    @TempDir
    Path temp;

    private Scope scope;
    private LatentTable chain;

    @BeforeEach
    void open() {
        scope = Scope.open("test");
        scope.run(() -> chain = chain(400));
    }

    @AfterEach
    void close() {
        scope.close();
    }

    /// Documents of ten rows, each row 0.9 times the one before and a little noise.
    private static LatentTable chain(int rows) {
        var values = new float[rows * WIDTH];
        var documents = new long[rows];
        for (int i = 0; i < rows; i++) {
            documents[i] = i / 10;
            for (int d = 0; d < WIDTH; d++) {
                double noise = Rng.of(i).normal(d);
                values[i * WIDTH + d] = (float) (i % 10 == 0 ? noise
                        : .95 * values[(i - 1) * WIDTH + d] + Math.sqrt(1 - .95 * .95) * noise);
            }
        }
        return new LatentTable(Tensor.of(values, rows, 1, WIDTH), documents);
    }

    private static LatentNetworkConfig network(String name) {
        return switch (name) {
            case "reverse" -> new ReverseTransformerConfig(WIDTH, 2, 1, 1, 8, .1, 1, TimeWaves.GEOMETRIC);
            case "control" -> new ControlNet.Config(new LatentTransformerConfig(1, WIDTH, 1, 8, 2, 0), 2);
            case "self-conditioned" -> new SelfConditioned.Config(network("reverse"));
            case "ldlm" -> new LdlmConfig(1, 16, 2, WIDTH, 1);
            default -> new ContextLdlmConfig(1, 16, 24, 2, WIDTH, 3, 1);
        };
    }

    private static boolean isFree(String name) {
        return name.equals("reverse") || name.equals("self-conditioned");
    }

    private static DenoisingObjective objective(String name) {
        if (name.equals("control")) {
            return new DenoisingObjective(new GaussianProcess(new ContinuousSchedule.Shifted(
                    new ContinuousSchedule.Shifted(new ContinuousSchedule.Sigmoid(-3, 3, 1), .5), .7),
                    new Parameterisation.V()), new Weighting.Simple(), Draw.STRATIFIED, .2, 0);
        }
        return isFree(name)
                ? new DenoisingObjective(new GaussianProcess(DiscreteSchedule.scaledLinear(), new Parameterisation.V()),
                        new Weighting.MinSnr(5), Draw.APART, 0, .5)
                : new DenoisingObjective(new GaussianProcess(new SigmaSchedule.VDiffusion(1e-2, 50, 1),
                        new Parameterisation.Edm(1)), new Weighting.Simple(), Draw.STRATIFIED, .2, 0);
    }

    private LatentTrainer trainer(String name, long steps) {
        int context = isFree(name) || name.equals("control") ? 0 : name.equals("ldlm") ? 1 : 3;
        return new LatentTrainer(new LatentTrainingConfig(16, context, 1e-2, .9, .99, 1e-3, 1, 3,
                LatentTrainingConfig.Course.COSINE, .99, .7, 5, Precision.F32), network(name), objective(name),
                scope.call(() -> LatentStatistics.of(chain.latents())), name.equals("control")
                        ? chain.given(scope.call(() -> chain.latents().slice(2, 0, 2))) : chain, steps);
    }

    private static float[] flat(Map<String, Tensor> tensors) {
        int n = tensors.values().stream().mapToInt(t -> (int) t.shape().count()).sum();
        var all = new float[n];
        int at = 0;
        for (var tensor : tensors.values()) {
            for (float v : tensor.toFloats()) {
                all[at++] = v;
            }
        }
        return all;
    }

    @ParameterizedTest
    @ValueSource(strings = {"reverse", "self-conditioned", "ldlm", "ldlm-context", "control"})
    void aStoppedRunGoesOnBitForBit(String name) throws IOException {
        var folder = temp.resolve(name);
        try (var whole = trainer(name, 8); var first = trainer(name, 8); var second = trainer(name, 8);
                var checkpoints = new Checkpoints(folder, 1)) {
            for (int i = 0; i < 8; i++) {
                whole.step();
            }
            for (int i = 0; i < 4; i++) {
                first.step();
            }
            checkpoints.save(LatentCheckpoint.of(first, JsonNodeFactory.instance.objectNode()));
            var stored = Checkpoints.open(folder);
            assertThat(LatentCheckpoint.config(stored)).isEqualTo(first.config());
            assertThat(LatentCheckpoint.network(stored)).isEqualTo(network(name));
            assertThat(LatentCheckpoint.objective(stored)).isEqualTo(objective(name));
            LatentCheckpoint.restore(second, stored);
            while (second.steps() < second.total()) {
                second.step();
            }
            assertThat(flat(second.parameters())).isEqualTo(flat(whole.parameters()));
            assertThat(flat(second.averages())).isEqualTo(flat(whole.averages()));
            same(first, stored);
        }
    }

    private void same(LatentTrainer trainer, Stored stored) {
        scope.run(() -> {
            LatentModel loaded;
            try {
                loaded = LatentCheckpoint.load(stored);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            var model = trainer.model();
            assertThat(loaded.statistics().mean().toFloats()).isEqualTo(model.statistics().mean().toFloats());
            assertThat(loaded.statistics().rms()).isEqualTo(model.statistics().rms());
            assertThat(samples(loaded).toFloats()).isEqualTo(samples(model).toFloats());
            if (model.context() > 0) {
                var first = chain.latents().slice(0, 3, 5);
                var sampler = model.sampler(model.path(4), new Solver.DpmSolver2M(0), new Clipping.Off(), 1.5);
                var rolled = model.roll(sampler, first, 3, Rng.of(2));
                assertThat(rolled).hasSize(3).allSatisfy(z -> assertThat(z.shape()).isEqualTo(first.shape()));
            } else if (!(model.network() instanceof ConditionalDenoiser)) {
                assertThatThrownBy(() -> model.sampler(model.path(4), new Solver.Ddim(0), new Clipping.Off(), 2))
                        .hasMessageContaining("reads no condition");
            }
        });
    }

    private static Tensor samples(LatentModel model) {
        return model.sample(model.sampler(model.path(5), new Solver.Ddim(1), new Clipping.Quantile(.99, 3), 1), 3,
                Rng.of(1), LatentObserver.NONE);
    }

    /// Rows are 0.95 of the one before: what is sampled given it must be near to it, and without it must not.
    @Test
    void nextLatentsFollowThoseBefore() {
        try (var trainer = trainer("ldlm", 500)) {
            scope.run(() -> {
                double before = trainer.loss(chain.part(0, 100), 2);
                for (int i = 0; i < 500; i++) {
                    trainer.step();
                }
                assertThat(trainer.loss(chain.part(0, 100), 2)).isLessThan(.6 * before);
                var model = trainer.model();
                var rows = chain.latents().slice(0, 200, 264);
                var sampler = model.sampler(model.path(20), new Solver.DpmSolver2M(0), new Clipping.Off(), 1);
                var next = model.roll(sampler, rows, 1, Rng.of(3)).getFirst();
                var free = model.sample(sampler, 64, Rng.of(3), LatentObserver.NONE);
                double given = next.sub(rows).square().mean().item();
                double without = free.sub(rows).square().mean().item();
                assertThat(given).isLessThan(.5 * without);
                assertThat(free.square().mean().item()).isCloseTo(1, within(.4));
            });
        }
    }

    @Test
    void conditionsDoNotCrossDocuments() {
        scope.run(() -> {
            var batch = chain.batch(new int[] {0, 12, 19, 20}, 3);
            assertThat(batch.condition().present().toDoubles())
                    .containsExactly(0, 0, 0, 1, 1, 0, 1, 1, 1, 0, 0, 0);
            assertThat(batch.condition().latents().slice(0, 1, 2).slice(1, 0, 1).toFloats())
                    .isEqualTo(chain.latents().slice(0, 11, 12).toFloats());
        });
    }

    /// Of three rows before, 0 to 3 are shown, each number a quarter of the time where there are three.
    @Test
    void inTrainingAnyNumberOfThoseBeforeIsShown() {
        scope.run(() -> {
            var whole = LatentTable.of(chain.latents());                // one document
            var present = whole.draw(4000, 3, Rng.of(1)).condition().present().toDoubles();
            var counts = new int[4];
            for (int i = 0; i < present.length; i += 3) {
                assertThat(present[i]).isGreaterThanOrEqualTo(present[i + 1]);      // the nearest are shown first
                assertThat(present[i + 1]).isGreaterThanOrEqualTo(present[i + 2]);
                counts[(int) (present[i] + present[i + 1] + present[i + 2])]++;
            }
            for (int count : counts) {
                assertThat(count).isBetween(850, 1150);
            }
        });
    }

    @Test
    void filesAreReadOneAfterTheOther() throws IOException {
        var one = temp.resolve("one.safetensors");
        var two = temp.resolve("two.safetensors");
        Safetensors.write(one, Map.of("latents", chain.latents().slice(0, 0, 3), "documents",
                Tensor.of(new long[] {0, 0, 1}, 3)), Map.of());
        Safetensors.write(two, Map.of("embeds", Tensor.zeros(2, WIDTH)), Map.of());
        var table = LatentTable.read(one, two);
        assertThat(table.documents()).containsExactly(0, 0, 1, 2, 2);
        assertThat(table.latents().shape()).isEqualTo(Shape.of(5, 1, WIDTH));
        Safetensors.write(two, Map.of("other", Tensor.zeros(2, WIDTH)), Map.of());
        assertThatThrownBy(() -> LatentTable.read(two)).hasMessageContaining("no tensor 'latents'");
        Safetensors.write(two, Map.of("embeds", Tensor.of(new float[] {1, Float.NaN}, 1, 2)), Map.of());
        assertThatThrownBy(() -> LatentTable.read(two)).hasMessageContaining("not finite");
        Safetensors.write(two, Map.of("embeds", Tensor.zeros(2, 3)), Map.of());
        assertThatThrownBy(() -> LatentTable.read(one, two)).hasMessageContaining("not of the size");
    }

    /// W is zero at first and moves only where an estimate was read.
    @Test
    void selfConditioningIsLearned() {
        try (var trainer = trainer("self-conditioned", 20)) {
            var w = trainer.parameters().get("estimate.weight");
            assertThat(w.toFloats()).containsOnly(0);
            while (trainer.steps() < 20) {
                trainer.step();
            }
            assertThat(scope.call(() -> w.abs().max().item())).isGreaterThan(1e-4);
        }
        assertThatThrownBy(() -> scope.call(() -> new SelfConditioned.Config(network("ldlm")).init(Rng.of(1))))
                .hasMessageContaining("reads a condition already");
    }

    @Test
    void whatDoesNotFitIsRefused() {
        assertThatThrownBy(() -> new LatentTrainer(LatentTrainingConfig.ddpm(1), LdlmConfig.small(5),
                objective("ldlm"), scope.call(() -> LatentStatistics.of(chain.latents())), chain, 1))
                .hasMessageContaining("width 5");
        assertThatThrownBy(() -> new LatentTrainer(LatentTrainingConfig.ldlm(1), network("reverse"),
                objective("reverse"), scope.call(() -> LatentStatistics.of(chain.latents())), chain, 1))
                .hasMessageContaining("reads no latents before");
    }
}
