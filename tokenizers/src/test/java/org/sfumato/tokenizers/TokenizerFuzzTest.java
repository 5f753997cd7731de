package org.sfumato.tokenizers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sfumato.testing.Fuzz;
import org.sfumato.testing.Mutations;
import org.sfumato.testing.SharedData;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Damaged tokenizers, see [Fuzz]: those that can be read must encode and decode, or say why not, as soon.
class TokenizerFuzzTest {
    /// Bytes on the heap for each byte of the file, texts and all: a JSON file of empty objects takes this.
    private static final long HEAP = 512;

    private static final List<String> TEXTS = List.of("", "It was the best of times, 1 \ud83d\ude00 \u4eba e\u0301\n",
            "a".repeat(300), "\u2581 <s>[MASK]</s> 12345 \u00c4\ufb01 <0x41>", " \t\n".repeat(60));

    @TempDir
    Path folder;

    private static void use(Path file) throws IOException {
        var tokenizer = Tokenizers.load(file);
        for (var text : TEXTS) {
            try {
                assertThat(tokenizer.decode(tokenizer.encode(text))).isNotNull();
                if (tokenizer instanceof SubwordTokenizer subwords) {
                    assertThat(subwords.process(text, text).ids()).isNotNull();
                }
            } catch (IllegalArgumentException e) {
                assertThat(e.getMessage()).matches("(?s)(encode|decode|tokenizer|padding|truncation): .*");
            }
        }
    }

    /// Every family; half of the damage is to the bytes, half to the tree, which then is still JSON.
    @Test
    void filesOfJson() throws IOException {
        var trees = new ArrayList<JsonNode>();
        var files = new ArrayList<byte[]>();
        for (var name : FamiliesTest.names()) {
            trees.add(JsonMapper.shared().readTree(FamiliesTest.family(name).toJson()).get("file"));
            files.add(JsonMapper.shared().writeValueAsBytes(trees.getLast()));
            use(Fuzz.fresh(folder.resolve("tokenizer.json"), files.getLast()));     // classes loaded, tables read
        }
        new Fuzz(HEAP).run(random -> {
            int which = random.nextInt(files.size());
            return Fuzz.fresh(folder.resolve("tokenizer.json"), random.nextBoolean()
                    ? Mutations.of(files.get(which), random) : JsonMutations.of(trees.get(which), random));
        }, TokenizerFuzzTest::use);
    }

    @Test
    void smallModelsOfSentencePiece() throws IOException {
        var bytes = Files.readAllBytes(SharedData.require("w-babyllama105/tok105.model"));
        new Fuzz(HEAP).run(random -> Fuzz.fresh(folder.resolve("a.model"), Mutations.of(bytes, random)),
                TokenizerFuzzTest::use);
    }

    @ParameterizedTest
    @ValueSource(strings = {"hf/test_sentencepiece.model", "hf/test_sentencepiece_bpe.model", "test_model.model"})
    void modelsOfSentencePiece(String name) throws IOException {
        var bytes = Files.readAllBytes(SharedData.require("tok-sentencepiece/" + name));
        new Fuzz(HEAP).runFewer(20, random -> Fuzz.fresh(folder.resolve("a.model"), Mutations.of(bytes, random)),
                TokenizerFuzzTest::use);
    }
}
