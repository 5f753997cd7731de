package org.sfumato.tokenizers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TokenizersTest {

    @Test
    void everyTokenizerComesBackFromItsJson() {
        var characters = CharTokenizer.fromText("\"quoted\" \\ \n\t\u0000 \u20AC \uD83D\uDE00");
        for (var tokenizer : List.of(characters, characters.withUnknown(new Unknown.Skip()),
                characters.withUnknown(new Unknown.Replace("\uD83D\uDE00")), CharTokenizer.ofVocabulary("zyx"),
                new ByteTokenizer())) {
            var again = Tokenizers.fromJson(tokenizer.toJson());
            assertThat(again).isEqualTo(tokenizer).hasSameHashCodeAs(tokenizer);
            assertThat(again.name()).isEqualTo(tokenizer.name());
        }
    }

    @Test
    void theStoredFormIsStable() {
        assertThat(new ByteTokenizer().toJson()).isEqualTo("{\"kind\":\"bytes\"}");
        assertThat(CharTokenizer.fromText("ba").withUnknown(new Unknown.Replace("a")).toJson()).isEqualTo(
                "{\"kind\":\"characters\",\"vocabulary\":\"ab\",\"unknown\":\"replace\",\"replacement\":\"a\"}");
        assertThat(Tokenizers.fromJson("{\"kind\":\"characters\",\"vocabulary\":\"ab\"}"))
                .isEqualTo(CharTokenizer.fromText("ab"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        {"kind":                                                            | tokenizer: not JSON
        ``                                                                  | tokenizer: field "kind" is missing
        []                                                                  | tokenizer: field "kind" is missing
        {"kind": 3}                                                         | tokenizer: field "kind" is not text, 3
        {"kind": "bpe"}                                                     | tokenizer: unknown kind, "bpe"
        {"kind": "characters"}                                              | tokenizer: field "vocabulary" is missing
        {"kind": "characters", "vocabulary": ""}                            | ofVocabulary: the vocabulary is empty
        {"kind": "characters", "vocabulary": "aa"}                          | comes again at index 1
        {"kind": "characters", "vocabulary": "a", "unknown": "guess"}       | field "unknown" is "guess"
        {"kind": "characters", "vocabulary": "a", "unknown": "replace"}     | field "replacement" is missing
        """)
    void badJsonIsRefused(String json, String message) {
        assertThatThrownBy(() -> Tokenizers.fromJson(json)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }
}
