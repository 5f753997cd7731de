package org.sfumato.tokenizers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sfumato.testing.SharedData;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Cases that others have published for GPT-2, BERT and ModernBERT.
class PublishedCasesTest {

    /// 423 texts of jtokkit, encoded by tiktoken; by the rank file and by vocabulary and merges.
    @ParameterizedTest
    @ValueSource(strings = {"tok-gpt2/jtokkit/r50k_base.tiktoken", "tok-gpt2/encoder.json",
        "tok-gpt2/hf/gpt2-vocab.json", "tok-gpt2"})
    void gpt2AgreesWithTiktoken(String file) throws IOException {
        var tokenizer = (SubwordTokenizer) Tokenizers.load(SharedData.require(file));
        var rows = csv(Files.readString(SharedData.require("tok-gpt2/jtokkit/r50k_base_encodings.csv")));
        assertThat(rows).hasSize(424);
        for (var row : rows.subList(1, rows.size())) {
            var ids = Arrays.stream(row.get(1).replaceAll("[\\[\\] ]", "").split(",")).mapToInt(Integer::parseInt)
                    .toArray();
            assertThat(tokenizer.encode(row.get(0))).as(row.get(0)).isEqualTo(ids);
            assertThat(tokenizer.align(row.get(0)).ids()).as(row.get(0)).isEqualTo(ids);
            assertThat(tokenizer.decode(ids)).isEqualTo(row.get(0));
        }
    }

    @Test
    void gpt2AgreesWithTheEncoderInJavaScript() throws IOException {
        var tokenizer = Tokenizers.load(SharedData.require("tok-gpt2"));
        var cases = json("tok-gpt2/gpt3encoder_expected.json");
        assertThat(cases.size()).isEqualTo(7);
        for (var one : cases) {
            assertThat(tokenizer.encode(one.get("text").stringValue())).isEqualTo(ints(one.get("ids")));
        }
    }

    @Test
    void gpt2AgreesWithSwiftTransformers() throws IOException {
        var tokenizer = (SubwordTokenizer) Tokenizers.load(SharedData.require("tok-gpt2"));
        var one = json("tok-bert/swift/gpt2_encoded_tokens.json");
        var text = one.get("text").stringValue();
        assertThat(tokenizer.encode(text)).isEqualTo(ints(one.get("token_ids")));
        assertThat(tokenizer.align(text).tokens()).isEqualTo(
                one.get("bpe_tokens").valueStream().map(JsonNode::stringValue).toList());
        assertThat(tokenizer.decode(ints(one.get("token_ids")))).isEqualTo(one.get("decoded_text").stringValue());
    }

    @Test
    void modernBertAgreesWithItsPublishedCases() throws IOException {
        var tokenizer = (SubwordTokenizer) Tokenizers.load(SharedData.require("tok-modernbert"));
        var cases = json("tok-modernbert/expected.json");
        assertThat(cases.size()).isEqualTo(16);
        for (var one : cases) {
            var text = one.get("text").stringValue();
            assertThat(tokenizer.process(text).ids()).as(text).isEqualTo(ints(one.get("ids")));
        }
    }

    /// 18 texts for each of those models whose vocabulary is there.
    @Test
    void bertAndGpt2AgreeWithTransformers() throws IOException {
        var bert = (SubwordTokenizer) Tokenizers.load(SharedData.require("tok-bert/swift/bert-vocab.txt"));
        var gpt2 = (SubwordTokenizer) Tokenizers.load(SharedData.require("tok-gpt2"));
        var all = json("tok-bert/swift/tokenizer_tests.json");
        for (var name : List.of("bert-base-uncased", "google-bert/bert-base-uncased", "distilgpt2")) {
            var tokenizer = name.contains("bert") ? bert : gpt2;
            assertThat(all.get(name).size()).isEqualTo(18);
            for (var one : all.get(name)) {
                var text = one.get("input").stringValue();
                var encoding = tokenizer.process(text);
                assertThat(encoding.ids()).as(text).isEqualTo(ints(one.get("encoded").get("input_ids")));
                if (one.get("encoded").has("token_type_ids")) {
                    assertThat(encoding.typeIds()).isEqualTo(ints(one.get("encoded").get("token_type_ids")));
                }
                assertThat(cleaned(tokenizer.decodeWithSpecial(encoding.ids()))).as(text)
                        .isEqualTo(one.get("decoded_with_special").stringValue());
                assertThat(cleaned(tokenizer.decode(encoding.ids()))).as(text)
                        .isEqualTo(one.get("decoded_without_special").stringValue());
            }
        }
    }

    /// What transformers does with the decoded text besides (`clean_up_tokenization_spaces`).
    private static String cleaned(String text) {
        return text.replace(" .", ".").replace(" ?", "?").replace(" !", "!").replace(" ,", ",").replace(" ' ", "'")
                .replace(" n't", "n't").replace(" 'm", "'m").replace(" 's", "'s").replace(" 've", "'ve")
                .replace(" 're", "'re");
    }

    /// The questions of SQuAD: `basic_tokenized_questions` holds the words, `tokenized_questions` the ids.
    @Test
    void bertAgreesOnTheQuestionsOfSquad() throws IOException {
        var tokenizer = (SubwordTokenizer) Tokenizers.load(SharedData.require("tok-bert/swift/bert-vocab.txt"));
        var words = json("tok-bert/swift/basic_tokenized_questions.json");
        var ids = json("tok-bert/swift/tokenized_questions.json");
        assertThat(words.size()).isEqualTo(ids.size()).isGreaterThan(10_000);
        for (int i = 0; i < words.size(); i++) {
            var text = String.join(" ", words.get(i).valueStream().map(JsonNode::stringValue).toList());
            assertThat(tokenizer.encode(text)).as(text).isEqualTo(ints(ids.get(i)));
        }
    }

    private static JsonNode json(String name) throws IOException {
        return JsonMapper.shared().readTree(Files.readString(SharedData.require(name)));
    }

    private static int[] ints(JsonNode list) {
        return list.valueStream().mapToInt(JsonNode::intValue).toArray();
    }

    /// Rows of comma-separated values, in quotes where they hold commas, quotes or line feeds.
    private static List<List<String>> csv(String text) {
        var rows = new ArrayList<List<String>>();
        var row = new ArrayList<String>();
        var field = new StringBuilder();
        boolean quoted = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (quoted && c == '"' && i + 1 < text.length() && text.charAt(i + 1) == '"') {
                field.append('"');
                i++;
            } else if (c == '"') {
                quoted = !quoted;
            } else if (!quoted && (c == ',' || c == '\n')) {
                row.add(field.toString());
                field.setLength(0);
                if (c == '\n') {
                    rows.add(List.copyOf(row));
                    row.clear();
                }
            } else if (quoted || c != '\r') {
                field.append(c);
            }
        }
        if (!row.isEmpty() || !field.isEmpty()) {
            row.add(field.toString());
            rows.add(List.copyOf(row));
        }
        return rows;
    }
}
