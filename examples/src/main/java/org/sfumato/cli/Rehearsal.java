package org.sfumato.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.ExitCode;

/// What the launcher runs once after a build, while the JVM writes down the classes it loads for quicker starts: a tiny
/// training and a text by its model. The argument is a folder for both, which must not exist.
final class Rehearsal {
    private static final String TEXT = "The hidden words come back one by one.\n".repeat(40);

    private Rehearsal() { }

    public static void main(String[] args) throws IOException {
        var folder = Files.createDirectories(Path.of(args[0]));
        var text = Files.writeString(folder.resolve("text.txt"), TEXT).toString();
        var model = folder.resolve("model").toString();
        run("train", "masked", "--data", text, "--out", model, "--steps", "1", "--batch", "1", "--length", "8");
        run("generate", "--model", model, "--prompt", "The", "--length", "8", "--steps", "2", "--watch");
    }

    private static void run(String... args) {
        int code = Sfumato.run(new PrintWriter(System.out), new PrintWriter(System.err), args);
        if (code != ExitCode.OK) {
            System.exit(code);
        }
    }
}
