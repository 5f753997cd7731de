package org.sfumato.cli.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sfumato.cli.Cli;
import org.sfumato.models.diffusion.Sampler.Choice;
import org.sfumato.models.diffusion.Sampler.Step;
import org.sfumato.models.trace.Trace;

/// `sfumato generate --trace` and `sfumato trace` with a network whose canvas has 16 places.
class TraceCommandTest {
    @TempDir
    static Path temp;

    private static Path model;
    private static Path random;
    private static Path sure;
    private static String text;

    @BeforeAll
    static void write() throws IOException {
        model = temp.resolve("run");
        Cli.begin(model, Cli.text(temp, 3000));
        random = temp.resolve("random.trace");
        sure = temp.resolve("sure.trace");
        text = Cli.run("generate", "--model", model, "--prompt", "to", "--length", 12, "--trace", random).succeeds()
                .out().stripTrailing();
        Cli.run("generate", "--model", model, "--prompt", "to", "--length", 12, "--trace", sure, "--threshold", .04,
                "--temperature", 0, "--json").succeeds();
    }

    @Test
    void theTraceEndsInTheTextAndNamesTheSettings() throws IOException {
        var trace = Trace.read(random);
        assertThat(trace.text(trace.ids(), "_")).isEqualTo(text);
        assertThat(trace.steps()).hasSize(12);
        assertThat(trace.settings()).containsEntry("--prompt", "to").containsEntry("--length", "12")
                .containsEntry("--temperature", "0.8").containsEntry("--model", model.toString())
                .doesNotContainKey("--help");
        assertThat(Trace.read(sure).settings()).containsEntry("--threshold", "0.04");
        assertThat(Cli.run("generate", "--model", model, "--prompt", "to", "--length", 12).succeeds().out()
                .stripTrailing()).as("without a trace").isEqualTo(text);
    }

    @Test
    void aTextInPiecesIsOneTrace() throws IOException {
        var file = temp.resolve("long.trace");
        var result = Cli.run("generate", "--model", model, "--length", 40, "--steps", 40, "--trace", file).succeeds();
        var trace = Trace.read(file);
        assertThat(trace.text(trace.ids(), "_")).hasSize(40).isEqualTo(result.out().replaceFirst("\\R$", ""));
    }

    @Test
    void numbersAndText() {
        var shown = Cli.run("trace", random).succeeds();
        assertThat(shown.err()).isEmpty();
        assertThat(shown.out()).contains("12 steps wrote 12 tokens at 12 places, 0 again; 0 taken back",
                "--temperature", "mean probability 0.", text);
        var json = Cli.run("trace", random, "--json").succeeds();
        assertThat(json.out().lines()).hasSize(1);
        assertThat(json.json().propertyNames()).containsExactly("steps", "places", "written", "again", "back",
                "confidence", "entropy", "text", "settings");
        assertThat(json.json().get("text").asString()).isEqualTo(text);
    }

    @Test
    void theReplayShowsTheMasksGo() {
        var shown = Cli.run("trace", random, "--replay", "--delay", 0).succeeds();
        assertThat(shown.err()).contains("-- step 3 of 12", "-- step 12 of 12", "\u2591").doesNotContain("\033");
        assertThat(shown.err().stripTrailing()).endsWith(text);
    }

    @Test
    void whatATerminalObeysIsShownByNumber() throws IOException {
        var trace = Trace.read(random);
        var evil = new Trace(Map.of("\033[2J", "\033[31m"), trace.canvas(), Map.of(0, "\033]0;x\007"), List.of(
                new Step(1, 1, trace.ids(), List.of(new Choice(trace.canvas().places()[0], 0, 1, 0)))));
        var file = temp.resolve("evil.trace");
        evil.write(file);
        var shown = Cli.run("trace", file, "--replay").succeeds();
        assertThat(shown.out() + shown.err()).doesNotContain("\033", "\007");
    }

    @Test
    void aReplayOnATerminalIsRedrawnInPlace() throws IOException {
        var trace = Trace.read(random);
        var err = new StringWriter();
        try (var canvas = new Canvas(new PrintWriter(err), trace::text, true)) {
            trace.steps().forEach(canvas::step);
        }
        assertThat(err.toString()).contains("\r\033[J").endsWith(text + "\n");
    }

    @Test
    void thePageIsWritten() throws IOException {
        var page = temp.resolve("page.html");
        assertThat(Cli.run("trace", random, "--html", page).succeeds().out()).endsWith("page: " + page + "\n");
        assertThat(page).content().isEqualTo(Trace.read(random).html());
        Cli.run("trace", random, "--html", temp.resolve("none/page.html")).fails(1, "there is no such folder");
    }

    @Test
    void twoSamplersAreCompared() {
        var shown = Cli.run("trace", random, "--diff", sure).succeeds().out();
        assertThat(shown).contains("random.trace", "sure.trace", "steps ", "first step that differs: 1",
                "same tokens: ", "of 12 places", "rank correlation of the order: ");
        var json = Cli.run("trace", random, "--diff", sure, "--json").succeeds().json().get("diff");
        assertThat(json.propertyNames()).containsExactly("other", "step", "place", "agreement", "order");
        assertThat(json.get("agreement").asDouble()).isBetween(0.0, 1.0);
        assertThat(json.get("other").get("steps").asInt()).isBetween(1, 12);
        var same = Cli.run("trace", random, "--diff", random, "--json").succeeds().json().get("diff");
        assertThat(same.get("step").isNull()).isTrue();
        assertThat(same.get("agreement").asDouble()).isEqualTo(1);
    }

    @Test
    void wrongFilesAndPlacesAreNamed() throws IOException {
        Cli.run("trace", temp.resolve("none")).fails(1, "no such file");
        Cli.run("trace", temp.resolve("text.txt")).fails(1, "is no trace");
        Cli.run("trace", temp).fails(1, "");
        Cli.run("trace", random, "--delay", -1).fails(2, "--delay must be at least 0");
        Cli.run("generate", "--model", model, "--trace", temp.resolve("none/a")).fails(1, "there is no such folder");
        Cli.run("generate", "--model", model, "--trace", temp).fails(1, "is a folder");
        var bytes = Files.readAllBytes(random);
        var cut = Files.write(temp.resolve("cut.trace"), Arrays.copyOf(bytes, bytes.length / 2));
        Cli.run("trace", cut).fails(1, "ends too early");
        var other = temp.resolve("other.trace");
        Cli.run("generate", "--model", model, "--length", 5, "--trace", other).succeeds();
        Cli.run("trace", random, "--diff", other).fails(1, "the canvases differ");
    }
}
