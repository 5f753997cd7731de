package org.sfumato.tokenizers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Parts of a tokenizer.json that take exponential time, or more memory than there is.
class HostileTokenizerTest {
    private static final String LONG = "a".repeat(5000) + "!";

    private static SubwordTokenizer splitAt(String pattern) {
        var json = JsonMapper.shared().createObjectNode();
        var vocabulary = json.putObject("model").put("type", "WordLevel").put("unk_token", "a").putObject("vocab");
        vocabulary.put("a", 0);
        var split = json.putObject("pre_tokenizer").put("type", "Split").put("behavior", "Isolated");
        split.putObject("pattern").put("Regex", pattern);
        return SubwordTokenizer.of(json);
    }

    @ParameterizedTest
    @ValueSource(strings = {"(a+)+b", "(a|aa)+b", "(a|a)*b", "(.*a){12}b", "(?:a?){30}a{30}b", "(\\w+\\s?)+$x",
        "^(([a-z])+.)+[A-Z]([a-z])+$", "(?=(a+)+b)a", "((a+)*)*b", "(a*)*\\1b", "(?:(?:a*)*)*[^a!]",
        "([^x]*?)*?b", "(?<!a{0,200}b)z"})
    void exponentialTimeIsAnError(String pattern) {
        var tokenizer = splitAt(pattern);
        assertTimeoutPreemptively(Duration.ofSeconds(5), () -> {
            try {
                assertThat(tokenizer.encode(LONG)).isNotEmpty();        // Java knows a short way for some
            } catch (IllegalArgumentException e) {
                assertThat(e.getMessage()).startsWith("tokenizer: the regular expression").contains("hint: ");
            }
        });
    }

    @Test
    void whatIsTooLongIsSaid() {
        assertThatThrownBy(() -> splitAt("(.*a){12}b").encode("a".repeat(40) + "!")).isInstanceOf(
                IllegalArgumentException.class).hasMessageContainingAll("(.*a){12}b", "takes too long",
                        "on a text of 41 characters");
    }

    @Test
    void tooMuchStackIsAnError() {
        assertThatThrownBy(() -> splitAt("(?:a|b)*c").encode("ab".repeat(500_000))).isInstanceOf(
                IllegalArgumentException.class).hasMessageContainingAll("takes too much stack", "hint: ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"(?:(?:(?:){9999}){9999}){9999}", "((){1000}){1000}", "(a{200}){200}"})
    void repetitionsThatMultiplyAreRefused(String pattern) {
        assertThatThrownBy(() -> splitAt(pattern)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("its repetitions multiply to more than 10000");
    }

    /// What is in use: no text of ordinary kind comes near the bound, nor does a long run of one kind.
    @ParameterizedTest
    @ValueSource(strings = {
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|"
                + "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
        "\\p{N}{1,3}", "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+", " ?[^(\\s|[.,!?\u2026\u3002\uff0c])]+"})
    void expressionsInUseStayBelowTheBound(String pattern) {
        var tokenizer = splitAt(pattern);
        for (var text : new String[] {LONG, " ".repeat(50_000) + "x", "\n \t".repeat(10_000), "1".repeat(9999) + "a",
            "It's a don't; we'll see 1234567!? \u4e00\u3042 \r\n".repeat(500), "'".repeat(20_000),
            "\u00e9\u0301".repeat(5000)}) {
            assertThat(tokenizer.encode(text)).isNotEmpty();
        }
    }

    /// Forty times "a" becomes "aa": 2^40 characters.
    @Test
    void aTextThatGrowsWithoutEndIsAnError() {
        var json = (ObjectNode) JsonMapper.shared().readTree(splitAt("x").toJson()).get("file");
        var steps = json.putObject("normalizer").put("type", "Sequence").putArray("normalizers");
        for (int i = 0; i < 40; i++) {
            steps.addObject().put("type", "Replace").put("content", "aa").putObject("pattern").put("String", "a");
        }
        var tokenizer = SubwordTokenizer.of(json);
        assertThat(tokenizer.encode("b")).isNotEmpty();
        assertThatThrownBy(() -> tokenizer.encode("banana")).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("its normalizer makes more than 5632 characters", "hint: ");
    }
}
