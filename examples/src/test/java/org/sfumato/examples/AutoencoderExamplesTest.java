package org.sfumato.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sfumato.tensor.Scope;

/// The examples with autoencoders run, at a tiny size.
class AutoencoderExamplesTest {
    private static final String TEXT = "to be or not to be, that is the question. ".repeat(40);

    private static Scope scope;
    private static Autoencoders model;

    @TempDir
    Path temp;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);

    @BeforeAll
    static void train() {
        scope = Scope.open("examples");
        model = scope.call(() -> Autoencoders.small(TEXT, 8, 120, 1));
    }

    @AfterAll
    static void free() {
        scope.close();
    }

    private String printed() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    void reconstructionsAreShownAndCounted() throws IOException {
        Scope.temporary(() -> {
            assertThat(Reconstruction.show(model, "to be or not", 3, .1, out)).hasSize(3)
                    .allSatisfy(text -> assertThat(text).hasSize(8));
            assertThat(printed()).startsWith("=== Input" + System.lineSeparator() + "to be or").contains("=== Outputs");
            var right = Reconstruction.rightByPlace(model, TEXT, 16);
            assertThat(right).hasSize(8);
            assertThat(right[0]).isGreaterThan(.1);
        });
        Autoencoders.draw(temp.resolve("a.svg"), "title", "x", "y", new double[] {1, 2, 3});
        assertThat(temp.resolve("a.svg")).content().startsWith("<svg").contains("title");
    }

    @Test
    void patchingAllNumbersIsTheOtherLatent() {
        Scope.temporary(() -> {
            var outcome = ActivationPatching.run(model, "that is the", "to be or", out);
            assertThat(outcome.effects()).hasSize(8);
            assertThat(outcome.recovered()).hasSize(9);
            assertThat(outcome.recovered()[0]).isZero();
            assertThat(outcome.recovered()[8]).isEqualTo(1);
            assertThat(printed()).contains("nats", "0 patched: ", "8 patched: ");
        });
    }

    @Test
    void theEndsOfASoupAreItsTrainings() {
        Scope.temporary(() -> {
            var other = Autoencoders.small(TEXT, 8, 20, 1);
            var before = new ArrayList<float[]>();
            model.vae().trained().values().forEach(p -> before.add(p.toFloats()));
            var losses = AdapterSoup.run(model, other, TEXT, out);
            var spans = new ArrayList<int[]>();
            var ids = model.tokenizer().encode(TEXT);
            for (int from = 0; from + 8 <= ids.length && spans.size() < 128; from += 8) {
                spans.add(Arrays.copyOfRange(ids, from, from + 8));
            }
            assertThat(losses).hasSize(5);
            assertThat(losses[0]).isEqualTo(model.score(spans).nats());
            assertThat(losses[4]).isEqualTo(other.score(spans).nats());
            var after = model.vae().trained().values().stream().toList();
            for (int i = 0; i < after.size(); i++) {
                assertThat(after.get(i).toFloats()).isEqualTo(before.get(i));
            }
            var longer = Autoencoders.small(TEXT, 9, 1, 1);
            assertThatThrownBy(() -> AdapterSoup.run(model, longer, TEXT, out)).hasMessageContaining("other sizes");
        });
    }

    @Test
    void everyTokenIsProbed() {
        Scope.temporary(() -> {
            var losses = GlitchTokens.run(model, 4, out);
            assertThat(losses).hasSize(model.tokenizer().vocabularySize());
            assertThat(printed()).contains("median").contains("nats: ");
        });
    }
}
