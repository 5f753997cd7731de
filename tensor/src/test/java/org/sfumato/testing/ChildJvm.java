package org.sfumato.testing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A program in a JVM of its own, for what is decided once in a process.
///
/// @param status the exit status
/// @param output all that it printed
public record ChildJvm(int status, String output) {
    /// Runs `main` with the classes of this JVM, those of `more` before them if it is not null, and the given options,
    /// of which `-XX:TieredStopAtLevel=4` is for programs that must be compiled by C2.
    public static ChildJvm run(Class<?> main, Path more, String... options) throws IOException, InterruptedException {
        var classes = System.getProperty("java.class.path");
        var command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1", "-Xmx256m",
                "-cp", more == null ? classes : more + java.io.File.pathSeparator + classes));
        command.addAll(List.of(options));
        command.add(main.getName());
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            process.getOutputStream().close();
            var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(60, TimeUnit.SECONDS)) {
                throw new IOException("the child did not end: " + output);
            }
            return new ChildJvm(process.exitValue(), output);
        } finally {
            process.destroyForcibly();
        }
    }
}
