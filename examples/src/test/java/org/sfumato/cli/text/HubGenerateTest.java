package org.sfumato.cli.text;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sfumato.cli.Cli;
import org.sfumato.cli.HubFolder;
import org.sfumato.examples.MaskedChat;

/// `sfumato generate` with small random masked networks of the hub, and with samplers by name; `sfumato distill`.
class HubGenerateTest {
    @TempDir
    Path temp;

    private Path hub(String family) throws IOException {
        var folder = HubFolder.make(temp, family);
        folder.configure("mask_token_id", 60);
        return folder.path();
    }

    private static String[] words(Cli run) {
        return run.succeeds().json().get("text").asString().strip().split("\\s+");
    }

    @ParameterizedTest
    @ValueSource(strings = {"bert", "modernbert", "llada", "dream"})
    void maskedModelsWriteAndFill(String family) throws IOException {
        var model = hub(family);
        var written = words(Cli.run("generate", "--model", model, "--prompt", "w5 w6 ", "--length", 6, "--order",
                "confidence", "--temperature", 0, "--json"));
        assertThat(Arrays.copyOf(written, 2)).containsExactly("w5", "w6");
        assertThat(written).hasSizeLessThanOrEqualTo(8).doesNotContain("w60");
        var filled = words(Cli.run("generate", "--model", model, "--infill", "w5 _ w7 _ _", "--threshold", ".5",
                "--json"));
        assertThat(filled).hasSize(5).doesNotContain("w60").startsWith("w5");
        assertThat(filled[2]).isEqualTo("w7");
    }

    @Test
    void whatDoesNotGoTogetherIsRefused() throws IOException {
        Cli.run("generate", "--model", hub("dream"), "--cache", "dual", "--block", 4, "--length", 8)
                .fails(1, "outputs are shifted");
        Cli.run("generate", "--model", HubFolder.make(temp, "bert").path(), "--length", 4)
                .fails(1, "is no masked one: it has no mask token");
        Cli.run("generate", "--model", hub("gpt2"), "--length", 4).fails(1, "writes from left to right");
    }

    @Test
    void anAnswerIsDrawnLineUponLine() throws IOException {
        var drawn = new ByteArrayOutputStream();
        var answer = MaskedChat.answer(hub("modernbert"), "w5 w6", 4, 0, new PrintStream(drawn, true, UTF_8));
        assertThat(answer.strip().split("\\s+")).hasSize(4).doesNotContain("w60");
        var lines = drawn.toString(UTF_8).split("\r\033\\[K");
        assertThat(lines).hasSize(4 + 1);                               // nothing before the first
        assertThat(lines[1]).contains("w5 w6", "[MASK] [MASK]").doesNotContain("\n");
        assertThat(lines[4]).doesNotContain("[MASK]");
    }

    @Test
    void samplersByName() throws IOException {
        var text = Cli.text(temp, 3000);
        for (var kind : new String[] {"masked", "uniform"}) {
            Cli.run("train", kind, "--data", text, "--out", temp.resolve(kind), "--steps", 2, "--batch", 2, "--width",
                    16, "--layers", 1, "--heads", 2, "--context", 16, "--length", 16).succeeds();
        }
        for (var sampler : new String[] {"first-hitting", "editing:0.9:0.5:4"}) {
            var made = Cli.run("generate", "--model", temp.resolve("masked"), "--length", 12, "--sampler", sampler)
                    .succeeds();
            assertThat(made.out().strip()).hasSizeBetween(1, 12);
            Cli.run("generate", "--model", temp.resolve("uniform"), "--length", 12, "--sampler", sampler)
                    .fails(1, "is for masked models");
        }
        var trace = temp.resolve("gibbs.trace");
        Cli.run("generate", "--model", temp.resolve("uniform"), "--length", 12, "--sampler", "gibbs:2:3", "--steps", 4,
                "--trace", trace).succeeds();
        assertThat(Files.size(trace)).isPositive();
        Cli.run("generate", "--model", temp.resolve("masked"), "--length", 12, "--sampler", "gibbs:1:1")
                .fails(1, "uniform, duo and mixture");
        Cli.run("generate", "--model", temp.resolve("masked"), "--sampler", "gibbs:0:1").fails(2, "Invalid value");
        Cli.run("generate", "--model", temp.resolve("masked"), "--sampler", "first-hitting", "--threshold", ".9")
                .fails(1, "--sampler has its own order");
    }

    @Test
    void aStudentIsDistilledRoundAfterRound() throws IOException {
        var text = Cli.text(temp, 3000);
        Cli.run("train", "duo", "--data", text, "--out", temp.resolve("duo"), "--steps", 2, "--batch", 2, "--width", 16,
                "--layers", 1, "--heads", 2, "--context", 16, "--length", 16).succeeds();
        var args = new Object[] {"distill", "--model", temp.resolve("duo"), "--data", text, "--steps", 2, "--precision",
            "bf16", "--out"};
        run(args, temp.resolve("whole"), "--rounds", 2).succeeds();
        run(args, temp.resolve("parts"), "--rounds", 1).succeeds();
        run(args, temp.resolve("parts"), "--rounds", 2).fails(1, "there is a training");
        run(args, temp.resolve("parts"), "--rounds", 2, "--resume").succeeds();
        assertThat(Cli.checkpoint(temp.resolve("parts"), 4)).isDirectory();
        assertThat(Cli.run("generate", "--model", temp.resolve("parts"), "--length", 8, "--steps", 2, "--greedy-tail")
                .succeeds().out().strip()).hasSizeBetween(1, 8);
        Cli.run("distill", "--model", temp.resolve("duo"), "--data", text, "--out", temp.resolve("none"), "--resume")
                .fails(1, "nothing to resume");
    }

    private static Cli run(Object[] args, Path out, Object... more) {
        var all = Arrays.copyOf(args, args.length + 1 + more.length);
        all[args.length] = out;
        System.arraycopy(more, 0, all, args.length + 1, more.length);
        return Cli.run(all);
    }
}
