package org.sfumato.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/// What README.md shows is so.
@Execution(ExecutionMode.CONCURRENT)
class ReadmeTest {

    private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"|(\\S+)");
    private static final String COMMAND = "    ./sfumato ";
    private static final String PROMPT = "jshell> ";

    @TempDir
    Path temp;

    private String readme;

    @BeforeEach
    void read() throws Exception {
        readme = Files.readString(Path.of("../README.md"));
    }

    @Test
    void theCommandsParse() {
        var lines = readme.lines().filter(line -> line.startsWith(COMMAND)).toList();
        assertThat(lines).hasSizeGreaterThan(4);
        for (var line : lines) {
            var words = WORD.matcher(line.substring(COMMAND.length()).replaceFirst(" #.*", "")).results()
                    .map(word -> word.group(1) != null ? word.group(1) : word.group(2)).toArray(String[]::new);
            var command = Sfumato.commandLine(new PrintWriter(new StringWriter()), new PrintWriter(new StringWriter()));
            assertThat(command.parseArgs(words).hasSubcommand()).as(line).isTrue();
        }
    }

    @Test
    void theJavaProgramPrintsWhatItSays() throws Exception {
        var source = temp.resolve("Sum.java");
        Files.writeString(source, block("java"));
        assertThat(readme).contains("This prints `" + java(null, source.toString()).strip() + "`.");
    }

    @Test
    void theJShellSessionIsReal() throws Exception {
        var typed = new ArrayList<String>();
        var shown = new ArrayList<String>();
        for (var line : block("jshell").split("\n(?=jshell> )|^(?=jshell> )")) {
            var parts = line.strip().split("\n", 2);
            typed.add(parts[0].substring(PROMPT.length()));
            if (parts.length > 1) {
                shown.add(parts[1]);
            }
        }
        assertThat(shown).hasSizeGreaterThan(4);
        var input = temp.resolve("typed");
        Files.write(input, typed);
        assertThat(java(input, "-cp", System.getProperty("java.class.path"), Sfumato.class.getName(), "jshell"))
                .contains(shown);
    }

    /// The first block of README.md in `language`.
    private String block(String language) {
        var start = "\n```" + language + "\n";
        int from = readme.indexOf(start) + start.length();
        return readme.substring(from, readme.indexOf("\n```", from) + 1);
    }

    private String java(Path input, String... arguments) throws Exception {
        var command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1"));
        if (input == null) {
            command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        }
        command.addAll(List.of(arguments));
        var out = temp.resolve("out").toFile();
        var builder = new ProcessBuilder(command).redirectOutput(out).redirectError(temp.resolve("err").toFile());
        var process = (input == null ? builder : builder.redirectInput(input.toFile())).start();
        assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
        return Files.readString(out.toPath());
    }
}
