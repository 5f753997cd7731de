package org.sfumato.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sfumato.cli.shared.Common;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import tools.jackson.databind.json.JsonMapper;

class SfumatoTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... args) {
        return Sfumato.run(new PrintWriter(out), new PrintWriter(err, true), args);
    }

    private int runFailing(Throwable failure, String... args) {
        var command = Sfumato.commandLine(new PrintWriter(out), new PrintWriter(err, true), new Fail(failure));
        return Sfumato.run(command, args);
    }

    @ParameterizedTest
    @CsvSource({"--version", "--help", "info", "info --help", "info --json", "--debug info", "info --debug"})
    void whatGoesWellExitsWithZeroAndKeepsStandardErrorEmpty(String line) {
        assertThat(run(line.split(" "))).isZero();
        assertThat(out.toString()).isNotBlank();
        assertThat(err.toString()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(nullValues = "none", value = {
        "none,           sfumato: no command given,                hint: sfumato --help",
        "nonsense,       sfumato: Unmatched argument at index 0,   hint: sfumato --help",
        "info --wrong,   sfumato: Unknown option: '--wrong',       hint: sfumato info --help",
        "info two words, sfumato: Unmatched arguments from index,  hint: sfumato info --help"})
    void aWrongCommandLineExitsWithTwoAndSaysWhereToLook(String line, String first, String last) {
        assertThat(line == null ? run() : run(line.split(" "))).isEqualTo(2);
        assertThat(out.toString()).isEmpty();
        assertThat(err.toString().lines()).hasSizeBetween(2, 3).first().asString().startsWith(first);
        assertThat(err.toString().lines()).last().isEqualTo(last);
    }

    @Test
    void aMistypedCommandIsGuessed() {
        assertThat(run("inof")).isEqualTo(2);
        assertThat(err.toString()).contains("Did you mean: sfumato info");
    }

    @Test
    void anErrorIsItsFirstLineAndItsHints() {
        var failure = new IllegalArgumentException(
                "matmul: inner sizes differ, 512 != 256\n  a (2, 512)\nhint: transpose b");
        assertThat(runFailing(failure, "fail")).isEqualTo(1);
        assertThat(err.toString().lines())
                .containsExactly("sfumato: matmul: inner sizes differ, 512 != 256", "hint: transpose b");
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void anErrorWithoutAMessageNamesItsTypeAndTheDebugOption() {
        assertThat(runFailing(new IllegalStateException(), "fail")).isEqualTo(1);
        assertThat(err.toString().lines())
                .containsExactly("sfumato: IllegalStateException", "hint: run it with --debug to see where");
    }

    @Test
    void aMissingFileIsNamed() {
        assertThat(runFailing(new NoSuchFileException("a/b.txt"), "fail")).isEqualTo(1);
        assertThat(err.toString().lines()).first().isEqualTo("sfumato: no such file: a/b.txt");
    }

    @Test
    void memoryThatRunsOutIsReportedWithTheCure() {
        assertThat(runFailing(new OutOfMemoryError("Java heap space"), "fail")).isEqualTo(1);
        assertThat(err.toString()).startsWith("sfumato: out of memory: Java heap space").contains("SFUMATO_JAVA_OPTS");
    }

    @Test
    void aSettingThatCannotBeReadIsReportedByItsOwnMessage() {
        var cause = new IllegalArgumentException("settings: unknown property sfumato.thread\nhint: sfumato.threads");
        assertThat(runFailing(new ExceptionInInitializerError(cause), "fail")).isEqualTo(1);
        assertThat(err.toString().lines())
                .containsExactly("sfumato: settings: unknown property sfumato.thread", "hint: sfumato.threads");
    }

    @ParameterizedTest
    @CsvSource({"fail --debug", "--debug fail"})
    void debugShowsTheStackTrace(String line) {
        assertThat(runFailing(new IllegalStateException("broken"), line.split(" "))).isEqualTo(1);
        assertThat(err.toString()).startsWith("sfumato: broken").contains("at org.sfumato.cli.SfumatoTest");
    }

    @Test
    void theLastLineOfJsonOutputIsAnObject() {
        assertThat(run("info", "--json")).isZero();
        var json = JsonMapper.builder().build().readTree(out.toString().lines().toList().getLast());
        assertThat(json.get("cores").asInt()).isEqualTo(Runtime.getRuntime().availableProcessors());
        assertThat(json.get("jdk").asString()).startsWith("25");
        assertThat(json.get("memoryBytes").asLong()).isGreaterThan(1L << 20);
    }

    @Test
    void anErrorIsAnObjectTooWhenJsonIsAskedFor() {
        assertThat(runFailing(new IllegalStateException("broken\nhint: mend \"it\""), "fail", "--json")).isEqualTo(1);
        var json = JsonMapper.builder().build().readTree(out.toString());
        assertThat(json.get("error").asString()).isEqualTo("broken");
        assertThat(json.get("hints").get(0).asString()).isEqualTo("mend \"it\"");
        assertThat(err.toString()).startsWith("sfumato: broken");
    }

    @Test
    void aClosedPipeEndsTheCommandQuietly() {
        assertThat(Cli.unwritable("Broken pipe", "info")).isEqualTo(new Cli(0, "", ""));
    }

    @Command(name = "fail")
    static final class Fail implements Callable<Integer> {

        @Mixin
        Common common;

        private final Throwable failure;

        Fail(Throwable failure) {
            this.failure = failure;
        }

        @Override
        public Integer call() throws Exception {
            switch (failure) {
                case Exception e -> throw e;
                case Error e -> throw e;
                default -> throw new AssertionError(failure);
            }
        }
    }
}
