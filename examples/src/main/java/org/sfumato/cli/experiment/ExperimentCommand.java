package org.sfumato.cli.experiment;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `sfumato experiment`: the long measurements whose tables are in `models/README.md`. Each writes what it has found
/// row by row into its folder, and goes on there when it is started again.
@Command(name = "experiment", description = "Measure models against each other; a killed run goes on.",
        synopsisSubcommandLabel = "WHAT", subcommands = {LeaderboardCommand.class, DecodingCommand.class,
            CorrectionCommand.class, MasksCommand.class, RemaskingCommand.class, GistExperimentCommand.class})
public final class ExperimentCommand implements Runnable {
    @Option(names = {"-h", "--help"}, usageHelp = true, description = "Show this help.")
    boolean help;

    @Spec
    CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "name what to measure: "
                + String.join(", ", spec.subcommands().keySet()));
    }
}
