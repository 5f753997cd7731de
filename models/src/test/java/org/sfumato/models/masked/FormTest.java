package org.sfumato.models.masked;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.sfumato.models.Denoiser;
import org.sfumato.tensor.Tensor;
import org.sfumato.tokenizers.CharTokenizer;

/// Blanks against a joint distribution of two letters in a text of four characters.
public class FormTest {
    private static final CharTokenizer TOKENIZER = CharTokenizer.ofVocabulary("abx-");
    private static final int MASK = 4;
    private static final double[][] JOINT = {{.5, .1}, {.25, .15}};

    /// Texts of two letters.
    public enum Pair { AB, BA, BB;
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// One letter.
    public enum Letter { a, b }

    /// Two letters.
    public record Letters(Letter second, Letter first) { }

    /// What cannot be filled in.
    public record Number(int value) { }

    /// Exact conditionals of two letters at `first` and `second`.
    private static Denoiser exact(int first, int second) {
        return (noisy, _) -> {
            var in = noisy.ids().toLongs();
            var logits = new float[in.length * 5];
            for (int v = 0; v < 2; v++) {
                double one = 0;
                double two = 0;
                for (int w = 0; w < 2; w++) {
                    one += in[second] == MASK || in[second] == w ? JOINT[v][w] : 0;
                    two += in[first] == MASK || in[first] == w ? JOINT[w][v] : 0;
                }
                logits[5 * first + v] = (float) Math.log(one);
                logits[5 * second + v] = (float) Math.log(two);
            }
            for (int place : new int[] {first, second}) {
                logits[5 * place + 2] = Float.NEGATIVE_INFINITY;
                logits[5 * place + 3] = Float.NEGATIVE_INFINITY;
            }
            return Tensor.of(logits, 1, in.length, 5);
        };
    }

    private static Form form(int first, int second) {
        return new Form(exact(first, second), MaskedProcess.of(MASK), TOKENIZER);
    }

    @Test
    void constantsHaveTheirProbabilitiesAmongAll() {
        var found = form(1, 2).choose("x{}-", Pair.class);
        assertThat(found).containsOnlyKeys(Pair.AB, Pair.BA, Pair.BB);
        assertThat(found.get(Pair.AB)).isCloseTo(.1 / .5, within(1e-6));
        assertThat(found.get(Pair.BA)).isCloseTo(.25 / .5, within(1e-6));
        assertThat(found.get(Pair.BB)).isCloseTo(.15 / .5, within(1e-6));
    }

    @Test
    void aRecordIsFilledInTheOrderOfItsComponents() {
        var filled = form(1, 3).fill("x{first}-{second}", Letters.class);
        assertThat(filled.value()).isEqualTo(new Letters(Letter.a, Letter.a));
        var second = filled.probabilities().get("second");
        assertThat(second).containsOnlyKeys(Letter.a, Letter.b);
        assertThat(second.get(Letter.a)).isCloseTo(.75, within(1e-6));          // .5 + .25
        assertThat(filled.probabilities().get("first").get(Letter.a)).isCloseTo(.5 / .75, within(1e-6));
        assertThat(List.copyOf(filled.probabilities().keySet())).containsExactly("second", "first");
    }

    @Test
    void blanksThatDoNotFitAreNamed() {
        assertThatThrownBy(() -> form(1, 3).fill("x{first}-", Letters.class)).hasMessageContaining("[first]")
                .hasMessageContaining("[second, first]");
        assertThatThrownBy(() -> form(1, 3).choose("xa", Pair.class)).hasMessageContaining("hint");
        assertThatThrownBy(() -> form(1, 3).fill("{value}", Number.class)).hasMessageContaining("is of type int");
    }
}
