package org.sfumato.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sfumato.tensor.cpu.Parallel;

/// Trainings in JVMs of their own, which are killed, interrupted, starved of disk, or given other numbers of threads.
class EndedProcessTest {
    private static final int STEPS = 24;

    @TempDir
    Path temp;

    private final List<Process> started = new ArrayList<>();
    private Path text;
    private Path run;
    private Path log;

    @BeforeEach
    void begin() throws IOException {
        text = Cli.text(temp, 1200);
        run = temp.resolve("run");
        log = temp.resolve("log");
        Cli.begin(run, text);
    }

    @AfterEach
    void end() {
        started.forEach(Process::destroyForcibly);
    }

    private Process resume(List<String> jvm, int steps) throws IOException {
        var process = Cli.start(log, jvm, "train", "masked", "--data", text, "--out", run, "--resume", "--steps", steps,
                "--save-every", 2);
        started.add(process);
        return process;
    }

    /// The same training in one go, in this process.
    private Path whole(int steps) throws IOException {
        var other = temp.resolve("whole");
        Cli.begin(other, text);
        Cli.run("train", "masked", "--data", text, "--out", other, "--resume", "--steps", steps).succeeds();
        return other;
    }

    private List<String> saved() throws IOException {
        try (var folders = Files.list(run.resolve("checkpoints"))) {
            return folders.map(folder -> folder.getFileName().toString()).filter(name -> name.startsWith("step-"))
                    .sorted().toList();
        }
    }

    /// Waits until `process` has saved once more.
    private void awaitSave(Process process) throws Exception {
        var before = saved().getLast();
        while (saved().getLast().equals(before)) {
            assertThat(process.isAlive()).as(() -> read(log.resolveSibling("log.err"))).isTrue();
            Thread.sleep(5);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }

    @Test
    void killedAtAnyMomentItEndsInTheSameBits() throws Exception {
        // The moment differs from run to run: what holds must hold for each.
        var random = new Random();
        int kills = 0;
        for (int i = 0; i < 2 && !saved().contains("step-%09d".formatted(STEPS)); i++) {
            var process = resume(List.of(), STEPS);
            awaitSave(process);
            Thread.sleep(random.nextInt(100));
            kills += process.isAlive() ? 1 : 0;
            process.destroyForcibly().waitFor();
            var generated = Cli.run("generate", "--model", run, "--length", 3);
            assertThat(generated.code()).isZero();
        }
        assertThat(kills).isPositive();
        var last = Cli.run("train", "masked", "--data", text, "--out", run, "--resume", "--steps", STEPS);
        assertThat(last.code()).isZero();
        Cli.requireSame(run, whole(STEPS), STEPS);
    }

    /// Whether Ctrl-C does nothing: so it is for all that a shell without job control runs in the background, perhaps
    /// these tests. Such programs are asked to end by TERM.
    private static boolean ignoresInterrupts(Process process) throws IOException {
        var status = Path.of("/proc/" + process.pid() + "/status");
        if (!Files.exists(status)) {
            return false;
        }
        try (var lines = Files.lines(status)) {
            var ignored = lines.filter(line -> line.startsWith("SigIgn:")).findFirst().orElse("SigIgn: 0");
            return (Long.parseUnsignedLong(ignored.substring("SigIgn:".length()).strip(), 16) & 2) != 0;
        }
    }

    @Test
    void aRequestToEndSavesSaysSoAndCanBeResumed() throws Exception {
        assumeTrue(File.separatorChar == '/', "skipped: no signals");
        int many = 1_000_000;
        var process = resume(List.of(), many);
        awaitSave(process);
        boolean deaf = ignoresInterrupts(process);
        var kill = new ProcessBuilder("kill", deaf ? "-TERM" : "-INT", Long.toString(process.pid()));
        assertThat(kill.start().waitFor()).isZero();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        var result = Cli.ended(process, log);
        assertThat(result.code()).isEqualTo(deaf ? 143 : 130);
        assertThat(result.out()).startsWith("interrupted after ").contains("NELBO ", "model: " + run);
        assertThat(result.err()).doesNotContain("sfumato:", "Exception");
        int steps = Integer.parseInt(result.out().split(" ")[2].replace(",", ""));
        assertThat(saved().getLast()).isEqualTo("step-%09d".formatted(steps));
        // The schedule is that of the whole run, so that this stretch of it can be compared bit for bit.
        Cli.run("train", "masked", "--data", text, "--out", run, "--resume", "--steps", steps + 3).succeeds();
        assertThat(saved().getLast()).isEqualTo("step-%09d".formatted(steps + 3));
    }

    @Test
    void aDiskThatTakesNoMoreLosesNothing() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/bin/bash")), "skipped: no bash to limit the size of files");
        Cli.run("train", "masked", "--data", text, "--out", run, "--resume", "--steps", 4, "--save-every", 2)
                .succeeds();
        var before = saved();
        var command = new ArrayList<>(List.of("bash", "-c", "ulimit -f 8; exec \"$@\"", "bash",
                System.getProperty("java.home") + "/bin/java", "-XX:-UsePerfData", "-XX:TieredStopAtLevel=1",
                "--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-cp",
                System.getProperty("java.class.path"),
                "org.sfumato.cli.Sfumato", "train", "masked", "--data", text.toString(), "--out", run.toString(),
                "--resume", "--steps", "8", "--save-every", "1", "--json"));
        var process = new ProcessBuilder(command).redirectOutput(temp.resolve("log.out").toFile())
                .redirectError(temp.resolve("log.err").toFile()).start();
        started.add(process);
        var result = Cli.ended(process, log);
        assertThat(result.code()).isEqualTo(1);
        assertThat(result.json().get("error").asString()).contains("cannot save step 5").contains("File too large");
        assertThat(result.err()).contains("sfumato: checkpoint: cannot save step 5", "hint: ").doesNotContain("\tat ");
        assertThat(saved()).isEqualTo(before);
        Cli.run("train", "masked", "--data", text, "--out", run, "--resume", "--steps", 8).succeeds();
        Cli.requireSame(run, whole(8), 8);
    }

    @Test
    void theNumberOfThreadsDoesNotMatter() throws Exception {
        var own = temp.resolve("of3");
        started.add(Cli.start(log, List.of(), step(own, "--threads", 3)));
        for (int threads : new int[] {1, 2, 8}) {
            var here = temp.resolve("of" + threads);
            Parallel.withThreads(threads, () -> Cli.run(step(here)).succeeds());
            Cli.requireSame(here, temp.resolve("of1"), 1);
        }
        assertThat(Cli.ended(started.getFirst(), log).code()).isZero();
        Cli.requireSame(own, temp.resolve("of1"), 1);
    }

    /// A step of a preset, so that its operations are large enough to be cut into parts.
    private Object[] step(Path out, Object... more) {
        var args = new ArrayList<Object>(List.of("train", "masked", "--data", text, "--out", out, "--steps", 1,
                "--batch", 4, "--layers", 1));
        args.addAll(List.of(more));
        return args.toArray();
    }

    @Test
    void aSettingThatIsWrongIsSaid() throws Exception {
        var process = Cli.start(log, List.of("-Dsfumato.device=tpu"), "generate", "--model", run, "--length", 3);
        started.add(process);
        var result = Cli.ended(process, log);
        assertThat(result.code()).isEqualTo(1);
        assertThat(result.out()).isEmpty();
        assertThat(result.err().lines().filter(line -> !line.startsWith("WARNING"))).hasSizeBetween(1, 3).first()
                .asString().startsWith("sfumato: ").contains("tpu");
    }
}
