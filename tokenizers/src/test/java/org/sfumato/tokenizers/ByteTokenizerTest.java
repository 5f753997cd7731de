package org.sfumato.tokenizers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ByteTokenizerTest {
    private final Tokenizer tokenizer = new ByteTokenizer();

    /// The examples of RFC 3629 section 7 among others.
    @Test
    void idsAreTheBytesOfUtf8() {
        assertThat(tokenizer.encode("A\u2262\u0391.")).containsExactly(0x41, 0xE2, 0x89, 0xA2, 0xCE, 0x91, 0x2E);
        assertThat(tokenizer.encode("\uD84C\uDFB4")).containsExactly(0xF0, 0xA3, 0x8E, 0xB4);
        assertThat(tokenizer.encode("")).isEmpty();
        assertThat(tokenizer.vocabularySize()).isEqualTo(256);
    }

    @Test
    void textComesBack() {
        var text = "na\u00EFve \u65E5\u672C\u8A9E \uD83D\uDE00\n\0";
        assertThat(tokenizer.decode(tokenizer.encode(text))).isEqualTo(text);
    }

    @Test
    void malformedBytesAreReplaced() {
        assertThat(tokenizer.decode('a', 0xFF, 'b')).isEqualTo("a\uFFFDb");
        assertThat(tokenizer.decode('a', 0xE2, 0x89)).isEqualTo("a\uFFFD");
    }

    @Test
    void mistakesAreRefused() {
        assertThatThrownBy(() -> tokenizer.decode(1, 256)).isInstanceOf(UnknownTokenException.class)
                .hasMessageStartingWith("decode: id 256 at index 1 is outside 0..255");
        assertThatThrownBy(() -> tokenizer.encode("a\uD834b")).isInstanceOf(UnknownTokenException.class)
                .hasMessageStartingWith("encode: half of a surrogate pair, '\\uD834' (U+D834) at index 1");
    }
}
