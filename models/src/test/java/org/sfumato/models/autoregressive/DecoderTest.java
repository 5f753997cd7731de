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
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sfumato.models.autoregressive.Decoder.Observer;
import org.sfumato.models.autoregressive.Decoder.Uniforms;
import org.sfumato.models.pretrained.Pretrained;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.transformer.Transformer.Input;
import org.sfumato.models.transformer.TransformerConfig;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Memory;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Settings;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Tensor;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Tokens are those that transformers writes (make_decoding.py).
class DecoderTest {
    private static final Uniforms NONE = (_, _) -> {
        throw new AssertionError("greedy decoding needs no numbers");
    };

    private Scope scope;
    private JsonNode golden;

    @BeforeEach
    void open() throws IOException {
        scope = Scope.open("test");
        golden = JsonMapper.shared().readTree(resource("decoding.json").toFile());
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

    private static int[] ints(JsonNode list) {
        return list.valueStream().mapToInt(JsonNode::intValue).toArray();
    }

    private static List<int[]> lists(JsonNode lists) {
        return lists.valueStream().map(DecoderTest::ints).toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpt2", "llama", "llama3", "mistral", "qwen2"})
    void tokensAreThoseOfTheOriginal(String family) {
        var decoder = new Decoder(network(family));
        var expected = golden.get(family);
        var prompts = lists(expected.get("prompts"));
        var numbers = expected.get("uniforms");
        int tokens = numbers.size();

        assertThat(decoder.generate(prompts, Decoding.greedy(tokens), NONE, Observer.NONE))
                .containsExactlyElementsOf(lists(expected.get("greedy")));
        var prompt = prompts.getFirst();
        assertThat(decoder.generate(prompt, Decoding.greedy(tokens).withRepetitionPenalty(1.3), NONE, Observer.NONE))
                .isEqualTo(ints(expected.get("penalty").get(0)));
        Uniforms uniforms = (_, step) -> numbers.get(step).doubleValue();
        assertThat(decoder.generate(prompt, Decoding.sampled(tokens, .8, 0, 1), uniforms, Observer.NONE))
                .isEqualTo(ints(expected.get("plain")));
        assertThat(decoder.generate(prompt, Decoding.sampled(tokens, 1.5, 7, 1), uniforms, Observer.NONE))
                .isEqualTo(ints(expected.get("topk")));
        assertThat(decoder.generate(prompt, Decoding.sampled(tokens, 2, 40, .8).withRepetitionPenalty(1.2), uniforms,
                Observer.NONE)).isEqualTo(ints(expected.get("topp")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpt2", "llama", "llama3", "mistral", "qwen2"})
    void beamsAreThoseOfTheOriginal(String family) {
        var decoder = new Decoder(network(family));
        for (var expected : golden.get(family).get("beams").values()) {
            var stops = Arrays.stream(ints(expected.get("stops"))).boxed().collect(Collectors.toSet());
            var how = new BeamSearch(14, 5, expected.get("lengthPenalty").doubleValue(),
                    BeamSearch.Ending.valueOf(expected.get("ending").stringValue()), 5,
                    expected.get("repetitionPenalty").doubleValue(), stops);
            var found = decoder.search(lists(expected.get("prompts")), how).stream().flatMap(List::stream).toList();
            assertThat(found).extracting(Hypothesis::tokens).containsExactlyElementsOf(lists(expected.get("texts")));
            var scores = expected.get("scores");
            for (int i = 0; i < found.size(); i++) {
                double score = scores.get(i).doubleValue();                 // summed in f32 there
                assertThat(found.get(i).score()).isCloseTo(score, within(1e-5 + 1e-6 * Math.abs(score)));
            }
        }
    }

    @Test
    void aBeamOfOneIsGreedyAndTheBestComeFirst() {
        var decoder = new Decoder(network("llama"));
        var prompts = lists(golden.get("llama").get("prompts"));
        var narrow = decoder.search(prompts, BeamSearch.of(9, 1));
        assertThat(narrow).extracting(found -> found.getFirst().tokens()).containsExactlyElementsOf(
                decoder.generate(prompts, Decoding.greedy(9), NONE, Observer.NONE));
        var wide = decoder.search(prompts, new BeamSearch(9, 5, 1, BeamSearch.Ending.LIKELY, 3, 1, Set.of()));
        for (var found : wide) {
            assertThat(found).hasSize(3).extracting(h -> -h.score()).isSorted();
        }
        assertThatThrownBy(() -> decoder.search(prompts, BeamSearch.of(9, 40)))
                .hasMessageContaining("a beam of 40 looks at 80 tokens, the vocabulary has 61");
        assertThatThrownBy(() -> BeamSearch.of(9, 0)).hasMessageContaining("width 0");
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpt2", "llama3", "mistral"})
    void theCacheChangesNothing(String family) {
        var network = network(family);
        scope.run(() -> {
            var ids = Tensor.integers(org.sfumato.tensor.Shape.of(2, 24), 60, Rng.of(3));
            var whole = network.forward(ids, Pass.INFERENCE);
            var cache = network.cache(2, 24);
            int at = 0;
            for (int count : new int[] {5, 1, 1, 7, 1, 9}) {
                var part = network.forward(Input.of(ids.slice(1, at, at + count)), cache);
                assertThat(part.sub(whole.slice(1, at, at + count)).abs().max().item())
                        .isLessThan(4e-6);                              // a few ulp: sums in another order
                at += count;
                assertThat(cache.length()).isEqualTo(at);
            }
            assertThatThrownBy(() -> network.forward(Input.of(ids.slice(1, 0, 1)), cache))
                    .isInstanceOf(ShapeException.class);
        });
    }

    @Test
    void aStopEndsItsRowAndTheObserverSeesEveryToken() {
        var decoder = new Decoder(network("gpt2"));
        var prompts = lists(golden.get("gpt2").get("prompts"));
        var full = lists(golden.get("gpt2").get("greedy"));
        int stop = full.getFirst()[2];
        var seen = new ArrayList<List<Integer>>();
        prompts.forEach(_ -> seen.add(new ArrayList<>()));
        var rows = decoder.generate(prompts, Decoding.greedy(full.getFirst().length, stop), NONE,
                (row, token) -> seen.get(row).add(token));
        for (int row = 0; row < rows.size(); row++) {
            var expected = new ArrayList<Integer>();
            for (int token : full.get(row)) {
                expected.add(token);
                if (token == stop) {
                    break;
                }
            }
            assertThat(rows.get(row)).containsExactly(expected.stream().mapToInt(i -> i).toArray());
            assertThat(seen.get(row)).isEqualTo(expected);
        }
        assertThat(rows.getFirst().length).isLessThanOrEqualTo(3);
    }

    @Test
    void badInputIsRefusedAndNothingLeaks() {
        var network = network("gpt2");
        var decoder = new Decoder(network);
        long before = Memory.current(Settings.current().device()).live();
        var how = Decoding.greedy(4);
        assertThatThrownBy(() -> decoder.generate(List.of(), how, NONE, Observer.NONE)).hasMessageContaining("empty");
        assertThatThrownBy(() -> decoder.generate(new int[0], how, NONE, Observer.NONE)).hasMessageContaining("empty");
        assertThatThrownBy(() -> decoder.generate(new int[30], how, NONE, Observer.NONE))
                .hasMessageContaining("a prompt of 30 tokens and 4 new ones are more than the network's 32");
        assertThatThrownBy(() -> decoder.generate(new int[] {99}, how, NONE, Observer.NONE))
                .isInstanceOf(IndexOutOfBoundsException.class);
        decoder.generate(new int[] {3, 4}, how, NONE, Observer.NONE);
        decoder.search(List.of(new int[] {3, 4}, new int[] {5}), BeamSearch.of(4, 3));
        assertThat(Memory.current(Settings.current().device()).live()).isEqualTo(before);
        var both = scope.call(() -> Transformer.init(TransformerConfig.modern(7, 8, 8, 1, 2), Rng.of(1)));
        assertThatThrownBy(() -> new Decoder(both)).hasMessageContaining("not causal");
    }
}
