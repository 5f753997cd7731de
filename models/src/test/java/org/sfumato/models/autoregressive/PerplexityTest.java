package org.sfumato.models.autoregressive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sfumato.models.pretrained.Pretrained;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.transformer.TransformerConfig;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Memory;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Settings;
import org.sfumato.tensor.Tensor;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Losses are those of transformers (make_decoding.py).
class PerplexityTest {
    private Scope scope;
    private JsonNode golden;
    private int[] ids;

    @BeforeEach
    void open() throws IOException {
        scope = Scope.open("test");
        golden = JsonMapper.shared().readTree(resource("decoding.json").toFile());
        ids = golden.get("scored").valueStream().mapToInt(JsonNode::intValue).toArray();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static Path resource(String name) {
        return Path.of(URI.create(Pretrained.class.getResource(name).toString()));
    }

    private Transformer network(String family) {
        return scope.call(() -> {
            try {
                return Pretrained.load(resource(family));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpt2", "llama", "llama3", "mistral", "qwen2"})
    void lossesAreThoseOfTheOriginal(String family) {
        var network = network(family);
        for (var expected : golden.get(family).get("perplexity").values()) {
            int count = expected.get("count").intValue();
            var score = new Perplexity(network, expected.get("window").intValue(), expected.get("stride").intValue())
                    .score(Arrays.copyOf(ids, count));
            assertThat(score.tokens()).isEqualTo(count - 1);
            assertThat(score.nats()).as("%s", expected).isCloseTo(expected.get("nats").doubleValue(), within(2e-6));
        }
    }

    /// Windows of 10, 10 and 5 tokens, whose sums are made here of logits.
    @Test
    void theErrorIsThatOfTheWindows() {
        var network = network("gpt2");
        double[] sums = new double[3];
        int[] counts = {10, 10, 5};
        double total = 0;
        for (int i = 0; i < 3; i++) {
            var window = Arrays.stream(ids, 10 * i, 10 * i + counts[i] + 1).asLongStream().toArray();
            var logits = scope.call(() -> network.forward(Tensor.of(Arrays.copyOf(window, window.length - 1), 1,
                    window.length - 1), Pass.INFERENCE).logSoftmax(-1).toDoubles());
            for (int j = 0; j < counts[i]; j++) {
                sums[i] -= logits[j * 61 + (int) window[j + 1]];
            }
            total += sums[i];
        }
        double mean = total / 25;
        double square = 0;
        for (int i = 0; i < 3; i++) {
            square += Math.pow(sums[i] - mean * counts[i], 2);
        }
        var score = new Perplexity(network, 10, 10).score(Arrays.copyOf(ids, 26));
        assertThat(score.nats()).isCloseTo(mean, within(1e-6));
        var told = new ArrayList<Long>();
        assertThat(new Perplexity(network, 10, 10).score(Arrays.copyOf(ids, 26), told::add)).isEqualTo(score);
        assertThat(told).containsExactly(20L, 25L);
        assertThat(score.standardError()).isCloseTo(Math.sqrt(square * 3 / 2) / 25, within(1e-6));
        assertThat(score.perplexity()).isEqualTo(Math.exp(score.nats()));
        assertThat(score.per(50)).isCloseTo(mean / 2, within(1e-6));
        assertThat(new Perplexity(network, 31, 31).score(Arrays.copyOf(ids, 26)).standardError()).isNaN();
    }

    @Test
    void badInputIsRefusedAndNothingLeaks() {
        var network = network("gpt2");
        var both = scope.call(() -> Transformer.init(TransformerConfig.modern(7, 8, 8, 1, 2), Rng.of(1)));
        long before = Memory.current(Settings.current().device()).live();
        assertThatThrownBy(() -> new Perplexity(network, 33, 4)).hasMessageContaining("stride <= window <= 32");
        assertThatThrownBy(() -> new Perplexity(network, 8, 9)).hasMessageContaining("window 8 and stride 9");
        assertThatThrownBy(() -> new Perplexity(network, 8, 0)).hasMessageContaining("stride 0");
        assertThatThrownBy(() -> new Perplexity(both, 8, 8)).hasMessageContaining("not causal");
        var perplexity = new Perplexity(network, 8, 8);
        assertThatThrownBy(() -> perplexity.score(1)).hasMessageContaining("1 tokens, two are needed");
        assertThatThrownBy(() -> perplexity.score(1, 99, 2)).isInstanceOf(IndexOutOfBoundsException.class);
        perplexity.score(ids);
        assertThat(Memory.current(Settings.current().device()).live()).isEqualTo(before);
    }
}
