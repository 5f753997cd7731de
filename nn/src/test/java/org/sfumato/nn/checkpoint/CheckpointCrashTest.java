package org.sfumato.nn.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Real processes that are killed, or run out of room, while they save.
@Timeout(120)
class CheckpointCrashTest {
    private static final int KILLS = 6;

    @TempDir
    Path parent;

    @Test
    void aProcessKilledAtAnyMomentLeavesAWholeCheckpoint() throws IOException, InterruptedException {
        var folder = parent.resolve("run");
        var random = new Random(20261122);
        long known = 0;
        for (int kill = 0; kill < KILLS; kill++) {
            var process = start(List.of(), folder, "loop");
            try (var out = new BufferedReader(new InputStreamReader(process.getInputStream(),
                    StandardCharsets.UTF_8))) {
                assertThat(out.readLine()).isEqualTo("from " + known);
                known = killAfter(3 + random.nextInt(8), random.nextInt(20), process, out);
            } finally {
                process.destroyForcibly();
            }
            var latest = Snapshots.latest(folder);
            assertThat(latest.step()).isBetween(known, known + 1);     // the last one may be done and not yet reported
            Snapshots.assertWhole(Checkpoints.open(folder));
            known = latest.step();
        }
        assertThat(known).isGreaterThan(KILLS);
        try (var checkpoints = new Checkpoints(folder, 2); var files = Files.list(folder)) {
            assertThat(checkpoints.look().warnings()).isEmpty();
            assertThat(files.count()).isLessThan(9);                           // leftovers do not pile up
        }
    }

    /// Kills `process` some milliseconds after it has saved `saves` times; returns the last step that it has reported.
    private static long killAfter(int saves, int milliseconds, Process process, BufferedReader out)
            throws IOException, InterruptedException {
        long last = 0;
        for (int i = 0; i < saves; i++) {
            last = saved(out.readLine());
        }
        Thread.sleep(milliseconds);                                            // only spreads the moments of the kills
        process.toHandle().destroyForcibly();  // unlike the process's own, leaves the pipe open
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        for (String line = out.readLine(); line != null && line.matches("saved \\d+"); line = out.readLine()) {
            last = saved(line);
        }
        return last;
    }

    private static long saved(String line) {
        assertThat(line).matches("saved \\d+");
        return Long.parseLong(line.substring("saved ".length()));
    }

    @Test
    void twoProcessesCannotWriteTheSameFolder() throws IOException, InterruptedException {
        var folder = parent.resolve("run");
        try (var mine = new Checkpoints(folder, 1)) {
            var process = start(List.of(), folder, "grow");
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isNotZero();
            assertThat(output(process)).contains("is in use by process " + ProcessHandle.current().pid());
            mine.save(Snapshots.of(1));
        }
        assertThat(Snapshots.latest(folder).step()).isEqualTo(1);
    }

    @Test
    void aFileThatMayNotGrowIsAClearError() throws IOException, InterruptedException {
        var shell = Path.of("/bin/sh");
        Assumptions.assumeTrue(Files.isExecutable(shell), "skipped: there is no shell to set a limit with");
        var process = start(List.of(shell.toString(), "-c", "ulimit -f 2048 && exec \"$@\"", "sh"),
                parent.resolve("run"), "grow");
        assertThat(output(process)).contains("saved 1", "cannot save step 2", "File too large", "hint: ");
        assertThat(process.waitFor()).isZero();
        assertThat(Snapshots.latest(parent.resolve("run")).step()).isEqualTo(1);
    }

    @Test
    void aFullDiskIsAClearError() throws IOException, InterruptedException {
        var mount = "mount -t tmpfs -o size=1m tmpfs \"$0\" && echo mounted && exec \"$@\"";
        var prefix = List.of("unshare", "-rm", "sh", "-c", mount, parent.toString());
        Process process = null;
        try {
            process = start(prefix, parent.resolve("run"), "grow");
        } catch (IOException e) {
            Assumptions.abort("skipped: no small file system can be made, " + e.getMessage());
        }
        var output = output(process);
        Assumptions.assumeTrue(output.contains("mounted"), "skipped: no small file system can be made, " + output);
        assertThat(output).contains("saved 1", "cannot save step 2", "No space left on device", "hint: ");
        assertThat(process.waitFor()).isZero();                              // it has read back step 1 by itself
    }

    private static String output(Process process) throws IOException {
        try (var stream = process.getInputStream()) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static Process start(List<String> prefix, Path folder, String mode) throws IOException {
        var command = new ArrayList<>(prefix);
        var device = System.getProperty("sfumato.device");
        command.addAll(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-Xshare:auto",
                "-XX:TieredStopAtLevel=1", "-Xmx128m", "-XX:-UsePerfData"));
        if (device != null) {
            command.add("-Dsfumato.device=" + device);
        }
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), SaveLoop.class.getName(),
                folder.toString(), mode));
        var builder = new ProcessBuilder(command);
        if (mode.equals("loop")) {
            builder.redirectError(ProcessBuilder.Redirect.DISCARD);
        }
        return builder.redirectErrorStream(!mode.equals("loop")).start();
    }
}
