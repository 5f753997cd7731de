package org.sfumato.cli;

import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import jdk.jshell.tool.JavaShellToolBuilder;
import org.sfumato.cli.shared.Version;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `sfumato jshell`: JShell on this program's class path, with the library imported.
///
/// Snippets run in a JVM of their own, so that one that ends or exhausts its JVM does not end the session. It gets the
/// flags of this JVM.
@Command(name = "jshell",
        description = {"Start JShell with the library imported.",
            "FILEs are run first. Where there is no terminal, the session ends after the last of them."})
final class JShellSession implements Callable<Integer> {

    private static final String STARTUP = "startup.jsh";
    private static final String GREETING = """
            Sfumato %s. Tensors, gradients, layers and models are imported. A first example:

              var x = Tensor.of(1f, 2f, 3f)
              Tape.record(() -> x.square().sum()).gradients(x).of(x)
              Linear.init(3, 2, true, Rng.of(42)).forward(x)

            """;

    @Parameters(paramLabel = "FILE", description = "Files of snippets, run in this order; /exit ends the session.")
    List<Path> files = List.of();

    @Option(names = {"-h", "--help"}, usageHelp = true, description = "Show this help.")
    boolean help;

    @Spec
    CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        for (var file : files) {
            if (!Files.exists(file)) {
                throw new NoSuchFileException(file.toString());
            }
        }
        var startup = Files.createTempFile("sfumato", ".jsh");
        try {
            writeStartup(startup);
            return start(startup);
        } finally {
            Files.deleteIfExists(startup);
        }
    }

    private int start(Path startup) throws Exception {
        var console = System.console();
        boolean terminal = console != null && console.isTerminal();
        var shell = JavaShellToolBuilder.builder();
        var arguments = arguments(startup);
        if (terminal) {
            spec.commandLine().getOut().printf(GREETING, Version.sfumato()).flush();
        } else if (!files.isEmpty()) {
            arguments.add("-");  // standard input without a dialogue, and it is empty
            shell.in(InputStream.nullInputStream(), null);
        }
        return shell.start(arguments.toArray(String[]::new));
    }

    private List<String> arguments(Path startup) {
        var arguments = new ArrayList<>(List.of("--class-path", System.getProperty("java.class.path"),
                "--startup", "DEFAULT", "--startup", startup.toString(),
                "-R--add-modules", "-Rjdk.incubator.vector", "-R--enable-native-access=ALL-UNNAMED"));
        for (var flag : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
            if (flag.startsWith("-X") || flag.startsWith("-Dsfumato.")) {
                arguments.add("-R" + flag);
            }
        }
        files.forEach(file -> arguments.add(file.toString()));
        return arguments;
    }

    private static void writeStartup(Path to) throws IOException {
        try (var snippets = JShellSession.class.getResourceAsStream(STARTUP)) {
            Files.write(to, snippets.readAllBytes());
        }
    }
}
