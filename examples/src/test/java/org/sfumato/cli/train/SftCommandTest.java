package org.sfumato.cli.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sfumato.cli.Cli;
import org.sfumato.cli.HubFolder;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// `sfumato sft` with a small random LLaDA.
class SftCommandTest {
    private static final String TURN = "{{'<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' + "
            + "message['content'] | trim + '<|eot_id|>'}}";

    @TempDir
    static Path temp;

    private static Path model;
    private static Path data;
    private static JsonNode before;

    @BeforeAll
    static void make() throws IOException {
        var folder = HubFolder.make(temp, "llada");
        folder.configure("mask_token_id", 60);
        folder.configure("eos_token_id", 59);
        model = folder.path();
        var config = JsonMapper.shared().createObjectNode().put("bos_token", "<|startoftext|>")
                .put("chat_template", TURN);
        Files.writeString(model.resolve("tokenizer_config.json"), config.toString());
        data = Files.write(temp.resolve("chats.jsonl"), Collections.nCopies(3, "{\"messages\": [{\"role\": \"user\", "
                + "\"content\": \" w5 w6 \"}, {\"role\": \"assistant\", \"content\": \"w7 w8 w9\"}]}"));
        before = Cli.run("fill", "--model", model, "w5 [MASK]", "--json").succeeds().json();
    }

    @ParameterizedTest
    @ValueSource(strings = {"variable", "static", "fixed"})
    void anAdapterIsTrainedAndReadAgain(String masks) {
        var out = temp.resolve(masks);
        var result = Cli.run("sft", "--model", model, "--data", data, "--out", out, "--steps", 3, "--masks", masks,
                "--json").succeeds();
        assertThat(result.json().get("conversations").intValue()).isEqualTo(3);
        assertThat(result.json().get("loss").asDouble()).isBetween(.1, 20.0);
        var after = Cli.run("fill", "--model", model, "--adapter", out, "w5 [MASK]", "--json").succeeds().json();
        assertThat(after).isNotEqualTo(before);
    }

    @Test
    void aTrainingThatGoesOnEndsInTheSameBits() throws IOException {
        var whole = temp.resolve("whole");
        var parts = temp.resolve("parts");
        var args = new Object[] {"sft", "--model", model, "--data", data, "--steps", 4, "--save-every", 2,
            "--precision", "fp16", "--out"};
        sft(args, whole).succeeds();
        sft(args, parts, "--resume").fails(1, "nothing to resume");
        sft(args, parts).succeeds();
        try (var files = Files.walk(parts.resolve("checkpoints/step-000000004"))) {             // as if killed at 2
            files.sorted(Comparator.reverseOrder()).forEach(file -> assertThat(file.toFile().delete()).isTrue());
        }
        Files.delete(parts.resolve("adapter_model.safetensors"));
        sft(args, parts).fails(1, "there is a training");
        sft(args, parts, "--resume", "--rank", 4).fails(1, "other settings");
        sft(args, parts, "--resume").succeeds();
        assertThat(parts.resolve("adapter_model.safetensors"))
                .hasSameBinaryContentAs(whole.resolve("adapter_model.safetensors"));
    }

    private static Cli sft(Object[] args, Path out, Object... more) {
        var all = Arrays.copyOf(args, args.length + 1 + more.length);
        all[args.length] = out;
        System.arraycopy(more, 0, all, args.length + 1, more.length);
        return Cli.run(all);
    }

    @Test
    void whatIsWrongIsNamed() throws IOException {
        var gpt2 = HubFolder.make(temp, "gpt2").path();
        Cli.run("sft", "--model", gpt2, "--data", data, "--out", temp.resolve("a")).fails(1, "is no masked one");
        Cli.run("sft", "--model", model, "--data", data, "--out", temp.resolve("a"), "--length", 3)
                .fails(1, "has no answer of at most 3 tokens");
        Cli.run("sft", "--model", model, "--data", data, "--out", temp.resolve("a"), "--steps", 0)
                .fails(2, "--steps must be at least 1");
        assertThat(temp.resolve("a")).doesNotExist();
    }
}
