package org.sfumato.benchmarks;

import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.Subcommand;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `sfumato bench`: whole-process figures, in lines that `compare.py`, beside this module, reads.
@Command(name = "bench", description = "Measure training steps, operations and the machine.",
        synopsisSubcommandLabel = "WHAT",
        subcommands = {StepCommand.class, StepCommand.Forward.class, GemmCommand.class, OpsCommand.class,
            DecodeCommand.class, LoadCommand.class, RooflineCommand.class})
public final class BenchCommand implements Subcommand {
    @Mixin
    Common common;

    @Spec
    CommandSpec spec;

    @Override
    public Integer call() {
        throw new ParameterException(spec.commandLine(), "say what to measure");
    }
}
