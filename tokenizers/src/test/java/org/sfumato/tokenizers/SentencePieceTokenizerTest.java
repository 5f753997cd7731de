package org.sfumato.tokenizers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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

    @Test
    void theVocabularyOfLlama2IsRead() throws IOException {
        var tokenizer = Tokenizers.load(SharedData.require("w-stories260K/tok512.bin"));
        assertThat(tokenizer.vocabularySize()).isEqualTo(512);
        // By the merging of run.c, in make_story_losses.py.
        assertThat(tokenizer.encode("One day, a little")).startsWith(385, 328, 432, 261, 376);
        var text = "Once upon a time,  there was\n\u00E9\u4E16";
        assertThat(tokenizer.decode(tokenizer.encode(text))).isEqualTo(text);
        assertThat(Tokenizers.fromJson(tokenizer.toJson())).isEqualTo(tokenizer);
    }

    @ParameterizedTest
    @CsvSource({"0, the longest piece has 0", "3, the longest piece has 0", "4, the longest piece has 0",
            "9, it ends within a piece", "21, piece 1 has 5 bytes"})
    void aDamagedVocabularyOfLlama2IsRefused(int length, String message, @TempDir Path temp) throws IOException {
        var bytes = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN).putInt(length > 4 ? 5 : 0).putFloat(0)
                .putInt(5).put("<unk>".getBytes(StandardCharsets.UTF_8)).putFloat(0).putInt(5).array();
        var file = Files.write(temp.resolve("tokenizer.bin"), Arrays.copyOf(bytes, length > 20 ? 26 : length));
        assertThatThrownBy(() -> Tokenizers.load(file)).isInstanceOf(TokenizerFormatException.class)
                .hasMessageContaining(message);
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
