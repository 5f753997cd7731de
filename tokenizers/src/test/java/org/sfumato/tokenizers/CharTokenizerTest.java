package org.sfumato.tokenizers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.sfumato.testing.SharedData;

class CharTokenizerTest {
    private static final String CLEF = "\uD834\uDD1E";          // U+1D11E, beyond 2^16
    private static final String FACE = "\uD83D\uDE00";          // U+1F600

    @Test
    void idsGoByCodePoint() {
        var tokenizer = CharTokenizer.fromText("to be or not to be");
        assertThat(tokenizer.vocabulary()).isEqualTo(" benort");
        assertThat(tokenizer.vocabularySize()).isEqualTo(7);
        assertThat(tokenizer.encode("bet")).containsExactly(1, 2, 6);
        assertThat(tokenizer.decode(6, 4, 0, 1, 2)).isEqualTo("to be");
        assertThat(tokenizer.encode("")).isEmpty();
        assertThat(tokenizer.decode()).isEmpty();
    }

    /// U+FF01 sorts before U+1D11E by code point, after its surrogates by UTF-16 unit.
    @Test
    void surrogatePairsAreOneCharacter() {
        var text = "a" + CLEF + "\uFF01b" + FACE + CLEF + "a";
        var tokenizer = CharTokenizer.fromText(text);
        assertThat(tokenizer.vocabulary()).isEqualTo("ab\uFF01" + CLEF + FACE);
        assertThat(tokenizer.encode(text)).containsExactly(0, 3, 2, 1, 4, 3, 0);
        assertThat(tokenizer.decode(0, 3, 2, 1, 4, 3, 0)).isEqualTo(text);
        assertThat(tokenizer.decode(3, 3, 3)).isEqualTo(CLEF.repeat(3));
        assertThat(tokenizer.decode(0, 0, 0, 0, 4)).isEqualTo("aaaa" + FACE);
    }

    @Test
    void aVocabularyKeepsItsOrder() {
        var tokenizer = CharTokenizer.ofVocabulary(FACE + "zab" + CLEF);
        assertThat(tokenizer.encode("abz" + CLEF + FACE)).containsExactly(2, 3, 1, 4, 0);
        assertThatThrownBy(() -> CharTokenizer.ofVocabulary("abca"))
                .hasMessage("ofVocabulary: character 'a' (U+0061) comes again at index 3");
        assertThatThrownBy(() -> CharTokenizer.ofVocabulary("")).hasMessageContaining("empty");
    }

    @Test
    void anUnknownCharacterIsNamed() {
        var tokenizer = CharTokenizer.fromText("price: 5");
        var thrown = catchThrowableOfType(UnknownTokenException.class, () -> tokenizer.encode("price: \u20AC5"));
        assertThat(thrown).hasMessageStartingWith(
                "encode: character '\\u20AC' (U+20AC) at index 7 is not in the vocabulary of 8 characters\nhint: ");
        assertThat(thrown.index()).isEqualTo(7);
        assertThatThrownBy(() -> tokenizer.encode("ice\n")).hasMessageContaining("'\\n' (U+000A) at index 3");
        assertThatThrownBy(() -> tokenizer.encode(FACE)).hasMessageContaining("'\\uD83D\\uDE00' (U+1F600)");
        assertThatThrownBy(() -> tokenizer.encode("\uD83D")).hasMessageContaining("'\\uD83D' (U+D83D)");
    }

    @Test
    void unknownCharactersMayBeSkippedOrReplaced() {
        var refusing = CharTokenizer.fromText("abc?");
        var text = "a" + FACE + "b~" + "c";
        var skipping = refusing.withUnknown(new Unknown.Skip());
        var replacing = refusing.withUnknown(new Unknown.Replace("?"));
        assertThat(skipping.decode(skipping.encode(text))).isEqualTo("abc");
        assertThat(replacing.decode(replacing.encode(text))).isEqualTo("a?b?c");
        assertThatThrownBy(() -> refusing.withUnknown(new Unknown.Replace("x")))
                .hasMessage("withUnknown: replacement 'x' (U+0078) is not in the vocabulary of 4 characters");
        assertThatThrownBy(() -> new Unknown.Replace("xy")).hasMessage("replace: not exactly one character, \"xy\"");
    }

    @Test
    void anIdOutsideTheVocabularyIsNamed() {
        var tokenizer = CharTokenizer.fromText("abc");
        assertThatThrownBy(() -> tokenizer.decode(0, 1, 3)).isInstanceOf(UnknownTokenException.class)
                .hasMessageStartingWith("decode: id 3 at index 2 is outside 0..2\nhint: ");
        assertThatThrownBy(() -> tokenizer.decode(-1)).hasMessageContaining("id -1 at index 0");
    }

    @Test
    void aCorpusMustBeText() {
        assertThatThrownBy(() -> CharTokenizer.fromText("")).hasMessageContaining("the text is empty");
        assertThatThrownBy(() -> CharTokenizer.fromText("ab\uDD1E")).isInstanceOf(UnknownTokenException.class)
                .hasMessageContaining("half of a surrogate pair, '\\uDD1E' (U+DD1E) at index 2");
    }

    @Test
    void tinyShakespeare() throws IOException {
        var text = Files.readString(SharedData.require("text-tinyshakespeare/input.txt"));
        var tokenizer = CharTokenizer.fromText(text);
        assertThat(tokenizer.vocabulary())
                .isEqualTo("\n !$&',-.3:;?ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
        assertThat(tokenizer.vocabularySize()).isEqualTo(65);
        assertThat(tokenizer.encode("\n ")).containsExactly(0, 1);
        var ids = tokenizer.encode(text);
        assertThat(ids).hasSize(1_115_394);
        assertThat(Arrays.copyOf(ids, 5)).containsExactly(18, 47, 56, 57, 58);          // "First"
        assertThat(tokenizer.decode(ids)).isEqualTo(text);
    }
}
