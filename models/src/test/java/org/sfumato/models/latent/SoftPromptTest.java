package org.sfumato.models.latent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sfumato.models.autoregressive.BeamSearch;
import org.sfumato.models.autoregressive.Decoder;
import org.sfumato.models.autoregressive.Decoder.Observer;
import org.sfumato.models.autoregressive.Decoder.Uniforms;
import org.sfumato.models.autoregressive.Decoding;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.transformer.TransformerConfig;
import org.sfumato.models.transformer.TransformerConfig.Pattern;
import org.sfumato.models.transformer.TransformerConfig.Start;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

class SoftPromptTest {
    private static Transformer network(String kind) {
        var config = kind.equals("rotary") ? TransformerConfig.modern(20, 24, 16, 2, 2)
                : TransformerConfig.classic(20, 24, 16, 2, 2);
        return Transformer.init(config.withPattern(Pattern.CAUSAL).withStart(Start.TORCH), Rng.of(1));
    }

    /// Embeddings of tokens as soft tokens are those tokens: the texts are those of the network itself.
    @ParameterizedTest
    @ValueSource(strings = {"rotary", "learned"})
    void softTokensThatAreEmbeddingsOfTokensAreThoseTokens(String kind) {
        Scope.temporary(() -> {
            var network = network(kind);
            var before = Tensor.of(new long[] {3, 7, 11, 5}, 2, 2);
            var soft = new Decoder(new SoftPrompt(network, network.token().forward(before), 0));
            var hard = new Decoder(network);
            var prompts = List.of(new int[] {1}, new int[] {9, 2, 4});
            var how = Decoding.sampled(8, 1, 0, 1);
            var written = soft.generate(prompts, how, Uniforms.of(Rng.of(2)), Observer.NONE);
            var same = hard.generate(List.of(new int[] {3, 7, 1}, new int[] {11, 5, 9, 2, 4}), how,
                    Uniforms.of(Rng.of(2)), Observer.NONE);
            var beams = BeamSearch.of(6, 3);
            var found = soft.search(prompts, beams);
            var sought = hard.search(List.of(new int[] {3, 7, 1}, new int[] {11, 5, 9, 2, 4}), beams);
            assertThat(written).containsExactlyElementsOf(same);
            for (int row = 0; row < 2; row++) {
                assertThat(found.get(row).getFirst().tokens()).isEqualTo(sought.get(row).getFirst().tokens());
            }
            assertThat(found.get(1).getFirst().score()).isCloseTo(sought.get(1).getFirst().score(), within(1e-6));
        });
    }

    /// With places of its own for the prompt, an empty one is padding, and what is written is what the whole sequence
    /// says at once.
    @ParameterizedTest
    @ValueSource(strings = {"rotary", "learned"})
    void writingStepByStepIsReadingAtOnce(String kind) {
        Scope.temporary(() -> {
            var network = network(kind);
            var soft = new SoftPrompt(network, Tensor.normal(Shape.of(2, 1, 16), Rng.of(3)), 4);
            var prompts = List.of(new int[0], new int[] {9, 2});
            var written = new Decoder(soft).generate(prompts, Decoding.greedy(5), Uniforms.of(Rng.of(2)),
                    Observer.NONE);
            var all = Spans.endingIn(prompts, 4).then(Spans.padded(written, 5));
            var logits = network.logits(soft.hidden(all, Pass.INFERENCE), Pass.INFERENCE);          // (2, 1 + 9, V)
            var likeliest = logits.slice(1, 4, 9).argmax(-1);
            assertThat(likeliest.toLongs()).containsExactly(Stream.of(written.get(0), written.get(1))
                    .flatMapToInt(Arrays::stream).asLongStream().toArray());
        });
    }

    @Test
    void whatDoesNotFitIsRefused() {
        Scope.temporary(() -> {
            var network = network("rotary");
            assertThatThrownBy(() -> new SoftPrompt(network, Tensor.zeros(2, 1, 15), 0))
                    .hasMessageContaining("soft tokens must be (B, M, 16)");
            var decoder = new Decoder(new SoftPrompt(network, Tensor.zeros(2, 3, 16), 0));
            assertThatThrownBy(() -> decoder.generate(new int[] {1}, Decoding.greedy(2), (_, _) -> 0, Observer.NONE))
                    .hasMessageContaining("1 texts for the soft tokens of 2");
            assertThatThrownBy(() -> decoder.generate(List.of(new int[] {1}, new int[0]), Decoding.greedy(2),
                    (_, _) -> 0, Observer.NONE)).hasMessageContaining("a prompt is empty");
            assertThatThrownBy(() -> decoder.generate(List.of(new int[] {1}, new int[] {1}), Decoding.greedy(21),
                    (_, _) -> 0, Observer.NONE)).hasMessageContaining("more than the network's 21");
            assertThatThrownBy(() -> Spans.padded(List.of(new int[3]), 2)).hasMessageContaining("longer than 2");
        });
    }
}
