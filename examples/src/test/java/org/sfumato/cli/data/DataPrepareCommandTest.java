package org.sfumato.cli.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sfumato.cli.Cli;
import org.sfumato.models.data.PreparedTokens;
import org.sfumato.tokenizers.ByteTokenizer;

/// `sfumato data prepare`, and what is done with what it makes.
class DataPrepareCommandTest {
    @TempDir
    Path temp;

    private Path lines;
    private Path out;

    @BeforeEach
    void write() throws IOException {
        var text = Files.readString(Cli.text(temp, 1500));
        lines = Files.writeString(temp.resolve("lines.jsonl"), text.lines().filter(line -> !line.isBlank())
                .map(line -> "{\"story\": \"" + line + "\"}").collect(Collectors.joining("\n")));
        out = temp.resolve("tokens");
    }

    private Cli prepare(Object... more) {
        var args = new ArrayList<Object>(List.of("data", "prepare", "--tokenizer", "bytes",
                "--out", out, "--field", "story"));
        args.addAll(List.of(more));
        args.add(lines);
        return Cli.run(args.toArray());
    }

    @Test
    void documentsBecomeTokens() throws IOException {
        var json = prepare("--end", "\n", "--shard-tokens", 400, "--json").succeeds().json();
        try (var tokens = PreparedTokens.open(out)) {
            var expected = Files.readString(lines).lines().map(line -> line.substring(11, line.length() - 2))
                    .collect(Collectors.joining("\n", "", "\n"));
            assertThat(new ByteTokenizer().decode(tokens.toArray())).isEqualTo(expected);
            assertThat(json.get("tokens").asLong()).isEqualTo(tokens.size());
            assertThat(json.get("documents").asLong()).isEqualTo(tokens.documents()).isGreaterThan(5);
            assertThat(json.get("files").asInt()).isEqualTo(tokens.index().shards().size()).isGreaterThan(1);
        }
        assertThat(prepare("--end", "\n", "--shard-tokens", 400).succeeds().out()).contains(" tokens of ",
                " documents in ", ": " + out);
        prepare("--end", "\n").fails(1, "was begun with another tokenizer, other files or other settings");
    }

    @Test
    void trainingAndScoringReadTheTokens() throws IOException {
        prepare("--end", "\n").succeeds();
        var run = temp.resolve("run");
        var trained = Cli.run("train", "masked", "--data", out, "--out", run, "--steps", 1, "--batch", 1,
                "--length", 8, "--json").succeeds();
        assertThat(trained.err()).contains(" tokens, 256 ids; ");
        var scored = Cli.run("eval", "--model", run, "--data", out, "--samples", 1, "--json").succeeds().json();
        try (var tokens = PreparedTokens.open(out)) {
            assertThat(scored.get("tokens").asLong()).isEqualTo(tokens.size() - (long) (tokens.size() * .9));
        }
        Files.delete(out.resolve("index.json"));
        Cli.run("eval", "--model", run, "--data", out).fails(1, out + ": is no folder of tokens, or is not finished");
        prepare("--end", "\n").succeeds();
        var characters = temp.resolve("characters");
        Cli.begin(characters, Cli.text(temp, 1000));
        Cli.run("train", "masked", "--data", out, "--out", characters, "--resume", "--steps", 1)
                .fails(1, "was made by another tokenizer, of 256 ids");
    }

    @Test
    void mistakesAreSaid() throws IOException {
        Cli.run("data", "prepare", "--tokenizer", "bytes", "--out", out, lines)
                .fails(1, "line 1: field \"text\" is missing");
        prepare("--end", "<|none|>").fails(1, "--end: \"<|none|>\" is no token of this tokenizer");
        prepare("--shard-tokens", 0).fails(2, "--shard-tokens must be at least 1");
        Cli.run("data", "prepare", "--tokenizer", temp.resolve("none"), "--out", out, lines).fails(1, "none");
        Cli.run("data", "prepare", "--tokenizer", "bytes", "--out", out, temp.resolve("none.txt"))
                .fails(1, "no such file: " + temp.resolve("none.txt"));
        Cli.run("data", "prepare", "--tokenizer", "bytes", "--out", temp.resolve("out"), "--typo", lines)
                .fails(2, "Unknown option: '--typo'");
        Cli.run("data").fails(2, "name what to do: get, prepare");
    }
}
