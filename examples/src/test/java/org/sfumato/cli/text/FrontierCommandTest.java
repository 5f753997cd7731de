package org.sfumato.cli.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sfumato.cli.Cli;

/// `sfumato frontier` with a masked model and its autoregressive twin as the judge.
class FrontierCommandTest {
    @TempDir
    private Path temp;

    @Test
    void everyTemperatureAndNumberOfStepsIsAPoint() throws IOException {
        var text = Cli.text(temp, 3000);
        for (var kind : new String[] {"masked", "ar"}) {
            Cli.run("train", kind, "--data", text, "--out", temp.resolve(kind), "--steps", 2, "--batch", 2, "--length",
                    16).succeeds();
        }
        var run = Cli.run("frontier", "--model", temp.resolve("masked"), "--judge", temp.resolve("ar"), "--data", text,
                "--out", temp.resolve("out"), "--samples", 2, "--length", 12, "--temperatures", "0,1", "--steps",
                "3,12", "--json").succeeds();
        var points = run.json().get("points");
        assertThat(points).hasSize(4);
        for (var point : points) {
            assertThat(point.get("passes").asDouble()).isEqualTo(point.get("steps").asDouble());
            assertThat(point.get("nats").asDouble()).isBetween(.5, 8.);
            assertThat(point.get("distinct").asDouble()).isBetween(.01, 1.);
            assertThat(point.get("words").asDouble()).isBetween(0., 1.);
        }
        assertThat(points.get(0).get("entropy").asDouble()).isLessThan(points.get(1).get("entropy").asDouble());
        assertThat(Files.readAllLines(temp.resolve("out/frontier.csv"))).hasSize(5)
                .first().asString().startsWith("temperature,steps,nats,stderr,entropy");
        assertThat(Files.readString(temp.resolve("out/frontier.svg"))).contains("12 steps", "under the judge");
        var remasked = Cli.run("frontier", "--model", temp.resolve("masked"), "--judge", temp.resolve("ar"), "--data",
                text, "--out", temp.resolve("remasked"), "--samples", 1, "--length", 12, "--temperatures", "1",
                "--steps", "20", "--remask", "loop", "--json").succeeds();
        assertThat(remasked.json().get("points").get(0).get("passes").asDouble()).isBetween(1., 20.);
        Cli.run("frontier", "--model", temp.resolve("ar"), "--judge", temp.resolve("ar"), "--data", text, "--out",
                temp.resolve("own"), "--samples", 1, "--length", 12, "--temperatures", "1").succeeds();
        assertThat(Files.readAllLines(temp.resolve("own/frontier.csv"))).hasSize(2);
    }

    @Test
    void aJudgeOfOtherCharactersIsRefused() throws IOException {
        var text = Cli.text(temp, 3000);
        var other = Files.writeString(temp.resolve("other.txt"), "0123456789 ".repeat(100));
        Cli.run("train", "ar", "--data", text, "--out", temp.resolve("a"), "--steps", 1, "--batch", 1, "--length", 16)
                .succeeds();
        Cli.run("train", "ar", "--data", other, "--out", temp.resolve("b"), "--steps", 1, "--batch", 1, "--length", 16)
                .succeeds();
        Cli.run("frontier", "--model", temp.resolve("a"), "--judge", temp.resolve("b"), "--data", text, "--out",
                temp.resolve("out")).fails(1, "another vocabulary");
    }
}
