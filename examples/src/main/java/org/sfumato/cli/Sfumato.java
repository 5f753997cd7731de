package org.sfumato.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.ServiceLoader;
import org.sfumato.cli.data.DataCommand;
import org.sfumato.cli.data.HubCommand;
import org.sfumato.cli.data.InspectCommand;
import org.sfumato.cli.experiment.ExperimentCommand;
import org.sfumato.cli.latent.EmbedCommand;
import org.sfumato.cli.latent.LatentCommand;
import org.sfumato.cli.latent.LatentLlmCommand;
import org.sfumato.cli.shared.Subcommand;
import org.sfumato.cli.shared.Version;
import org.sfumato.cli.text.CompleteCommand;
import org.sfumato.cli.text.EvalCommand;
import org.sfumato.cli.text.FillCommand;
import org.sfumato.cli.text.FrontierCommand;
import org.sfumato.cli.text.GenerateCommand;
import org.sfumato.cli.text.PerplexityCommand;
import org.sfumato.cli.text.TokenizeCommand;
import org.sfumato.cli.text.TraceCommand;
import org.sfumato.cli.train.DistillCommand;
import org.sfumato.cli.train.SftCommand;
import org.sfumato.cli.train.TrainCommand;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.UnmatchedArgumentException;

/// The command `sfumato`. Exit codes: 0 all went well, 1 it failed, 2 the command line is wrong.
///
/// A command is one class in this package, a `Callable<Integer>` with picocli's `@Command`, a `@Mixin` [Common], and a
/// place in the list of subcommands here; a [Subcommand] of another jar finds its own place. Whatever it throws is
/// reported in one to three lines.
@Command(name = "sfumato",
        description = "Text diffusion on the JVM: train, generate, score.",
        synopsisSubcommandLabel = "COMMAND",
        versionProvider = Version.class,
        mixinStandardHelpOptions = true,
        subcommands = {DemoCommand.class, DataCommand.class, TrainCommand.class, DistillCommand.class,
            EmbedCommand.class, LatentCommand.class, LatentLlmCommand.class, GenerateCommand.class,
            TraceCommand.class, SftCommand.class, EvalCommand.class, FrontierCommand.class, ExperimentCommand.class,
            CompleteCommand.class, FillCommand.class, PerplexityCommand.class, TokenizeCommand.class,
            InspectCommand.class, HubCommand.class, Info.class, JShellSession.class},
        footer = {"", "Exit codes: 0 done, 1 failed, 2 wrong command line.",
            "JVM options, such as -Xmx8g, are taken from SFUMATO_JAVA_OPTS."})
public final class Sfumato implements Runnable {

    /// ANSI: cursor up, erase the line. The launcher asks for it where that line is the JVM's word on incubation.
    static final String WIPE_LINE_ABOVE = "\033[A\033[2K";

    @Option(names = "--debug", scope = ScopeType.INHERIT, description = "Show the stack trace of an error.")
    boolean debug;

    @CommandLine.Spec
    CommandLine.Model.CommandSpec spec;

    /// Runs the command line `args` and ends the JVM.
    public static void main(String[] args) {
        if (Boolean.getBoolean("launcher.wipe")) {
            System.err.print(WIPE_LINE_ABOVE);
        }
        var pipe = new ClosedPipe.Detector(new FileOutputStream(FileDescriptor.out));
        System.setOut(new PrintStream(pipe, false, StandardCharsets.UTF_8));
        var out = new PrintWriter(pipe, false, StandardCharsets.UTF_8);
        var err = new PrintWriter(System.err, true);
        int code = run(out, err, args);
        try {
            System.out.flush();
        } catch (ClosedPipe e) {
            code = ExitCode.OK;
        }
        System.exit(code);
    }

    /// Runs the command line `args` on the given streams; returns the exit code and flushes `out`.
    static int run(PrintWriter out, PrintWriter err, String... args) {
        return run(commandLine(out, err), args);
    }

    /// The command line with `more` commands than the usual ones.
    static CommandLine commandLine(PrintWriter out, PrintWriter err, Object... more) {
        var command = new CommandLine(new Sfumato());
        ServiceLoader.load(Subcommand.class).forEach(command::addSubcommand);
        List.of(more).forEach(command::addSubcommand);
        return command
                .setOut(out)
                .setErr(err)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setParameterExceptionHandler(Sfumato::wrong)
                .setExecutionExceptionHandler((e, failed, parsed) -> report(e, failed));
    }

    static int run(CommandLine command, String... args) {
        try {
            int code = command.execute(args);
            command.getOut().flush();
            return code;
        } catch (ClosedPipe e) {
            return ExitCode.OK;
        } catch (UncheckedIOException e) {
            Failure.of(e).print(command.getErr());
            return ExitCode.SOFTWARE;
        } catch (LinkageError | OutOfMemoryError | StackOverflowError e) {
            // A setting that cannot be read stops the class that reads it, hence the cause.
            var failure = e instanceof ExceptionInInitializerError && e.getCause() != null ? e.getCause() : e;
            return report(failure, command.getParseResult().asCommandLineList().getLast());
        }
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "no command given");
    }

    private static int wrong(ParameterException e, String[] args) {
        var command = e.getCommandLine();
        var err = command.getErr();
        var what = e.getMessage().lines().findFirst().orElse("wrong command line");
        err.println("sfumato: " + what);
        UnmatchedArgumentException.printSuggestions(e, err);
        var hint = command.getCommandSpec().qualifiedName() + " --help";
        err.println("hint: " + hint);
        if (List.of(args).contains("--json")) {
            command.getOut().println(new Failure(what, List.of(hint)).json());
        }
        return ExitCode.USAGE;
    }

    private static int report(Throwable e, CommandLine command) {
        if (ClosedPipe.caused(e)) {
            return ExitCode.OK;
        }
        Sfumato root = command.getCommandSpec().root().commandLine().getCommand();
        var failure = Failure.of(e);
        failure.print(command.getErr());
        if (root.debug) {
            e.printStackTrace(command.getErr());
        }
        if (command.getParseResult().hasMatchedOption("--json")) {
            command.getOut().println(failure.json());
            command.getOut().flush();
        }
        return ExitCode.SOFTWARE;
    }
}
