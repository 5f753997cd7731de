package org.sfumato.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What is wrong is said in one to three lines, and nothing that was saved is lost.
class BadInputTest {
    private static final String TRAIN = "train masked --out OUT --data ";

    @TempDir
    static Path shared;

    @TempDir
    Path temp;

    private static Path text;
    private static Path trained;
    private Path model;

    @BeforeAll
    static void train() throws IOException {
        text = Cli.text(shared, 3000);
        trained = shared.resolve("run");
        Cli.begin(trained, text);
        Cli.run("train", "masked", "--data", text, "--out", trained, "--resume", "--steps", 4, "--save-every", 2)
                .succeeds();
        Files.delete(trained.resolve("checkpoints/best.json"));
    }

    @BeforeEach
    void copy() throws IOException {
        model = temp.resolve("model");
        try (var files = Files.walk(trained)) {
            for (var file : files.toList()) {
                Files.copy(file, model.resolve(trained.relativize(file).toString()));
            }
        }
        Files.createFile(temp.resolve("empty"));
        Files.write(temp.resolve("latin"), new byte[] {'a', 'b', (byte) 0xE9, 'c'});
        Files.writeString(temp.resolve("short"), "too short to fill a window");
        Files.writeString(temp.resolve("one"), "b");
        Files.writeString(temp.resolve("two"), "be");
        Files.writeString(temp.resolve("accents"), "d\u00E9j\u00E0 vu ".repeat(20));
    }

    private Cli run(String line) {
        return Cli.run((Object[]) line.replace("OUT", temp.resolve("out").toString())
                .replace("MODEL", model.toString()).replace("TEXT", text.toString())
                .replace("TEMP", temp.toString()).split(" "));
    }

    @ParameterizedTest
    @CsvSource({
        "TEMP/missing, no file",
        "TEMP/empty, is empty",
        "TEMP/latin, 'is not UTF-8 at byte 2, 0xE9'",
        "TEMP, cannot be read",
        "TEMP/short, 'the text has 23 tokens, fewer than one window of 128'",
        "TEMP/short --length 30, 'fewer than one window of 30'",
        "TEMP/two --length 1, 'n-gram entropy: train has 1 tokens'",
        "TEXT --length 129, 'length 129 in [1, 128]'"})
    void badTextToTrainOn(String options, String message) {
        run(TRAIN + options).fails(1, message);
        assertThat(temp.resolve("out")).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource({"TEMP/missing, no file", "TEMP/empty, is empty", "TEMP/latin, is not UTF-8", "TEMP, cannot be read",
        "TEMP/two, train has 1 tokens", "TEMP/one, leave a part empty",
        "TEMP/accents, character '\\u00E9' (U+00E9) at index 1"})
    void badTextToScore(String file, String message) {
        run("eval --model MODEL --data " + file).fails(1, message);
    }

    @ParameterizedTest
    @CsvSource({
        TRAIN + "TEXT --steps 0, --steps must be at least 1",
        TRAIN + "TEXT --steps -3, --steps must be at least 1",
        TRAIN + "TEXT --minutes 0, --minutes must be above 0",
        TRAIN + "TEXT --minutes -1, --minutes must be above 0",
        TRAIN + "TEXT --minutes NaN, --minutes must be above 0",
        TRAIN + "TEXT --steps 5 --minutes 1, '--steps=N, --minutes=M are mutually exclusive'",
        TRAIN + "TEXT --steps many, Invalid value for option '--steps'",
        TRAIN + "TEXT --batch 0, --batch must be at least 1",
        TRAIN + "TEXT --length 0, --length must be at least 1",
        TRAIN + "TEXT --lr -1, --lr must be above 0",
        TRAIN + "TEXT --lr Infinity, --lr must be above 0",
        TRAIN + "TEXT --eval-every 0, --eval-every must be at least 1",
        TRAIN + "TEXT --save-every -1, --save-every must be at least 1",
        TRAIN + "TEXT --preset huge, 'no preset ''huge'', there are [nanodllm, char-small, char-medium, '",
        TRAIN + "TEXT --threads 0, '--threads must be in [1, 1024], got 0'",
        TRAIN + "TEXT --threads 2000, '--threads must be in [1, 1024], got 2000'",
        TRAIN + "TEXT --threads abc, Invalid value for option '--threads'",
        "train masked --data TEXT, Missing required option: '--out=DIR'",
        "train masked --out OUT, Missing required option",
        "train, name what to train: masked",
        "eval --model MODEL --data TEXT --samples 0, --samples must be at least 1",
        "eval --model MODEL --data TEXT --part half, Invalid value for option '--part'",
        "eval --model MODEL --data TEXT --sample 3, Unknown option: '--sample'",
        "eval --model MODEL, Missing required option",
        "generate, Missing required option: '--model=DIR'",
        "generate --model MODEL --length 0, --length must be at least 1",
        "generate --model MODEL --length -5, --length must be at least 1",
        "generate --model MODEL --steps 0, --steps must be at least 1",
        "generate --model MODEL --block 0, --block must be at least 1",
        "generate --model MODEL --temperature -1, --temperature must be at least 0",
        "generate --model MODEL --temperature NaN, --temperature must be at least 0",
        "generate --model MODEL --guidance -1, --guidance must be at least 0",
        "generate --model MODEL --order upwards, Invalid value for option '--order'",
        "generate --model MODEL --seed x, Invalid value for option '--seed'",
        "generate --model MODEL --prompt a --infill b_, are mutually exclusive",
        "demo --data --mintes 3, Unknown option: '--mintes'",
        "demo --minutes 0, --minutes must be above 0",
        "demo --threads 0, --threads must be in"})
    void aWrongOptionExitsWithTwoBeforeAnyWork(String line, String message) {
        var result = run(line).fails(2, message.strip().replaceAll("^'(?=[^']*$)", ""));
        assertThat(result.err().lines()).last().asString().startsWith("hint: sfumato ").endsWith(" --help");
        assertThat(temp.resolve("out")).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource({"generate --model MODEL --lenght 5, --length",
        "train maskde, train masked", "genrate, generate", "tarin, train"})
    void whatIsMistypedIsGuessed(String line, String guess) {
        assertThat(run(line).fails(2, "Un").err().lines().skip(1)).first().asString().contains(guess);
    }

    @Test
    void aWrongCommandLineIsJsonTooWhereJsonIsAskedFor() {
        var result = run("generate --model MODEL --length 0 --json");
        assertThat(result.code()).isEqualTo(2);
        assertThat(result.json().get("error").asString()).isEqualTo("--length must be at least 1, got 0");
        var failed = run("generate --model TEMP/none --json");
        assertThat(failed.code()).isEqualTo(1);
        assertThat(failed.json().get("error").asString()).startsWith("no model in ");
    }

    @Test
    void unknownCharactersAreNamedWithTheCure() {
        assertThat(Cli.run("generate", "--model", model, "--prompt", "th\u00E9").fails(1, "character '\\u00E9' (U+00E9)"
                + " at index 2 is not in the vocabulary").err()).contains("hint: the model knows the characters of");
        Cli.run("generate", "--model", model, "--infill", "_\uD83D\uDE00").fails(1, "(U+1F600)");
        Cli.run("generate", "--model", model, "--prompt", "\uD83D").fails(1, "(U+D83D)");
    }

    @ParameterizedTest
    @CsvSource({"be, 'infill: no gap in the text', hint: write one _ for each token",
        "to_be_or_not_to_be, 'infill: the text has 18 tokens, the model takes 16', hint: a shorter text"})
    void whatCannotBeFilled(String given, String message, String hint) {
        assertThat(Cli.run("generate", "--model", model, "--infill", given).fails(1, message).err()).contains(hint);
    }

    @Test
    void noGapInNoText() {
        Cli.run("generate", "--model", model, "--infill", "").fails(1, "infill: no gap in the text");
    }

    @ParameterizedTest
    @CsvSource({"TEMP/none, there is no such folder", "TEXT, there is no such folder", "TEMP, it holds no checkpoint"})
    void whatIsNoModel(String folder, String message) {
        run("generate --model " + folder).fails(1, message);
        run("eval --data TEXT --model " + folder).fails(1, message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"weights.safetensors", "optimizer.safetensors", "config.json", "manifest.json",
        "progress.json"})
    void ofADamagedCheckpointTheOneBeforeIsTaken(String name) throws IOException {
        cut(Cli.checkpoint(model, 4).resolve(name));
        var result = run("generate --model MODEL --length 5");
        assertThat(result.code()).isZero();
        assertThat(result.out()).hasSize(5 + System.lineSeparator().length());
        assertThat(result.err().lines()).singleElement().asString().startsWith("sfumato: skipped step-000000004: ");
        Files.writeString(Cli.checkpoint(model, 4).resolve(name), "garbage");
        assertThat(run("generate --model MODEL --length 5").out()).isEqualTo(result.out());
    }

    @Test
    void withoutAWholeCheckpointItIsAnError() throws IOException {
        for (int step : new int[] {0, 2, 4}) {
            cut(Cli.checkpoint(model, step).resolve("weights.safetensors"));
        }
        run("generate --model MODEL").fails(1, "it holds no whole checkpoint");
        run("generate --model MODEL/checkpoints/step-000000004").fails(1, "its size is wrong");
        run("train masked --resume --data TEXT --out MODEL");
        assertThat(Cli.checkpoint(model, 4)).isDirectory();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "\"width\" : 16 | \"width\" : 32 | ",
        "\"layers\" : 1 | \"layers\" : 3 | ",
        "\"query\" : 2 | \"query\" : 3 | key heads must divide the heads",
        "\"layers\" : 1 | \"layers\" : \"one\" | field \"model.layers\" is \"one\"",
        "\"kind\" : \"training\" | \"kind\" : \"image\" | is of kind 'image', not training",
        "\"masked\" | \"melted\" | the objective \"melted\" is unknown",
        "\"mask\" | \"masque\" | \"mas"})
    void aConfigurationThatDoesNotFitTheWeights(String from, String to, String message) throws IOException {
        var config = Cli.checkpoint(model, 4).resolve("config.json");
        var before = Files.readString(config);
        assertThat(before).contains(from);
        Files.writeString(config, before.replace(from, to));
        vouchFor(config);
        run("generate --model MODEL").fails(1, message == null ? "" : message);
        run("eval --model MODEL --data TEXT").fails(1, message == null ? "" : message);
    }

    @Test
    void aFolderThatCannotBeWritten() throws IOException {
        run("train masked --data TEXT --length 16 --batch 2 --steps 1 --out TEMP/two").fails(1, "cannot write in");
        assertThat(temp.resolve("two")).hasContent("be");
        run("train masked --data TEXT --length 16 --batch 2 --steps 1 --out /proc/none").fails(1, "cannot write in");
    }

    @Test
    void aDiskThatIsFull() throws Exception {
        var disk = Files.createDirectory(temp.resolve("disk"));
        var mount = new ProcessBuilder("mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", disk.toString());
        assumeTrue(Files.isExecutable(Path.of("/bin/mount")) && mount.start().waitFor() == 0,
                "skipped: this user cannot mount a small disk");
        try {
            Cli.begin(disk.resolve("run"), text);
            var run = disk.resolve("run");
            var result = Cli.run("train", "masked", "--data", text, "--out", run, "--resume", "--steps", 8,
                    "--save-every", 1).fails(1, "sfumato: checkpoint: cannot ");
            assertThat(result.err()).contains("No space left on device").contains("make room");
            Cli.run("generate", "--model", run, "--length", 5).succeeds();
        } finally {
            assertThat(new ProcessBuilder("umount", disk.toString()).start().waitFor()).isZero();
        }
    }

    private static void cut(Path file) throws IOException {
        try (var opened = new RandomAccessFile(file.toFile(), "rw")) {
            opened.setLength(opened.length() / 2);
        }
    }

    /// Writes the length and the sum of `file` into the manifest beside it.
    private static void vouchFor(Path file) throws IOException {
        var crc = new CRC32C();
        crc.update(Files.readAllBytes(file));
        var manifest = file.resolveSibling("manifest.json");
        var entry = "(\"name\" : \"%s\",\\s*\"bytes\" : )\\d+(,\\s*\"crc32c\" : \")[0-9a-f]{8}"
                .formatted(file.getFileName());
        Files.writeString(manifest, Files.readString(manifest).replaceFirst(entry,
                "$1%d$2%08x".formatted(Files.size(file), crc.getValue())));
    }
}
