package org.sfumato.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.sfumato.models.data.TextCorpus;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.transformer.TransformerConfig;
import org.sfumato.models.transformer.TransformerConfig.Pattern;
import org.sfumato.models.transformer.TransformerConfig.Start;
import org.sfumato.nn.lora.Lora;
import org.sfumato.nn.lora.LoraConfig;
import org.sfumato.nn.lora.Place;
import org.sfumato.nn.lora.Targets;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Memory;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;

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
            var losses = TrainAdapter.run(network, lora, corpus, new TrainAdapter.Size(40, 8, 16, 3e-2), out);
            assertThat(losses[1]).isLessThan(Math.log(config.vocabulary())).isLessThan(losses[0]);
            assertThat(printed()).startsWith("1,792 of 7,344 ").contains("held-out loss:");
        });
        assertThat(Memory.current(Device.CPU).live()).isEqualTo(before);
    }
}
