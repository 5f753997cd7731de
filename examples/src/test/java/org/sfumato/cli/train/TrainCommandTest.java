package org.sfumato.cli.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sfumato.cli.Cli;
import org.sfumato.cli.shared.Scoped;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.io.Safetensors;

/// `sfumato train masked` inside this process.
class TrainCommandTest {
    @TempDir
    Path temp;

    private Path text;
    private Path out;

    @BeforeEach
    void write() throws IOException {
        text = Cli.text(temp, 3000);
        out = temp.resolve("run");
    }

    private Cli resume(Path folder, int steps) {
        return Cli.run("train", "masked", "--data", text, "--out", folder, "--resume", "--steps", steps,
                "--save-every", 2).succeeds();
    }

    @Test
    void aPresetTrainsFromNothing() {
        var result = Cli.run("train", "masked", "--data", text, "--out", out, "--preset", "char-small", "--steps", 2,
                "--batch", 2, "--length", 16, "--lr", "1e-3", "--seed", 3, "--json").succeeds();
        assertThat(result.out().lines()).hasSize(1);
        var json = result.json();
        assertThat(json.propertyNames()).containsExactly("steps", "seconds", "trainLoss", "nelbo", "stderr", "unit",
                "unigram", "bigram", "tokens", "interrupted", "model");
        assertThat(json.get("steps").asInt()).isEqualTo(2);
        assertThat(json.get("tokens").asInt()).isEqualTo(300);
        assertThat(json.get("interrupted").asBoolean()).isFalse();
        assertThat(json.get("model").asString()).isEqualTo(out.toString());
        assertThat(Cli.checkpoint(out, 2)).isDirectoryContaining("glob:**/weights.safetensors")
                .isDirectoryContaining("glob:**/optimizer.safetensors")
                .isDirectoryContaining("glob:**/config.json");
    }

    @ParameterizedTest
    @ValueSource(strings = {"uniform", "duo", "mixture", "ar", "block"})
    void otherKindsTrainAndAreScored(String kind) {
        Cli.run("train", kind, "--data", text, "--out", out, "--steps", 2, "--batch", 2, "--length", 16, "--layers", 1)
                .succeeds();
        var score = Cli.run("eval", "--model", out, "--data", text, "--json").succeeds().json();
        assertThat(score.get("nelbo").asDouble()).isBetween(1.0, 6.0);
        assertThat(score.get("stderr").asDouble()).matches(error -> kind.equals("ar") ? error == 0 : error > 0);
        Cli.run("train", "masked", "--data", text, "--out", out, "--resume", "--steps", 4)
                .fails(1, "is of another kind");
        var options = new Object[] {"generate", "--model", out, "--prompt", "to be", "--length", 30, "--steps", 20};
        var written = Cli.run(options).succeeds().out();
        assertThat(written).startsWith("to be").hasSize(35 + System.lineSeparator().length());
        assertThat(Cli.run(options).out()).isEqualTo(written);
        var filled = Cli.run("generate", "--model", out, "--infill", "to _e or n__ be");
        if (kind.equals("ar")) {
            filled.fails(1, "cannot fill a gap");
        } else {
            assertThat(filled.succeeds().out()).matches("(?s)to .e or n.. be\\s+");
        }
    }

    @Test
    void aCurriculumIsTakenUpAgain() {
        Object[] options = {"train", "duo", "--data", text, "--out", out, "--batch", 2, "--length", 16, "--layers", 1,
            "--steps"};
        Cli.run(with(options, 2, "--curriculum", "0.6")).succeeds();
        Cli.run(with(options, 4, "--curriculum", "0.6", "--resume")).succeeds();
        assertThat(Cli.run("generate", "--model", out, "--prompt", "to be", "--length", 9, "--kappa", ".5").succeeds()
                .out()).startsWith("to be");
        Cli.run("generate", "--model", out, "--kappa", "2").fails(1, "kappa 2.0 is outside [0, 1]");
        Cli.run(with(options, 5, "--resume")).fails(1, "is of another kind");
        Cli.run("train", "duo", "--data", text, "--out", temp.resolve("other"), "--curriculum", "1.5")
                .fails(1, "the curriculum's share 1.5 in [0, 1]");
    }

    private static Object[] with(Object[] options, Object... more) {
        return Stream.concat(Stream.of(options), Stream.of(more)).toArray();
    }

    @Test
    void onlyTheResultGoesToStandardOutputAndProgressIsPlainLines() throws IOException {
        Cli.begin(out, text);
        var result = resume(out, 4);
        assertThat(result.out().lines()).map(line -> line.split(" ")[0])
                .containsExactly("done", "NELBO", "bigram", "unigram", "uniform", "model:");
        assertThat(result.err()).doesNotContain("\r", "\033");
        assertThat(result.err().lines()).first().asString().startsWith("3,000 characters, ");
        assertThat(result.err().lines()).last().asString().startsWith("train 100%  4/4 steps");
    }

    @Test
    void aRunThatIsTakenUpAgainEndsInTheSameBits() throws IOException {
        var other = temp.resolve("other");
        Cli.begin(out, text);
        copy(Cli.checkpoint(out, 0), Cli.checkpoint(other, 0));
        resume(out, 10);
        copy(Cli.checkpoint(out, 6), Cli.checkpoint(other, 6));
        assertThat(Cli.run("train", "masked", "--data", text, "--out", other, "--resume").succeeds().out())
                .startsWith("done after 10 steps");
        Cli.requireSame(out, other, 10);
    }

    @Test
    void anotherSeedGivesOtherWeights() {
        for (int seed : new int[] {1, 2}) {
            Cli.run("train", "masked", "--data", text, "--out", temp.resolve("run" + seed), "--steps", 1, "--batch", 1,
                    "--length", 8, "--seed", seed).succeeds();
        }
        assertThat(Cli.checkpoint(temp.resolve("run1"), 1).resolve("weights.safetensors")).isRegularFile()
                .satisfies(file -> assertThat(Files.mismatch(file, Cli.checkpoint(temp.resolve("run2"), 1)
                        .resolve("weights.safetensors"))).isNotNegative());
    }

    @Test
    void checkpointsAreKeptAndForgotten() throws IOException {
        Cli.begin(out, text);
        resume(out, 12);
        try (var folders = Files.list(out.resolve("checkpoints"))) {
            assertThat(folders.map(f -> f.getFileName().toString()).filter(f -> f.startsWith("step-")))
                    .hasSizeBetween(3, 4).contains("step-000000012", "step-000000010", "step-000000008");
        }
    }

    @Test
    void aFinishedRunCanBeLengthened() throws IOException {
        Cli.begin(out, text);
        resume(out, 2);
        var again = Cli.run("train", "masked", "--data", text, "--out", out, "--resume", "--json").succeeds().json();
        assertThat(again.get("steps").asInt()).isEqualTo(2);
        assertThat(again.get("trainLoss").isNull()).isTrue();
        assertThat(resume(out, 4).out()).startsWith("done after 4 steps");
    }

    @Test
    void aRunInMinutesLearnsItsLengthAndCanBeLengthened() throws IOException {
        Cli.begin(out, text);
        var first = Cli.run("train", "masked", "--data", text, "--out", out, "--resume", "--minutes", "0.01", "--json")
                .succeeds().json().get("steps").asInt();
        assertThat(first).isPositive();
        var more = Cli.run("train", "masked", "--data", text, "--out", out, "--resume", "--minutes", "0.03", "--json")
                .succeeds().json().get("steps").asInt();
        assertThat(more).isGreaterThan(first);
    }

    @Test
    void aSecondTrainingDoesNotReplaceTheFirst() throws IOException {
        Cli.begin(out, text);
        Cli.run("train", "masked", "--data", text, "--out", out, "--steps", 1)
                .fails(1, "there is a training in " + out);
        assertThat(Cli.checkpoint(out, 0)).isDirectory();
    }

    @Test
    void resumingRefusesAnotherRecipe() throws IOException {
        Cli.begin(out, text);
        for (var option : new String[] {"--batch=4", "--length=8", "--lr=1", "--seed=8", "--precision=bf16",
            "--preset=char-base"}) {
            Cli.run("train", "masked", "--data", text, "--out", out, "--resume", "--steps", 2, option)
                    .fails(1, option.split("=")[0] + " is not that of the training in " + out);
        }
        Cli.run("train", "masked", "--data", text, "--out", out, "--resume", "--steps", 1, "--batch", 2, "--seed", 7)
                .succeeds();
    }

    @Test
    void aTrainingInMixedPrecisionGoesOnInIt() throws IOException {
        var line = new Object[] {"train", "masked", "--data", text, "--out", out, "--batch", 2, "--length", 16,
            "--width", 16, "--layers", 1, "--heads", 1, "--context", 16, "--precision", "fp16", "--steps", 2};
        Cli.run(line).succeeds();
        resume(out, 4);
        assertThat(Cli.checkpoint(out, 4).resolve("config.json")).content().contains("\"precision\" : \"FP16\"");
        try (var scope = Scope.open("test")) {
            var state = Scoped.call(scope, () -> Safetensors.read(Cli.checkpoint(out, 4)
                    .resolve("optimizer.safetensors")));
            assertThat(state.get("loss.scale").item()).isEqualTo(65536);
            assertThat(state.get("loss.streak").item()).isEqualTo(4);
        }
    }

    @Test
    void resumingWhereNothingIsMakesNothing() {
        Cli.run("train", "masked", "--data", text, "--out", out, "--resume").fails(1, "nothing to resume in " + out);
        assertThat(out).doesNotExist();
    }

    @Test
    void aDamagedCheckpointIsPassedOverWithAWarning() throws IOException {
        Cli.begin(out, text);
        resume(out, 4);
        var weights = Cli.checkpoint(out, 4).resolve("weights.safetensors");
        Files.write(weights, IntStream.range(0, 100).mapToObj(i -> "" + i).toList());
        var result = Cli.run("train", "masked", "--data", text, "--out", out, "--resume", "--steps", 4);
        assertThat(result.err()).contains("sfumato: skipped step-000000004: ");
        assertThat(result.out()).startsWith("done after 4 steps");
        assertThat(result.code()).isZero();
        assertThat(Files.size(weights)).isGreaterThan(1000);
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        try (Stream<Path> files = Files.list(from)) {
            for (var file : files.toList()) {
                Files.copy(file, to.resolve(file.getFileName()));
            }
        }
    }
}
