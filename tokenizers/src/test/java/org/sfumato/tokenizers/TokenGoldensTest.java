package org.sfumato.tokenizers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sfumato.testing.SharedData;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// 55 difficult texts against what `tokenizers` 0.23.2 and `sentencepiece` 0.2.2 made of them.
class TokenGoldensTest {
    private static final String FILE = "tok-goldens/tokenizer_goldens.json";

    @ParameterizedTest
    @CsvSource({"tok-modernbert/tokenizer.json, true", "tok-modernbert/gpt-neox-20B_tokenizer.json, true",
        "tok-bert/tribuo/bert-base-cased-tokenizer.json, true", "tok-toy/curated/tokenizer.json, true",
        "tok-bert/swift/bert-vocab.txt, false"})
    void idsTokensAndOffsetsAreTheOriginals(String name, boolean offsets) throws IOException {
        var goldens = JsonMapper.shared().readTree(Files.readString(SharedData.require(FILE)));
        var tokenizer = (SubwordTokenizer) Tokenizers.load(SharedData.require(name));
        var model = goldens.get("models").get(offsets ? name : name + " (BertWordPieceTokenizer lowercase)");
        var texts = goldens.get("texts");
        assertThat(texts.size()).isEqualTo(55);
        for (int i = 0; i < texts.size(); i++) {
            var text = texts.get(i).stringValue();
            var encoding = tokenizer.process(text);
            assertThat(encoding.ids()).as(text).isEqualTo(ints(model.get("ids").get(i)));
            assertThat(encoding.tokens()).as(text).isEqualTo(
                    model.get("tokens").get(i).valueStream().map(JsonNode::stringValue).toList());
            assertThat(tokenizer.encode(text)).as(text).isEqualTo(tokenizer.align(text).ids());
            if (offsets) {
                var expected = model.get("offsets").get(i);
                for (int k = 0; k < encoding.size(); k++) {
                    assertThat(new int[] {text.codePointCount(0, encoding.starts()[k]),
                        text.codePointCount(0, encoding.ends()[k])}).as(text + " " + k)
                            .isEqualTo(ints(expected.get(k)));
                }
            }
        }
        if (offsets) {
            assertThat(tokenizer.vocabularySize()).isEqualTo(model.get("vocab_size").intValue());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"tok-sentencepiece/test_model.model", "tok-sentencepiece/test_ja_model.model",
        "tok-llama2/tokenizer.model", "tok-sentencepiece/hf/spiece.model",
        "tok-sentencepiece/hf/test_sentencepiece.model", "tok-sentencepiece/hf/test_sentencepiece_bpe.model",
        "w-babyllama105/tok105.model", "tok-toy/curated/toy.model"})
    void idsAndTextAreThoseOfSentencePiece(String name) throws IOException {
        var goldens = JsonMapper.shared().readTree(Files.readString(SharedData.require(FILE)));
        var tokenizer = Tokenizers.load(SharedData.require(name));
        var model = goldens.get("models").get(name);
        var texts = goldens.get("texts");
        for (int i = 0; i < texts.size(); i++) {
            var text = texts.get(i).stringValue();
            var ids = ints(model.get("ids").get(i));
            assertThat(tokenizer.encode(text)).as(text).isEqualTo(ids);
            assertThat(tokenizer.decode(ids)).as(text).isEqualTo(model.get("decoded").get(i).stringValue());
        }
        assertThat(tokenizer.vocabularySize()).isEqualTo(model.get("vocab_size").intValue());
    }

    private static int[] ints(JsonNode list) {
        return list.valueStream().mapToInt(JsonNode::intValue).toArray();
    }
}
