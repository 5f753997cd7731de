package org.sfumato.tokenizers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.sfumato.testing.SharedData;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

class LoadTest {
    @TempDir
    Path folder;

    static List<String> names() {
        return FamiliesTest.names();
    }

    private Path write(String name, String content) throws IOException {
        return Files.writeString(folder.resolve(name), content);
    }

    private static ObjectNode json(SubwordTokenizer tokenizer) {
        return (ObjectNode) JsonMapper.shared().readTree(tokenizer.toJson()).get("file");
    }

    @ParameterizedTest
    @MethodSource("names")
    void aFolderWithATokenizerJsonIsFound(String name) throws IOException {
        var tokenizer = FamiliesTest.family(name);
        write("tokenizer.json", json(tokenizer).toString());
        assertThat(Tokenizers.load(folder)).isEqualTo(tokenizer).hasSameHashCodeAs(tokenizer);
        assertThat(Tokenizers.fromJson(tokenizer.toJson())).isEqualTo(tokenizer);
    }

    @Test
    void gpt2FilesAreFoundUnderTheirNames() throws IOException {
        var model = json(FamiliesTest.family("gpt2")).get("model");
        write("vocab.json", model.get("vocab").toString());
        var merges = new StringBuilder("#version: 0.2\n");
        model.get("merges").forEach(m -> merges.append(m.get(0).stringValue()).append(' ')
                .append(m.get(1).stringValue()).append('\n'));
        write("merges.txt", merges.toString());
        var text = "It was the best of times, \u00fcber \ud83d\ude00<|endoftext|>";
        assertThat(Tokenizers.load(folder).encode(text)).isEqualTo(FamiliesTest.family("gpt2").encode(text));
    }

    @Test
    void bertFilesAreReadWithTheirConfig() throws IOException {
        write("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nHello\nhello\n##s\n");
        var lower = (SubwordTokenizer) Tokenizers.load(folder);
        assertThat(lower.process("Hellos").ids()).containsExactly(2, 6, 7, 3);
        write("tokenizer_config.json", "{\"do_lower_case\": false, \"unk_token\": {\"content\": \"[UNK]\"}}");
        var cased = (SubwordTokenizer) Tokenizers.load(folder);
        assertThat(cased.process("Hellos", "x").ids()).containsExactly(2, 5, 7, 3, 1, 3);
        assertThat(cased.process("Hellos", "x").typeIds()).containsExactly(0, 0, 0, 0, 1, 1);
        assertThat(cased.addedTokens()).hasSize(5);
        assertThat(cased.id("[MASK]")).hasValue(4);
    }

    /// Expected numbers: `tokenizers` with enable_truncation(6, stride=2), (7, stride=1) and
    /// enable_padding(pad_to_multiple_of=4).
    @Test
    void lengthsAreKept() throws IOException {
        write("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\nc\nd\ne\nf\n");
        var tokenizer = ((SubwordTokenizer) Tokenizers.load(folder))
                .withTruncation(Optional.of(new Truncation(6, 2, Truncation.Strategy.LONGEST_FIRST, false)))
                .withPadding(Optional.of(new Padding(0, 4, false, 0, 0, "[PAD]")));
        var encoding = tokenizer.process("a b c d e f");
        assertThat(encoding.ids()).containsExactly(2, 5, 6, 7, 8, 3, 0, 0);
        assertThat(encoding.attentionMask()).containsExactly(1, 1, 1, 1, 1, 1, 0, 0);
        assertThat(encoding.overflowing()).hasSize(1);
        assertThat(encoding.overflowing().getFirst().ids()).containsExactly(2, 7, 8, 9, 10, 3, 0, 0);
        var pair = tokenizer.withTruncation(Optional.of(new Truncation(7, 1, Truncation.Strategy.LONGEST_FIRST, false)))
                .process("a b c d", "e f");
        assertThat(pair.ids()).containsExactly(2, 5, 6, 3, 9, 10, 3, 0);
        assertThat(pair.overflowing().stream().map(Encoding::ids)).containsExactly(
                new int[] {2, 6, 7, 3, 9, 10, 3, 0}, new int[] {2, 7, 8, 3, 9, 10, 3, 0});
        assertThat(pair.overflowing().getFirst().typeIds()).containsExactly(0, 0, 0, 0, 1, 1, 1, 0);
        assertThat(tokenizer.processAll(List.of("a", "a b c")).stream().map(Encoding::ids)).containsExactly(
                new int[] {2, 5, 3, 0, 0, 0, 0, 0}, new int[] {2, 5, 6, 7, 3, 0, 0, 0});
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{ | not JSON",
        "[] | the file is no object but []",
        "{} | tokenizer.json: \"model\" is missing",
        "{'model': {'type': 'GPT'}} | tokenizer.json.model: type \"GPT\" is not known",
        "{'model': {'type': 'BPE', 'vocab': {'a': 0}, 'merges': ['a b']}} | merges: token \"b\" of merge 0 is not",
        "{'model': {'type': 'BPE', 'vocab': {'a': 0}, 'merges': ['a']}} | merge 0 is not two tokens but \"a\"",
        "{'model': {'type': 'BPE', 'vocab': {'a': 0}, 'merges': [], 'dropout': 0.1}} | dropout 0.1",
        "{'model': {'type': 'WordLevel', 'vocab': {'a': 2000000000}, 'unk_token': 'a'}} | id 2000000000 with only 1",
        "{'model': {'type': 'WordLevel', 'vocab': {'a': -1}}} | the id of \"a\" is -1",
        "{'model': {'type': 'Unigram', 'vocab': [['a', 0]], 'unk_id': 1}} | unk_id 1 is outside",
        "{'normalizer': {'type': 'Rot13'}} | tokenizer.json.normalizer: type \"Rot13\" is not known",
        "{'normalizer': {'type': 'Replace', 'pattern': {'Regex': '('}, 'content': ''}} | regular expression \"(\"",
        "{'normalizer': {'type': 'Precompiled', 'precompiled_charsmap': 'AAAA'}} | its trie is"})
    void damageIsNamed(String content, String message) throws IOException {
        var file = write("tokenizer.json", content.replace('\'', '"'));
        assertThatThrownBy(() -> Tokenizers.load(folder)).isInstanceOf(TokenizerFormatException.class)
                .hasMessageStartingWith(file + ": ").hasMessageContaining(message);
    }

    @Test
    void whatIsNotThereIsNamed() {
        assertThatThrownBy(() -> Tokenizers.load(folder)).isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining("no tokenizer: none of tokenizer.json");
        assertThatThrownBy(() -> Tokenizers.load(folder.resolve("x"))).hasMessageContaining("no such file or folder");
    }

    /// Bytes of a file changed, cut off or repeated: a tokenizer or an error that names the file, nothing else.
    @Test
    void mutatedFilesAreReadOrRefused() throws IOException {
        var random = new Random(7);
        var families = List.of("gpt2", "llama2", "bertuncased", "unigram");
        int refused = 0;
        for (int i = 0; i < 60; i++) {
            var bytes = json(FamiliesTest.family(families.get(i % 4))).toString().getBytes("UTF-8");
            refused += survives("tokenizer.json", mutated(bytes, random));
        }
        assertThat(refused).isBetween(6, 60);
    }

    @Test
    void mutatedModelsOfSentencePieceAreReadOrRefused() throws IOException {
        var bytes = Files.readAllBytes(SharedData.require("w-babyllama105/tok105.model"));
        var random = new Random(8);
        int refused = 0;
        for (int i = 0; i < 1000; i++) {
            refused += survives("a.model", mutated(bytes, random));
        }
        assertThat(refused).isBetween(100, 1000);
    }

    private int survives(String name, byte[] content) throws IOException {
        Files.write(folder.resolve(name), content);
        try {
            Tokenizers.load(folder.resolve(name)).encode("It was the best of times, 1 \ud83d\ude00 \u4eba");
            return 0;
        } catch (TokenizerFormatException e) {
            assertThat(e.getMessage()).contains(name);
            return 1;
        } catch (IllegalArgumentException e) {
            assertThat(e.getMessage()).startsWith("encode: ");      // no token for what is not known
            return 0;
        }
    }

    private static byte[] mutated(byte[] bytes, Random random) {
        var out = bytes.clone();
        for (int k = random.nextInt(1, 4); k > 0; k--) {
            int at = random.nextInt(out.length);
            switch (random.nextInt(3)) {
                case 0 -> out[at] = (byte) random.nextInt(256);
                case 1 -> out = java.util.Arrays.copyOf(out, Math.max(1, at));
                default -> System.arraycopy(bytes, random.nextInt(Math.max(1, bytes.length - 64)), out,
                        Math.min(at, Math.max(0, out.length - 64)), Math.min(64, out.length));
            }
        }
        return out;
    }
}
