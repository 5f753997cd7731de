package org.sfumato.tokenizers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sfumato.testing.SharedData;
import org.sfumato.tokenizers.ChatTemplate.Message;
import org.sfumato.tokenizers.ChatTemplate.Role;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Folders with a tokenizer_config.json against transformers 5.18 (`make_models.py`).
class ModelTokenizerTest {
    private static final JsonNode EXPECTED = RandomTexts.json("models.json");

    @TempDir
    Path folder;

    static IntStream models() {
        return IntStream.range(0, EXPECTED.get("models").size());
    }

    static IntStream pieces() {
        return IntStream.range(0, EXPECTED.get("pieces").size());
    }

    static IntStream chats() {
        return IntStream.range(0, EXPECTED.get("chats").size());
    }

    private ModelTokenizer load(String family, String config) throws IOException {
        var file = (ObjectNode) JsonMapper.shared().readTree(FamiliesTest.family(family).toJson()).get("file");
        file.putObject("truncation").put("max_length", 5);
        file.putObject("padding").putObject("strategy").put("Fixed", 40);
        Files.writeString(folder.resolve("tokenizer.json"), file.toString());
        Files.writeString(folder.resolve("tokenizer_config.json"), config);
        return ModelTokenizer.load(folder);
    }

    private static void requireSame(ModelTokenizer tokenizer, JsonNode expected) {
        for (var one : expected.get("cases")) {
            var text = one.get(0).stringValue();
            var ids = one.get(1).valueStream().mapToInt(JsonNode::intValue).toArray();
            assertThat(tokenizer.process(text)).as(text).isEqualTo(ids);
            assertThat(tokenizer.decode(ids)).as(text).isEqualTo(one.get(2).stringValue());
        }
        var special = tokenizer.special();
        var found = List.of(special.bos(), special.eos(), special.pad(), special.mask(), special.cls(), special.sep(),
                special.unknown());
        var roles = List.of("bos", "eos", "pad", "mask", "cls", "sep", "unk");
        for (int i = 0; i < roles.size(); i++) {
            var id = expected.get("special").get(roles.get(i));
            boolean beyond = id.asInt(0) >= tokenizer.tokenizer().vocabularySize();    // transformers adds a token
            if (!beyond && !id.isNull() || expected.get("config").has(roles.get(i) + "_token")) {
                assertThat(found.get(i)).as(roles.get(i))
                        .isEqualTo(id.isNull() ? OptionalInt.empty() : OptionalInt.of(id.intValue()));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void idsTextAndSpecialTokensAreThoseOfTransformers(int index) throws IOException {
        var expected = EXPECTED.get("models").get(index);
        requireSame(load(expected.get("family").stringValue(), expected.get("config").toString()), expected);
    }

    @ParameterizedTest
    @MethodSource("pieces")
    void modelsOfSentencePieceTooWithTheirEnds(int index) throws IOException {
        var expected = EXPECTED.get("pieces").get(index);
        Files.copy(SharedData.require(expected.get("file").stringValue()), folder.resolve("tokenizer.model"));
        Files.writeString(folder.resolve("tokenizer_config.json"), expected.get("config").toString());
        requireSame(ModelTokenizer.load(folder), expected);
    }

    @ParameterizedTest
    @MethodSource("chats")
    void conversationsAreThoseOfTransformers(int index) throws IOException {
        var expected = EXPECTED.get("chats").get(index);
        var messages = expected.get("messages").valueStream().map(message -> new Message(
                Role.valueOf(message.get("role").stringValue().toUpperCase(Locale.ROOT)),
                message.get("content").stringValue())).toList();
        var chat = load("gpt2", expected.get("config").toString()).requireChat();
        assertThat(chat.text(messages)).isEqualTo(expected.get("text").stringValue());
        assertThat(chat.prompt(messages)).isEqualTo(expected.get("prompt").stringValue());
    }

    @Test
    void anUnknownConversationIsAnError() throws IOException {
        var config = EXPECTED.get("chats").get(2).get("config").toString();
        for (var other : List.of("{}", "{\"chat_template\": \"{{ messages }}\"}",
                config.replace("begin_of", "start_of"),
                config.replace("{% set loop_messages", "{% if tools %}{% endif %}{% set loop_messages"))) {
            var tokenizer = load("gpt2", other);
            assertThatThrownBy(tokenizer::requireChat).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContainingAll("chat_template", "hint: ");
        }
        assertThatThrownBy(() -> ChatForm.LLAMA2.text(List.of(new Message(Role.ASSISTANT, "Hi"))))
                .hasMessageContainingAll("chat: turn 1 is of ASSISTANT", "hint: ");
    }

    /// Nothing but the vocabulary: as in the folder of bert-base-uncased, whose config names no token.
    @Test
    void usualTokensAreFoundWhereNoFileNamesThem() throws IOException {
        Files.writeString(folder.resolve("vocab.txt"), "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nhello\n");
        var special = ModelTokenizer.load(folder).special();
        assertThat(special.mask()).hasValue(4);
        assertThat(special.cls()).hasValue(2);
        assertThat(special.eos()).isEmpty();
        assertThat(ModelTokenizer.load(SharedData.require("tok-gpt2")).special().eos()).hasValue(50_256);
        var modernBert = ModelTokenizer.load(SharedData.require("tok-modernbert")).special();
        assertThat(modernBert.mask()).hasValue(50_284);
        assertThat(modernBert.pad()).hasValue(50_283);
    }

    @Test
    void damageIsNamed() {
        assertThatThrownBy(() -> load("gpt2", "{\"bos_token\": 7}")).isInstanceOf(TokenizerFormatException.class)
                .hasMessageContainingAll("tokenizer_config.json", "\"bos_token\" is not text");
        assertThatThrownBy(() -> load("gpt2", "{")).isInstanceOf(TokenizerFormatException.class)
                .hasMessageContainingAll("tokenizer_config.json", "not JSON");
    }
}
