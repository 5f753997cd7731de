package org.sfumato.cli.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sfumato.cli.Cli;
import org.sfumato.cli.HubFolder;
import org.sfumato.cli.shared.Scoped;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.io.Safetensors;
import tools.jackson.databind.JsonNode;

/// `sfumato complete`, `fill` and `perplexity` against what transformers computes with the same networks.
class LanguageModelCommandsTest {
    @TempDir
    static Path temp;

    private static JsonNode golden;
    private static HubFolder gpt2;
    private static HubFolder bert;

    @BeforeAll
    static void make() throws IOException {
        golden = HubFolder.golden();
        gpt2 = HubFolder.make(temp, "gpt2");
        bert = HubFolder.make(temp, "bert");
        bert.configure("mask_token_id", 60);
    }

    private static String prompt(int i) {
        return HubFolder.words(golden.get("gpt2").get("prompts").get(i));
    }

    private static String expected(String kind, int i) {
        return HubFolder.words(golden.get("gpt2").get(kind).get(i));
    }

    @Test
    void completionsAreThoseOfTheOriginal() {
        var one = Cli.run("complete", "--model", gpt2.path(), "--prompt", prompt(0), "--tokens", 14).succeeds();
        assertThat(one.out()).isEqualTo(prompt(0) + " " + expected("greedy", 0) + System.lineSeparator());
        assertThat(one.err()).isEmpty();
        var several = Cli.run("complete", "--model", gpt2.path(), "--prompt", prompt(0), "--prompt", prompt(1),
                "--prompt", prompt(2), "--tokens", 14).succeeds();
        assertThat(several.out().lines()).containsExactly(prompt(0) + " " + expected("greedy", 0),
                prompt(1) + " " + expected("greedy", 1), prompt(2) + " " + expected("greedy", 2));
        var penalty = Cli.run("complete", "--model", gpt2.path(), "--prompt", prompt(0), "--tokens", 14,
                "--repetition-penalty", 1.3).succeeds();
        assertThat(penalty.out()).endsWith(" " + expected("penalty", 0) + System.lineSeparator());
    }

    @Test
    void beamsAreThoseOfTheOriginal() {
        var search = golden.get("gpt2").get("beams").get(0);
        var result = Cli.run("complete", "--model", gpt2.path(), "--prompt", prompt(0), "--prompt", prompt(1),
                "--tokens", 14, "--beams", 5, "--json").succeeds();
        var texts = result.json().get("texts");
        assertThat(texts.get(0).get("text").stringValue()).isEqualTo(" " + HubFolder.words(search.get("texts").get(0)));
        assertThat(texts.get(1).get("ids")).isEqualTo(search.get("texts").get(5));
        assertThat(result.json().get("tokens").intValue()).isEqualTo(28);
    }

    @Test
    void theEndOfTheModelEndsTheText() throws IOException {
        var folder = HubFolder.make(temp.resolve("ends"), "gpt2");
        folder.configure("eos_token_id", 17);                           // the generation's own settings count
        Files.writeString(folder.path().resolve("generation_config.json"),
                "{\"eos_token_id\": [60, 47]}");
        var result = Cli.run("complete", "--model", folder.path(), "--prompt", prompt(0), "--stats").succeeds();
        assertThat(expected("greedy", 0)).startsWith("w17 w17 w17 w17 w17 w17 w17 w17 w47 ");
        assertThat(result.out()).isEqualTo(prompt(0) + " w17".repeat(8) + System.lineSeparator());
        assertThat(result.err().lines()).hasSize(2).first().asString().startsWith("read 9 tokens, ");
    }

    /// The form is that of Llama 2, which the folder names.
    @Test
    void aQuestionIsAskedInTheFormOfTheModel() throws IOException {
        var folder = HubFolder.make(temp.resolve("chat"), "llama");
        Files.writeString(folder.path().resolve("tokenizer_config.json"), """
                {"bos_token": "<s>", "chat_template": "{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}"}""");
        var form = "<s>[INST] w5 w9 [/INST]";
        var plain = Cli.run("complete", "--model", folder.path(), "--prompt", form, "--tokens", 6).succeeds();
        var asked = Cli.run("complete", "--model", folder.path(), "--prompt", "w5 w9", "--chat", "--tokens", 6)
                .succeeds();
        assertThat(asked.out().strip()).startsWith("w");
        assertThat(plain.out()).isEqualTo(form + asked.out());
    }

    @Test
    void samplesComeAgainWithTheirSeed() throws IOException {
        var folder = HubFolder.make(temp.resolve("endless"), "gpt2");
        folder.configure("eos_token_id", 1000);
        var words = new Object[] {"complete", "--model", folder.path(), "--prompt", prompt(1), "--temperature", 2,
            "--top-k", 40, "--top-p", .9, "--seed", 5};
        var once = Cli.run(words).succeeds();
        assertThat(Cli.run(words).out()).isEqualTo(once.out());
        words[words.length - 1] = 6;
        assertThat(Cli.run(words).out()).isNotEqualTo(once.out());
        assertThat(once.out().split(" ")).hasSize(32);                  // as many as there is room for
    }

    /// Logits by transformers for the ids in expected.safetensors: one of them is declared to be the mask.
    @Test
    void masksAreFilledAsTheOriginalFillsThem() throws IOException {
        masksAreFilled("bert/expected.safetensors");
    }

    /// And by PEFT, of a network with an adapter (make_peft.py).
    @Test
    void withAnAdapterTooMasksAreFilledAsTheOriginalFillsThem() throws IOException {
        masksAreFilled("adapters/bert-all/expected.safetensors", "--adapter",
                HubFolder.FIXTURES.resolve("adapters/bert-all"));
    }

    @Test
    void anAdapterOfAnotherModelIsRefused() {
        var other = HubFolder.FIXTURES.resolve("adapters/llama-all");
        Cli.run("complete", "--model", gpt2.path(), "--prompt", prompt(0), "--adapter", other)
                .fails(1, "no linear layer is called \"down_proj\"");
        Cli.run("complete", "--model", gpt2.path(), "--prompt", prompt(0), "--adapter", temp)
                .fails(1, "adapter_config.json");
    }

    private static void masksAreFilled(String expected, Object... adapter) throws IOException {
        try (var scope = Scope.open("test")) {
            var tensors = new HashMap<>(Scoped.call(scope,
                    () -> Safetensors.read(HubFolder.FIXTURES.resolve("bert/expected.safetensors"))));
            tensors.putAll(Scoped.call(scope, () -> Safetensors.read(HubFolder.FIXTURES.resolve(expected))));
            var ids = Arrays.stream(tensors.get("ids").toLongs()).limit(tensors.get("ids").size(1)).toArray();
            int place = 4;
            var folder = HubFolder.make(temp.resolve("fill" + adapter.length), "bert");
            folder.configure("mask_token_id", (int) ids[place]);
            var text = new StringBuilder();
            for (long id : ids) {
                text.append(id == ids[place] ? "[MASK] " : "w" + id + " ");
            }
            int vocabulary = (int) tensors.get("logits").size(2);
            var logits = Arrays.copyOfRange(tensors.get("logits").toDoubles(), place * vocabulary,
                    (place + 1) * vocabulary);
            double sum = Arrays.stream(logits).map(Math::exp).sum();
            var order = IntStream.range(0, vocabulary).boxed()
                    .sorted(Comparator.comparingDouble(v -> -logits[v])).toList();

            var words = new ArrayList<Object>(List.of("fill", "--model", folder.path(), text.toString().strip()));
            words.addAll(List.of(adapter));
            var shown = Cli.run(words.toArray()).succeeds();
            assertThat(shown.out()).contains("  w" + order.getFirst());
            words.addAll(List.of("--top", 3, "--json"));
            var result = Cli.run(words.toArray()).succeeds();
            int mask = (int) Arrays.stream(ids).limit(place).filter(id -> id == ids[place]).count();
            var candidates = result.json().get("masks").get(mask);
            assertThat(candidates).hasSize(3);
            for (int i = 0; i < 3; i++) {
                assertThat(candidates.get(i).get("id").intValue()).isEqualTo(order.get(i));
                assertThat(candidates.get(i).get("token").stringValue()).isEqualTo("w" + order.get(i));
                assertThat(candidates.get(i).get("probability").doubleValue())
                        .isCloseTo(Math.exp(logits[order.get(i)]) / sum, within(1e-6));
            }
        }
    }

    /// Eight bits are close to thirty-two, and not the same.
    @Test
    void weightsOfFewerBitsAreClose() throws IOException {
        var file = Files.writeString(temp.resolve("short.txt"), HubFolder.words(golden.get("scored")));
        var words = new Object[] {"perplexity", "--model", gpt2.path(), "--data", file, "--json"};
        var more = Arrays.copyOf(words, words.length + 2);
        more[words.length] = "--weights";
        more[words.length + 1] = "q8";
        double all = Cli.run(words).succeeds().json().get("natsPerToken").doubleValue();
        double few = Cli.run(more).succeeds().json().get("natsPerToken").doubleValue();
        assertThat(few).isNotEqualTo(all).isCloseTo(all, within(.05));
    }

    @Test
    void perplexityIsThatOfTheOriginal() throws IOException {
        var file = Files.writeString(temp.resolve("scored.txt"), HubFolder.words(golden.get("scored")));
        for (var expected : golden.get("gpt2").get("perplexity").values()) {
            if (expected.get("count").intValue() == 100) {
                var json = Cli.run("perplexity", "--model", gpt2.path(), "--data", file, "--window",
                        expected.get("window"), "--stride", expected.get("stride"), "--json").succeeds().json();
                double nats = expected.get("nats").doubleValue();
                assertThat(json.get("natsPerToken").doubleValue()).isCloseTo(nats, within(1e-5));
                assertThat(json.get("perplexity").doubleValue()).isCloseTo(Math.exp(nats), within(1e-3));
                long bytes = Files.size(file) - ("w" + golden.get("scored").get(0)).length();
                assertThat(json.get("natsPerByte").doubleValue()).isCloseTo(nats * 99 / bytes, within(1e-5));
                assertThat(json.get("characters").longValue()).isEqualTo(bytes);
            }
        }
        assertThat(Cli.run("perplexity", "--model", gpt2.path(), "--data", file).succeeds().out())
                .startsWith("perplexity  ").contains(" over 99 tokens");
    }

    @Test
    void aTrainedNextTokenModelWritesToo() throws IOException {
        var text = Cli.text(temp, 3000);
        var out = temp.resolve("run");
        Cli.run("train", "ar", "--data", text, "--out", out, "--steps", 2, "--batch", 2, "--length", 16)
                .succeeds();
        var result = Cli.run("complete", "--model", out, "--prompt", "to be", "--tokens", 10).succeeds();
        assertThat(result.out()).startsWith("to be").hasSize(15 + System.lineSeparator().length());
        assertThat(Cli.run("perplexity", "--model", out, "--data", text, "--json").succeeds().json().get("tokens")
                .intValue()).isEqualTo(3000);
    }

    @ParameterizedTest
    @CsvSource({"complete --model TEMP/none, 1, there is no such file or folder",
        "complete --model GPT2 --prompt w3 --tokens 40, 1, 'a prompt of 1 tokens and 40 new ones are more than'",
        "complete --model GPT2 --prompt w3 --chat, 1, has no chat_template",
        "complete --model GPT2 --prompt w3 --beams 50, 1, the vocabulary has 61",
        "complete --model BERT --prompt w3, 1, the network is not causal",
        "complete --model GPT2/model.safetensors --prompt w3, 1, has no tokenizer in it",
        "complete --model GPT2 --top-p 1.5, 2, --top-p must be at most 1",
        "complete --model GPT2 --beams 2 --temperature 1, 2, --beams takes the likeliest texts",
        "complete --model GPT2 --tokens 0, 2, --tokens must be at least 1",
        "fill --model GPT2 [MASK], 1, sees nothing after a mask",
        "fill --model BERT w3, 1, there is no [MASK] in the text",
        "fill --model BERT w4[MASK], 1, of the masks in the text the tokenizer finds 0",
        "perplexity --model BERT --data TEMP/one, 1, the network is not causal",
        "perplexity --model GPT2 --data TEMP/one, 1, two are needed",
        "perplexity --model GPT2 --data TEMP/one --window 33, 1, stride <= window <= 32",
        "perplexity --model GPT2 --data TEMP/none, 1, no file"})
    void whatIsWrongIsSaid(String line, int code, String message) throws IOException {
        Files.writeString(temp.resolve("one"), "w3");
        Cli.run((Object[]) line.replace("TEMP", temp.toString()).replace("GPT2", gpt2.path().toString())
                .replace("BERT", bert.path().toString()).split(" ")).fails(code, message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"tokenizer.json", "config.json", "model.safetensors"})
    void aMissingFileIsNamed(String name) throws IOException {
        var folder = HubFolder.make(temp.resolve("without-" + name), "gpt2");
        Files.delete(folder.path().resolve(name));
        var result = Cli.run("complete", "--model", folder.path(), "--prompt", "w3").fails(1, "");
        assertThat(result.err()).contains(folder.path().toString());
        assertThat(result.err()).contains(name.equals("tokenizer.json")
                ? "no tokenizer: none of tokenizer.json" : "no ");
    }
}
