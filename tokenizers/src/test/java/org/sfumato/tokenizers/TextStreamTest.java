package org.sfumato.tokenizers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sfumato.testing.SharedData;

class TextStreamTest {
    private static final List<String> TEXTS = List.of("To be, or not to be", "  spaces \n\n and\tlines ",
            "d\u00E9j\u00E0 \u4E16\u754C \uD83D\uDE00\uD83D\uDC69\u200D\uD83D\uDE80!", "\uD83D\uDE00", "x");

    private static List<String> pieces(Tokenizer tokenizer, int[] before, int... ids) {
        var pieces = new ArrayList<String>();
        var stream = new TextStream(tokenizer, before, pieces::add);
        for (int id : ids) {
            stream.add(id);
        }
        stream.end();
        return pieces;
    }

    private static void check(Tokenizer tokenizer) {
        for (var text : TEXTS) {
            var ids = tokenizer.encode(text);
            for (int cut = 0; cut <= ids.length; cut++) {
                var before = Arrays.copyOf(ids, cut);
                var start = tokenizer.decode(before);
                var all = tokenizer.decode(ids);
                if (all.startsWith(start)) {                            // not within a character
                    var found = pieces(tokenizer, before, Arrays.copyOfRange(ids, cut, ids.length));
                    assertThat(start + String.join("", found)).isEqualTo(all);
                    assertThat(found).allSatisfy(piece -> assertThat(piece).isNotEmpty().doesNotContain("\uFFFD"));
                }
            }
        }
    }

    @Test
    void charactersOfSeveralBytesComeWhole() {
        var bytes = new ByteTokenizer();
        check(bytes);
        assertThat(pieces(bytes, new int[0], bytes.encode("a\u00E9\u4E16\uD83D\uDE00b")))
                .containsExactly("a", "\u00E9", "\u4E16", "\uD83D\uDE00", "b");
    }

    @ParameterizedTest
    @ValueSource(strings = {"tok-gpt2", "tok-modernbert/tokenizer.json", "w-stories260K/tok512.bin"})
    void piecesTogetherAreTheText(String files) throws IOException {
        check(Tokenizers.load(SharedData.require(files)));
    }

    @Test
    void whatIsNoCharacterComesInTheEnd() {
        var bytes = new ByteTokenizer();
        assertThat(String.join("", pieces(bytes, new int[0], 'a', 0xE4, 0xB8))).isEqualTo("a\uFFFD");
        assertThat(String.join("", pieces(bytes, new int[0], 'a', 0xFF, 'b'))).isEqualTo("a\uFFFDb");
        var many = new int[1000];
        Arrays.fill(many, 0xFF);
        assertThat(String.join("", pieces(bytes, new int[0], many))).isEqualTo("\uFFFD".repeat(1000));
        assertThatThrownBy(() -> pieces(bytes, new int[0], 300)).isInstanceOf(UnknownTokenException.class);
    }
}
