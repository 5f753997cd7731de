package org.sfumato.cli.data;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `sfumato data`: training data, from where it lies to what a training reads.
@Command(name = "data", description = "Get and prepare training data.", synopsisSubcommandLabel = "WHAT",
        subcommands = {DataGetCommand.class, DataPrepareCommand.class})
public final class DataCommand implements Runnable {
    @Option(names = {"-h", "--help"}, usageHelp = true, description = "Show this help.")
    boolean help;

    @Spec
    CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "name what to do: "
                + String.join(", ", spec.subcommands().keySet()));
    }
}
