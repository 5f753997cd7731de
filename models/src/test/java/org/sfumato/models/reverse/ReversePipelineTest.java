package org.sfumato.models.reverse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.sfumato.models.gaussian.Clipping;
import org.sfumato.models.gaussian.DiscreteSchedule;
import org.sfumato.models.gaussian.GaussianProcess;
import org.sfumato.models.gaussian.LatentModel;
import org.sfumato.models.gaussian.Parameterisation;
import org.sfumato.models.gaussian.Solver;
import org.sfumato.models.latent.LatentStatistics;
import org.sfumato.models.reverse.MeanPooling.Pooling;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.transformer.TransformerConfig;
import org.sfumato.models.transformer.TransformerConfig.Pattern;
import org.sfumato.models.vae.PooledVae;
import org.sfumato.models.vae.VaeConfig;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;
import org.sfumato.testing.TorchFile;
import org.sfumato.tokenizers.ByteTokenizer;

/// Text to vector to text, with networks that have learned nothing.
class ReversePipelineTest {
    private static final Function<String, int[]> READER = text -> text.chars().toArray();
    private static final List<String> TEXTS = List.of("one text", "another, longer one", "x");

    private Scope scope;
    private Transformer encoder;

    @BeforeEach
    void open() {
        scope = Scope.open("test");
        encoder = scope.call(() -> Transformer.init(TransformerConfig.modern(128, 32, 16, 2, 2), Rng.of(1)));
    }

    @AfterEach
    void close() {
        scope.close();
    }

    @Test
    void theMeanIsThatOfTheTokensWhateverIsBesideThem() {
        scope.run(() -> {
            var pooling = new MeanPooling(encoder, READER, 32, Pooling.TOKENS);
            var together = pooling.encode(TEXTS);
            assertThat(together.shape()).isEqualTo(Shape.of(3, 1, 16));
            for (int i = 0; i < TEXTS.size(); i++) {
                var ids = TEXTS.get(i).chars().asLongStream().toArray();
                var own = encoder.hidden(Transformer.Input.of(Tensor.of(ids, 1, ids.length)), Pass.INFERENCE)
                        .mean(true, 1);
                assertThat(TorchFile.error(together.slice(0, i, i + 1), own, 1)).isLessThan(1e-5);
            }
            var all = new MeanPooling(encoder, READER, 32, Pooling.ALL).encode(TEXTS);
            assertThat(TorchFile.error(all, together, 1)).isGreaterThan(1e-2);
        });
    }

    @Test
    void aWrongTokenizerGivesIdsThatTheTableHas() {
        var wrong = MeanPooling.wrongTokenizer(text -> new int[] {5, 50_000, 127, 128}, 128);
        assertThat(wrong.apply("")).containsExactly(5, 127, 127, 127);
    }

    private ReversePipeline pipeline() {
        var process = new GaussianProcess(DiscreteSchedule.scaledLinear(), new Parameterisation.X0());
        var pooling = new MeanPooling(encoder, READER, 32, Pooling.ALL);
        var latents = pooling.encode(TEXTS);
        var network = ReverseTransformerConfig.small(16, 1).init(Rng.of(2));
        var decoder = Transformer.init(TransformerConfig.classic(256, 64, 16, 1, 2).withPattern(Pattern.CAUSAL),
                Rng.of(3));
        return new ReversePipeline(pooling, new LatentModel(network, process, LatentStatistics.none(latents), 0),
                decoder, new ByteTokenizer());
    }

    /// The original knows nothing of its texts; a restored vector does.
    @Test
    void whatTheOriginalMakesDoesNotDependOnItsTexts() {
        scope.run(() -> {
            var pipeline = pipeline();
            var some = pipeline.original(TEXTS, Rng.of(4));
            assertThat(pipeline.original(List.of("a", "b", "c"), Rng.of(4)).toFloats()).isEqualTo(some.toFloats());
            var schedule = DiscreteSchedule.scaledLinear();
            var sampler = pipeline.model().sampler(schedule.all(3), new Solver.Ddim(0), new Clipping.Off(), 1);
            assertThat(pipeline.restore(TEXTS, sampler, Rng.of(4)).toFloats())
                    .isNotEqualTo(pipeline.restore(List.of("a", "b", "c"), sampler, Rng.of(4)).toFloats());
        });
    }

    @Test
    void aVectorBeginsAText() {
        scope.run(() -> {
            var pipeline = pipeline();
            assertThat(pipeline.search().width()).isEqualTo(5);
            var z = pipeline.encoder().encode(TEXTS);
            var texts = pipeline.write(z);
            assertThat(texts).hasSize(3).allSatisfy(text -> assertThat(text.length()).isBetween(1, 50));
            assertThat(pipeline.write(z.slice(0, 1, 2)).getFirst()).isEqualTo(texts.get(1));
            var trained = PooledVae.init(new VaeConfig.Pooled(8, 3, 8, 0, 1, .1), pipeline.decoder(), List.of(),
                    Rng.of(5));
            var written = pipeline.write(z, trained);
            assertThat(written).hasSize(3).isNotEqualTo(texts);
            assertThat(pipeline.write(z.slice(0, 2, 3), trained).getFirst()).isEqualTo(written.get(2));
            assertThatThrownBy(() -> pipeline.write(Tensor.zeros(1, 1, 8), trained))
                    .hasMessageContaining("16 numbers");
        });
    }

    @Test
    void whatDoesNotFitIsRefused() {
        scope.run(() -> {
            var pooling = new MeanPooling(encoder, READER, 32, Pooling.TOKENS);
            assertThatThrownBy(() -> pooling.encode(List.of("a", ""))).hasMessageContaining("text 1 has no token");
            assertThatThrownBy(() -> pooling.encode(List.of())).hasMessageContaining("no text");
            assertThatThrownBy(() -> new MeanPooling(encoder, READER, 33, Pooling.ALL)).hasMessageContaining("[1, 32]");
            var p = pipeline();
            var narrow = Transformer.init(TransformerConfig.classic(256, 64, 8, 1, 2).withPattern(Pattern.CAUSAL),
                    Rng.of(3));
            assertThatThrownBy(() -> new ReversePipeline(p.encoder(), p.model(), narrow, p.tokenizer()))
                    .hasMessageContaining("must be the same");
        });
    }
}
