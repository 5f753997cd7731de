package org.sfumato.cli.data;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `sfumato hub`: folders of the Hugging Face hub.
@Command(name = "hub", description = "Get models from the Hugging Face hub, and send folders to it.",
        synopsisSubcommandLabel = "WHAT",
        subcommands = {HubGetCommand.class, HubPushCommand.class})
public final class HubCommand implements Runnable {
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
