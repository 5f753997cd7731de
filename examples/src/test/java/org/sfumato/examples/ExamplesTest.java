package org.sfumato.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.sfumato.models.Noisy;
import org.sfumato.models.data.TextCorpus;
import org.sfumato.models.diffusion.Times;
import org.sfumato.models.masked.MaskedProcess;
import org.sfumato.models.training.Trained;
import org.sfumato.models.training.TrainingConfig;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.transformer.TransformerConfig;
import org.sfumato.models.transformer.TransformerConfig.Pattern;
import org.sfumato.models.transformer.TransformerConfig.Start;
import org.sfumato.nn.Pass;
import org.sfumato.nn.lora.Lora;
import org.sfumato.nn.lora.LoraConfig;
import org.sfumato.nn.lora.Place;
import org.sfumato.nn.lora.Targets;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Memory;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// Every example runs, at a tiny size, and frees what it takes.
class ExamplesTest {

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);

    private String printed() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    void firstStepsPrintsTensorsAndFreesThem() {
        long before = Memory.current(Device.CPU).live();
        FirstSteps.tensors(out);
        assertThat(printed()).startsWith("""
                [[10., 21., 32.],
                 [13., 24., 35.]] f32 (2, 3)
                [[ 5., 14.],
                 [14., 50.]] f32 (2, 2)
                """).endsWith("live bytes after the scope: " + before + System.lineSeparator());
    }

    @Test
    void firstStepsFindsTheLine() {
        var line = FirstSteps.fit(200, out);
        assertThat(line[0]).isCloseTo(3, within(.05));
        assertThat(line[1]).isCloseTo(-1, within(.05));
    }

    @Test
    void customOperationsMeanWhatTheySay() {
        Scope.temporary(() -> CustomOperation.run(out));
        var lines = printed().lines().toList();
        assertThat(lines).hasSize(8).filteredOn(line -> line.equals("true")).hasSize(2);
        assertThat(lines.subList(3, 5)).containsExactly("[[0.6, 0.8],", " [0.3, 0.4]] f64 (2, 2)");
        assertThat(lines.subList(6, 8)).containsExactly("[[5. , 5. ],", " [0.6, 0.8]] f64 (2, 2)");
    }

    @Test
    void theWrittenOutLoopLearns() {
        long before = Memory.current(Device.CPU).live();
        var size = new TrainMaskedPredictor.Size(60, 8, 16, 16, 1, 1e-2);
        var outcome = TrainMaskedPredictor.run("to be or not to be, that is the question. ".repeat(40), size, out);
        assertThat(outcome.last()).isLessThan(.8 * outcome.first());
        assertThat(outcome.text()).hasSize(64);
        assertThat(printed()).contains("step     0  loss").contains("step    59  loss").contains("nats/token");
        assertThat(Memory.current(Device.CPU).live()).isEqualTo(before);
    }

    @Test
    void anAdapterLearnsATextThatItsNetworkDoesNotKnow() {
        long before = Memory.current(Device.CPU).live();
        Scope.temporary(() -> {
            var corpus = TextCorpus.ofCharacters("to be or not to be, that is the question. ".repeat(40));
            var config = TransformerConfig.classic(corpus.tokenizer().vocabularySize(), 32, 16, 2, 2)
                    .withPattern(Pattern.CAUSAL).withStart(Start.TORCH);
            var network = Transformer.init(config, Rng.of(1));
            var lora = Lora.init(LoraConfig.of(4, 8, Targets.named("qkv", "up", "down")), Place.of(network), Rng.of(2));
            var losses = TrainAdapter.run(network, lora, corpus, new TrainAdapter.Size(24, 8, 16, 3e-2), out);
            assertThat(losses[1]).isLessThan(Math.log(config.vocabulary())).isLessThan(losses[0]);
            assertThat(printed()).startsWith("1,792 of 7,344 ").contains("held-out loss:");
        });
        assertThat(Memory.current(Device.CPU).live()).isEqualTo(before);
    }

    @Test
    void aSamplerOfOnesOwnWritesFromTheOutsideIn() {
        Scope.temporary(() -> {
            var corpus = TextCorpus.ofCharacters("to be or not to be, that is the question. ".repeat(40));
            int mask = corpus.tokenizer().vocabularySize();
            var config = TrainingConfig.charSmall(mask + 1, 1).withLength(9)
                    .withModel(TransformerConfig.modern(mask + 1, 9, 16, 1, 2));
            var trained = new Trained(config, MaskedProcess.of(mask), Transformer.init(config.model(), Rng.of(1)),
                    corpus.tokenizer());
            var text = NewSampler.write(trained, out);
            var lines = printed().lines().toList();
            assertThat(lines).hasSize(6);
            assertThat(lines.get(0)).matches("[^_]_{7}[^_]");
            assertThat(lines.get(3)).matches("[^_]{4}_[^_]{4}");
            assertThat(lines.getLast()).isEqualTo(text);
        });
    }

    @Test
    void theBoundOfAProcessOfOnesOwnIsTheDivergenceOfItsPosteriors() {
        Scope.temporary(() -> {
            var process = new NewProcess.UnigramProcess(new float[] {.5f, .3f, .15f, .05f});
            double[] p = {.1, .2, .3, .4};
            double t = .4;
            double dt = 1e-5;
            for (int noisy = 0; noisy < 4; noisy++) {
                var exact = process.posterior(new double[] {0, 1, 0, 0}, noisy, t - dt, t);
                var model = process.posterior(p, noisy, t - dt, t);
                double divergence = 0;
                for (int v = 0; v < 4; v++) {
                    divergence += exact[v] * Math.log(exact[v] / model[v]) / dt;
                }
                var logits = Tensor.of(p, 1, 1, 4).log().cast(DType.F32);
                var at = Times.ofRows(t);
                var seen = new Noisy(Tensor.of(new long[] {noisy}, 1, 1), at.map(process::alpha, Device.CPU));
                double integrand = process.integrand((_, _) -> logits, Tensor.of(new long[] {1}, 1, 1), seen, at,
                        Pass.INFERENCE).item();
                assertThat(integrand).isCloseTo(divergence, within(1e-3 * (1 + divergence)));
            }
        });
    }

    @Test
    void aProcessOfOnesOwnIsTrainedAndScoredLikeAnyOther() {
        var corpus = TextCorpus.ofCharacters("to be or not to be, that is the question. ".repeat(40));
        var bounds = NewProcess.compare(corpus, 2, out);
        assertThat(bounds[0]).isBetween(.5, 4.);
        assertThat(bounds[1]).isBetween(.5, 4.);
        assertThat(printed()).contains("UniformProcess", "UnigramProcess");
    }
}
