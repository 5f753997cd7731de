package org.sfumato.models.ldlm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.sfumato.models.gaussian.Clipping;
import org.sfumato.models.gaussian.ConditionalDenoiser;
import org.sfumato.models.gaussian.GaussianProcess;
import org.sfumato.models.gaussian.GaussianSampler;
import org.sfumato.models.gaussian.LatentModel;
import org.sfumato.models.gaussian.LatentNetwork;
import org.sfumato.models.gaussian.LatentNetworkConfig;
import org.sfumato.models.gaussian.LatentTable;
import org.sfumato.models.gaussian.NoisyLatents;
import org.sfumato.models.gaussian.Parameterisation;
import org.sfumato.models.gaussian.SigmaSchedule;
import org.sfumato.models.gaussian.Solver;
import org.sfumato.models.latent.LatentStatistics;
import org.sfumato.models.latent.Spans;
import org.sfumato.models.vae.ScratchVae;
import org.sfumato.models.vae.VaeConfig;
import org.sfumato.nn.Parameters;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

/// Next spans by a network that has learned nothing but to say the latent before again.
class NextSpansTest {
    private static final int LENGTH = 6;
    private static final int WIDTH = 8;

    /// Predicts the latent before, and zeros where there is none.
    private record Again() implements LatentNetwork, ConditionalDenoiser {
        @Override
        public LatentNetworkConfig config() {
            return LdlmConfig.small(WIDTH);
        }

        @Override
        public Tensor forward(NoisyLatents noisy, Pass pass) {
            var condition = noisy.condition();
            return condition == null ? noisy.z().mul(0) : condition.latents().slice(1, 0, 1)
                    .mul(condition.present().slice(1, 0, 1).cast(DType.F32).unsqueeze(-1));
        }
    }

    private Scope scope;
    private ScratchVae vae;
    private Spans spans;
    private LatentTable table;
    private LatentModel model;

    @BeforeEach
    void make() {
        scope = Scope.open("test");
        scope.run(() -> {
            vae = ScratchVae.init(new VaeConfig.Scratch(20, LENGTH, 1, WIDTH, 16, 1, 2, 0), Rng.of(1));
            Parameters.load(vae.parameters(), drawn(vae));              // a fresh one says the same whatever it reads
            spans = Spans.of(Tensor.integers(Shape.of(12, LENGTH), 20, Rng.of(2)));
            table = new LatentTable(vae.encode(spans, Pass.INFERENCE).mean(),
                    IntStream.range(0, 12).mapToLong(i -> i / 6).toArray());
            var process = new GaussianProcess(new SigmaSchedule.VDiffusion(1e-3, 1e3, 1), new Parameterisation.X0());
            model = new LatentModel(new Again(), process, LatentStatistics.scale(table.latents()), 1);
        });
    }

    private static Map<String, Tensor> drawn(ScratchVae vae) {
        var values = new LinkedHashMap<String, Tensor>();
        vae.parameters().forEach((name, p) -> values.put(name,
                Tensor.normal(p.shape(), Rng.of(values.size())).mul(.3)));
        return values;
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private GaussianSampler sampler() {
        return model.sampler(model.path(5), new Solver.DpmSolver2M(0), new Clipping.Off(), 1);
    }

    @Test
    void spansFollowOneAnother() {
        scope.run(() -> {
            var next = new NextSpans(vae, model, sampler(), .1);
            var seen = new ArrayList<Integer>();
            var written = next.write(new int[] {3, 1, 4, 1, 5, 9, 2, 6}, 5, Rng.of(3),
                    (number, ids) -> seen.add(number));
            assertThat(seen).containsExactly(0, 1, 2, 3, 4);
            assertThat(written).hasSize(5).allSatisfy(ids -> assertThat(ids).hasSize(LENGTH));
            assertThat(next.write(new int[] {4, 1, 5, 9, 2, 6}, 5, Rng.of(3), (_, _) -> { }))
                    .as("only what fits into a span is read").usingRecursiveComparison().isEqualTo(written);
            assertThatThrownBy(() -> next.write(new int[0], 1, Rng.of(1), (_, _) -> { }))
                    .hasMessageContaining("no text");
        });
    }

    @Test
    void scoresOfANetworkThatCopies() {
        scope.run(() -> {
            var plan = new NextSpanScores.Plan(vae, model, table, spans, 2, 100);
            var scores = NextSpanScores.of(plan, sampler(), Rng.of(1));
            assertThat(scores.spans()).isEqualTo(10);
            assertThat(scores.given()).isCloseTo(scores.copied(), within(1e-4));
            assertThat(scores.one()).isCloseTo(scores.copied(), within(1e-4));
            for (var nats : List.of(scores.read(), scores.blind())) {
                assertThat(nats.free()).isCloseTo(nats.none(), within(1e-4));
                assertThat(nats.mixed()).as("all samples are the copy").isCloseTo(nats.given(), within(1e-4));
                assertThat(List.of(nats.own(), nats.given())).allSatisfy(nll -> assertThat(nll).isBetween(1.0, 5.0));
            }
            assertThat(scores.read().given()).isNotCloseTo(scores.blind().given(), within(1e-4));
            assertThat(NextSpanScores.head(2).lines().findFirst().orElseThrow().chars().filter(c -> c == '|').count())
                    .isEqualTo(scores.row("x").chars().filter(c -> c == '|').count());
        });
    }

    @Test
    void whatDoesNotFitIsRefused() {
        scope.run(() -> {
            var wide = ScratchVae.init(new VaeConfig.Scratch(20, LENGTH, 1, WIDTH + 1, 16, 1, 2, 0), Rng.of(1));
            assertThatThrownBy(() -> new NextSpans(wide, model, sampler(), .1)).hasMessageContaining("1 x 9");
            var alone = new LatentTable(table.latents(), IntStream.range(0, 12).asLongStream().toArray());
            assertThatThrownBy(() -> NextSpanScores.of(new NextSpanScores.Plan(vae, model, alone, spans, 1, 5),
                    sampler(), Rng.of(1))).hasMessageContaining("no span follows");
        });
    }
}
