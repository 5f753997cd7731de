package org.sfumato.cli.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sfumato.cli.Cli;

/// `sfumato generate` and `sfumato eval` with a network whose canvas has 16 places.
class GenerateCommandTest {
    @TempDir
    static Path temp;

    private static Path text;
    private static Path model;

    @BeforeAll
    static void train() throws IOException {
        text = Cli.text(temp, 3000);
        model = temp.resolve("run");
        Cli.begin(model, text);
        Cli.run("train", "masked", "--data", text, "--out", model, "--resume", "--steps", 6).succeeds();
    }

    private static String generate(String options) {
        var result = Cli.run((Object[]) ("generate --model " + model + " " + options).split(" ")).succeeds();
        assertThat(result.err()).isEmpty();
        return result.out();
    }

    @ParameterizedTest
    @ValueSource(strings = {"--length 10", "--length 10 --steps 3", "--length 10 --steps 5 --block 2",
        "--length 10 --order confidence", "--length 10 --order RANDOM --temperature 0", "--length 10 --guidance 1.5",
        "--length 10 --steps 1000 --block 1000", "--length 10 --remask cap:0.04",
        "--length 10 --remask loop --steps 30",
        "--length 10 --remask confidence --steps 5 --guidance 1",
        "--length 10 --regex [a-z\\s]+", "--length 10 --seed -9 --threads 2"})
    void everyOptionWritesTheLengthAskedForAndTheSameEachTime(String options) {
        var written = generate("--prompt to " + options);
        assertThat(written.strip()).startsWith("to").doesNotContain("_");
        assertThat(written.codePoints().count()).isEqualTo(2 + 10 + System.lineSeparator().length());
        assertThat(generate("--prompt to " + options)).isEqualTo(written);
    }

    @Test
    void anotherSeedWritesAnotherText() {
        assertThat(generate("--length 40 --seed 1")).isNotEqualTo(generate("--length 40 --seed 2"));
    }

    @Test
    void noGuidanceIsGuidanceOfZero() {
        assertThat(generate("--prompt to --length 12 --guidance 0")).isEqualTo(generate("--prompt to --length 12"));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 16, 17, 23, 24, 25, 100})
    void whatIsLongerThanTheCanvasIsWrittenInPieces(int length) {
        assertThat(generate("--steps 30 --length " + length)).hasSize(length + System.lineSeparator().length());
        var prompt = "that is the question whether";
        var result = Cli.run("generate", "--model", model, "--prompt", prompt, "--length", length).succeeds();
        assertThat(result.out()).startsWith(prompt).hasSize(prompt.length() + length + System.lineSeparator().length());
    }

    @Test
    void infillingKeepsWhatIsGiven() {
        var result = Cli.run("generate", "--model", model, "--infill", "to _e or n__ be").succeeds();
        assertThat(result.out().stripTrailing()).matches("to [^_]e or n[^_]{2} be");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "--order confidence --steps 3", "--threshold 0.05", "--remask rescale:0.3 --steps 4",
        "--cache dual --block 4"})
    void theTextMatchesTheExpression(String options) {
        assertThat(generate("--prompt to --length 12 --regex to([qu]e|n[aeo]){3,6}s*t " + options).strip())
                .matches("to([qu]e|n[aeo]){3,6}s*t").hasSize(14);
    }

    @Test
    void theTextEndsWhereItIsOver() {
        var stopped = Cli.run("generate", "--model", model, "--prompt", "to be", "--length", 60, "--stop", "e",
                "--temperature", 2).succeeds();
        assertThat(stopped.out().stripTrailing()).startsWith("to be").hasSizeLessThan(65);
        assertThat(stopped.out().substring(5)).doesNotContain("e");
        var both = Cli.run("generate", "--model", model, "--length", 16, "--stop", "e", "--regex", "[no]{3} t")
                .succeeds();
        assertThat(both.out().stripTrailing()).matches("[no]{3} t");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--remask cap:2", "--remask cap", "--remask often"})
    void remaskingThatIsNotKnownIsAWrongCommandLine(String options) {
        Cli.run((Object[]) ("generate --model " + model + " " + options).split(" "))
                .fails(2, "Invalid value for option '--remask'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--remask loop --threshold 0.9", "--remask loop --block 4", "--stop qu",
        "--regex a+ --length 17", "--regex a --length 2", "--stop e --infill t_", "--stop e --remask loop"})
    void whatDoesNotGoTogetherIsRefused(String options) {
        var result = Cli.run((Object[]) ("generate --model " + model + " " + options).split(" ")).fails(1, "");
        assertThat(result.err()).contains("hint: ");
    }

    @Test
    void jsonIsOneLine() {
        var result = Cli.run("generate", "--model", model, "--prompt", "to be\n", "--length", 5, "--json", "--seed", 4)
                .succeeds();
        assertThat(result.out().lines()).hasSize(1);
        assertThat(result.json().propertyNames()).containsExactly("text", "seconds", "seed");
        assertThat(result.json().get("text").asString()).startsWith("to be\n").hasSize(11);
        assertThat(result.json().get("seed").asLong()).isEqualTo(4);
    }

    @Test
    void watchingShowsTheMasksGoOnStandardError() {
        var result = Cli.run("generate", "--model", model, "--length", 16, "--watch", "--temperature", 0).succeeds();
        assertThat(result.err()).contains("-- step 4 of 16", "-- step 16 of 16", "\u2591").doesNotContain("\033", "\r");
        assertThat(result.err().strip()).endsWith(result.out().strip());
        assertThat(result.out()).isEqualTo(generate("--length 16 --temperature 0"));
    }

    @Test
    void oneCheckpointIsAModelToo() {
        var result = Cli.run("generate", "--model", Cli.checkpoint(model, 6), "--length", 20).succeeds();
        assertThat(result.out()).isEqualTo(generate("--length 20"));
    }

    @Test
    void textForAClosedPipeEndsQuietly() {
        assertThat(Cli.unwritable("Broken pipe", "generate", "--model", model.toString(), "--length", "5"))
                .isEqualTo(new Cli(0, "", ""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "--json"})
    void textForAFullDiskIsAnError(String option) {
        var result = Cli.unwritable("No space left on device",
                ("generate --model " + model + " --length 5 " + option).split(" "));
        assertThat(result.code()).isEqualTo(1);
        assertThat(result.err().lines()).containsExactly(
                "sfumato: standard output cannot be written: No space left on device",
                "hint: make room, or write elsewhere");
    }

    @Test
    void evaluationGivesTheBoundBesideTheEntropies() {
        var result = Cli.run("eval", "--model", model, "--data", text, "--json").succeeds();
        assertThat(result.out().lines()).hasSize(1);
        assertThat(result.err()).isEmpty();
        var json = result.json();
        assertThat(json.propertyNames()).containsExactly("nelbo", "stderr", "unit", "unigram", "bigram", "tokens",
                "likelihood");
        assertThat(json.get("unit").asString()).isEqualTo("nats/token");
        assertThat(json.get("tokens").asInt()).isEqualTo(300);
        assertThat(json.get("stderr").asDouble()).isBetween(1e-6, .2);
        assertThat(json.get("bigram").asDouble()).isLessThan(json.get("unigram").asDouble());
        // After six steps the model is between knowing the vocabulary and knowing the frequencies.
        assertThat(json.get("nelbo").asDouble()).isBetween(json.get("unigram").asDouble() - .1, 3.5);
    }

    @Test
    void bothEstimatorsAndAllPartsAgreeWithinTheirErrors() {
        var fixed = Cli.run("eval", "--model", model, "--data", text, "--part", "all", "--json").succeeds().json();
        var bernoulli = Cli.run("eval", "--model", model, "--data", text, "--part", "all", "--estimator", "bernoulli",
                "--seed", 5, "--json").succeeds().json();
        assertThat(fixed.get("tokens").asInt()).isEqualTo(3000);
        double error = Math.hypot(fixed.get("stderr").asDouble(), bernoulli.get("stderr").asDouble());
        assertThat(fixed.get("nelbo").asDouble()).isBetween(bernoulli.get("nelbo").asDouble() - 4 * error,
                bernoulli.get("nelbo").asDouble() + 4 * error);
        var part = Cli.run("eval", "--model", model, "--data", text, "--part", "train", "--samples", 2).succeeds();
        assertThat(part.out()).startsWith("NELBO ").contains("over 2,700 tokens", "bigram ", "unigram ");
    }

    @Test
    void aCacheThatIsAlwaysRefreshedChangesNothing() {
        var options = "--length 16 --block 4 --order confidence";
        assertThat(generate(options + " --cache dual --refresh 1")).isEqualTo(generate(options));
        var json = Cli.run("generate", "--model", model, "--length", 16, "--block", 4, "--cache", "prefix", "--json")
                .succeeds().json();
        assertThat(json.get("cacheDivergence").asDouble()).isBetween(-1e-9, 1.);
        assertThat(json.get("cacheFlips").asDouble()).isBetween(0., 1.);
    }

    @Test
    void theChainRuleScoresBelowTheBoundOrNearIt() {
        var bound = Cli.run("eval", "--model", model, "--data", text, "--json").succeeds().json();
        for (var order : List.of("l2r", "confidence")) {
            var exact = Cli.run("eval", "--model", model, "--data", text, "--likelihood", order, "--json").succeeds()
                    .json();
            assertThat(exact.get("likelihood").asString()).isEqualTo(order);
            assertThat(exact.get("stderr").asDouble()).isZero();
            assertThat(exact.get("nelbo").asDouble()).isCloseTo(bound.get("nelbo").asDouble(), within(.2));
        }
    }

    @Test
    void whatIsNotANumberIsNullInJson() throws IOException {
        var json = Cli.run("eval", "--model", model, "--data", text, "--samples", 1, "--json").succeeds().json();
        assertThat(json.get("stderr").isNull()).isTrue();
        assertThat(json.get("nelbo").isNumber()).isTrue();
    }
}
