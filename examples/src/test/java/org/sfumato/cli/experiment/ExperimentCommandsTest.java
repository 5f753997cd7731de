package org.sfumato.cli.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sfumato.cli.Cli;

/// The commands of `sfumato experiment` with models that have learned next to nothing.
class ExperimentCommandsTest {
    @TempDir
    static Path temp;

    private static Path text;

    @BeforeAll
    static void train() throws IOException {
        text = Cli.text(temp, 3000);
        for (var kind : new String[] {"ar", "masked", "uniform"}) {
            Cli.run("train", kind, "--data", text, "--out", temp.resolve(kind), "--steps", 2, "--batch", 2, "--width",
                    16, "--layers", 1, "--heads", 2, "--context", 32, "--length", 16).succeeds();
        }
    }

    private static Path out(String name) {
        return temp.resolve(name);
    }

    @Test
    void decodingIsTimedAndTheCacheMeasured() throws IOException {
        var args = new Object[] {"experiment", "decoding", "--model", out("masked"), "--judge", out("ar"), "--data",
            text, "--out", out("decoding"), "--length", 32, "--samples", 2, "--block", 8, "--json"};
        var rows = Cli.run(args).succeeds().json().get("rows");
        assertThat(rows).hasSize(10);
        assertThat(rows.get(0).get("passes").asInt()).isEqualTo(32);
        assertThat(rows.get(0).get("positions").asInt()).isEqualTo(32 * 32);
        assertThat(rows.get(1).get("positions").asInt()).isEqualTo(4 * 32 + 28 * 8);
        assertThat(rows.get(1).get("divergence").asDouble()).isGreaterThanOrEqualTo(0);
        assertThat(Cli.run(args).succeeds().json().get("rows")).isEqualTo(rows);                // nothing anew
        assertThat(Files.readString(out("decoding/decoding.md"))).contains("| threshold, dual cache | ");
        Cli.run("experiment", "decoding", "--model", out("masked"), "--judge", out("ar"), "--data", text, "--out",
                out("long"), "--length", 33).fails(1, "texts of 33 tokens");
    }

    @Test
    void errorsAreMendedAndGapsFilled() throws IOException {
        var rows = Cli.run("experiment", "correction", "--masked", out("masked"), "--uniform", out("uniform"), "--data",
                text, "--out", out("correction"), "--texts", 3, "--length", 16, "--counts", "2,4", "--json").succeeds()
                .json().get("rows");
        assertThat(rows).hasSize(14);
        for (var row : rows) {
            assertThat(row.get("restored").asDouble()).isBetween(0., 1.);
            if (row.get("way").asString().equals("masked, nothing remasked")) {
                assertThat(row.get("restored").asDouble()).isZero();
            }
            if (row.get("way").asString().endsWith("told where")) {
                assertThat(row.get("damaged").asDouble()).isZero();
            }
        }
    }

    @Test
    void fixedMasksAreComparedWithVariableOnes() throws IOException {
        var rows = Cli.run("experiment", "masks", "--data", text, "--out", out("masks"), "--judge", out("ar"),
                "--seeds", 1, "--steps", 2, "--batch", 2, "--width", 16, "--layers", 1, "--heads", 2, "--context", 16,
                "--samples", 2, "--sample-length", 12, "--json").succeeds().json().get("rows");
        assertThat(rows).hasSize(2).allSatisfy(row -> assertThat(row.get("ce15").asDouble()).isBetween(1., 5.));
        assertThat(Files.readString(out("masks/masks.md"))).contains("| every share | ", "| 15 % | ");
    }

    @Test
    void remaskingIsJudged() {
        var rows = Cli.run("experiment", "remasking", "--model", out("masked"), "--judge", out("ar"), "--data", text,
                "--out", out("remasking"), "--ways", "none,loop", "--steps", "8,20", "--top-p", "0.9", "--samples", 2,
                "--length", 16, "--json").succeeds().json().get("rows");
        assertThat(rows).hasSize(4).allSatisfy(row ->
                assertThat(row.get("passes").asDouble()).isBetween(1., row.get("steps").asDouble()));
    }
}
