package org.sfumato.cli.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sfumato.cli.Cli;

/// `sfumato experiment leaderboard`, which goes on where it was cut off.
class LeaderboardCommandTest {
    @TempDir
    private Path temp;

    private Cli run(Object... more) throws IOException {
        var text = temp.resolve("text.txt");
        var args = new Object[] {"experiment", "leaderboard", "--data",
            Files.exists(text) ? text : Cli.text(temp, 3000), "--out", temp.resolve("out"), "--width", 16,
            "--layers", 1, "--heads", 2, "--context", 16, "--batch", 2, "--eval-every", 2, "--eval-samples", 2,
            "--samples", 2, "--sample-length", 12, "--sample-steps", "3", "--temperatures", "1"};
        var all = Arrays.copyOf(args, args.length + more.length);
        System.arraycopy(more, 0, all, args.length, more.length);
        return Cli.run(all);
    }

    @Test
    void whatWasMeasuredIsNotMeasuredAgain() throws IOException {
        run("--kinds", "ar,masked", "--seeds", 1, "--steps", 4).succeeds();
        var rows = temp.resolve("out/leaderboard.jsonl");
        var first = Files.readString(rows);
        assertThat(first.lines()).hasSize(2);
        Files.writeString(rows, "{\"kind\":\"duo\",\"se", StandardOpenOption.APPEND);    // cut off
        var all = run("--kinds", "ar,masked,uniform,duo,mixture,block4", "--seeds", 1, "--steps", 4, "--json")
                .succeeds();
        assertThat(Files.readString(rows)).startsWith(first);
        assertThat(all.json().get("rows")).hasSize(6).allSatisfy(row -> {
            assertThat(row.get("steps").asInt()).isEqualTo(4);
            assertThat(row.get("nats").asDouble()).isBetween(1., 5.);
        });
        var report = Files.readString(temp.resolve("out/leaderboard.md"));
        assertThat(report.lines().filter(line -> line.startsWith("| block4 |"))).hasSize(2);
        assertThat(report).contains("| exact |", "mixture:\n");
        assertThat(Files.readString(temp.resolve("out/leaderboard.svg"))).contains("uniform", "tokens seen");
        assertThat(Files.readString(temp.resolve("out/frontier.svg"))).contains("duo", "under the judge");
        assertThat(Files.readAllLines(temp.resolve("out/frontier.csv"))).hasSize(7)
                .first().asString().startsWith("kind,temperature,steps,nats");
    }

    @Test
    void otherSettingsNeedAnotherFolder() throws IOException {
        run("--kinds", "ar", "--seeds", 1, "--steps", 1).succeeds();
        var one = Cli.run("experiment", "leaderboard", "--data", temp.resolve("text.txt"), "--out", temp.resolve("one"),
                "--kinds", "ar,masked", "--seeds", 1, "--steps", 1, "--width", 16, "--layers", 1, "--heads", 2,
                "--context", 16, "--batch", 2, "--eval-samples", 1, "--samples", 2, "--sample-length", 12,
                "--sample-steps", "3", "--temperatures", "1").succeeds().out();
        assertThat(one).containsPattern("\\| masked .*<= .* \\| - \\| 1 \\|").containsPattern("\\| ar .*\\| exact \\|");
        run("--kinds", "ar", "--seeds", 1, "--steps", 2).fails(1, "other settings");
        run("--kinds", "masked,nothing", "--seeds", 1, "--steps", 1).fails(1, "no kind of model is called 'nothing'");
    }
}
