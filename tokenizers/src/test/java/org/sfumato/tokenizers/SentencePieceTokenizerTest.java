package org.sfumato.tokenizers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sfumato.testing.SharedData;

class SentencePieceTokenizerTest {

    static List<String> models() {
        return FamiliesTest.lines("random-pieces.txt").keySet().stream().toList();
    }

    /// Against sentencepiece 0.2.2 (`make_fixtures.py`).
    @ParameterizedTest
    @MethodSource("models")
    void tenThousandRandomTextsAreTheOriginals(String name) throws IOException {
        var tokenizer = Tokenizers.load(SharedData.require(name));
        var found = IntStream.range(0, 100).parallel()
                .mapToObj(block -> digest(tokenizer, FamiliesTest.TEXTS.subList(100 * block, 100 * block + 100)))
                .toList();
        assertThat(found).isEqualTo(FamiliesTest.lines("random-pieces.txt").get(name));
        assertThat(Tokenizers.fromJson(tokenizer.toJson())).isEqualTo(tokenizer);
    }

    private static String digest(Tokenizer tokenizer, List<String> texts) {
        int ids = 0x811C9DC5;
        int decoded = ids;
        for (var text : texts) {
            var encoded = tokenizer.encode(text);
            for (int id : encoded) {
                ids = FamiliesTest.hash(ids, id);
            }
            for (int c : tokenizer.decode(encoded).codePoints().toArray()) {
                decoded = FamiliesTest.hash(decoded, c);
            }
            ids = FamiliesTest.hash(ids, -1);
            decoded = FamiliesTest.hash(decoded, -1);
        }
        return "%08x %08x".formatted(ids, decoded);
    }
}
