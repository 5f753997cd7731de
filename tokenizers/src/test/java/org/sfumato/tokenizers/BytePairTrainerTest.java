package org.sfumato.tokenizers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.sfumato.testing.SharedData;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Against `BpeTrainer` of `tokenizers` 0.23.2 (`make_fixtures.py`).
class BytePairTrainerTest {

    @Test
    void vocabularyAndMergesAreTheOriginals() throws IOException {
        String corpus;
        try (var in = RandomTexts.open("corpus.txt")) {
            corpus = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
        var lines = Arrays.asList(corpus.split("(?<=\n)"));
        var model = model(new BytePairTrainer(500, 0, List.of("<|endoftext|>")).train(lines));
        var expected = model(FamiliesTest.family("gpt2"));
        assertThat(model.get("vocab").size()).isEqualTo(500);
        assertThat(model.get("vocab")).isEqualTo(expected.get("vocab"));
        assertThat(model.get("merges").valueStream().map(JsonNode::stringValue).toList()).isEqualTo(
                expected.get("merges").valueStream().map(m -> m.get(0).stringValue() + " " + m.get(1).stringValue())
                        .toList());
    }

    @Test
    void mergesOfTinyShakespeareAreTheOriginals() throws IOException {
        var text = Files.readString(SharedData.require("text-tinyshakespeare/input.txt"));
        var tokenizer = new BytePairTrainer(2000, 2, List.of("<|endoftext|>"))
                .train(Arrays.asList(text.split("\n", -1)));
        int hash = 0x811C9DC5;
        for (var merge : model(tokenizer).get("merges")) {
            for (int c : (merge.stringValue() + "\n").codePoints().toArray()) {
                hash = FamiliesTest.hash(hash, c);
            }
        }
        try (var in = RandomTexts.open("training.txt")) {
            assertThat("%08x".formatted(hash)).isEqualTo(new String(in.readAllBytes(), StandardCharsets.UTF_8).strip());
        }
        assertThat(tokenizer.decode(tokenizer.encode(text))).isEqualTo(text);
        assertThat(tokenizer.encodeAll(List.of("To be", ""))).hasSize(2).first()
                .isEqualTo(tokenizer.encode("To be"));
    }

    @Test
    void aVocabularyWithoutRoomForTheBytesIsRefused() {
        assertThatThrownBy(() -> new BytePairTrainer(256, 0, List.of("<s>"))).hasMessage(
                "train: a vocabulary of 256 tokens\nhint: 256 bytes and 1 special tokens need 257");
    }

    private static JsonNode model(Tokenizer tokenizer) {
        return JsonMapper.shared().readTree(tokenizer.toJson()).get("file").get("model");
    }
}
