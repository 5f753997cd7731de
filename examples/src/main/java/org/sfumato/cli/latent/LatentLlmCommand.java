package org.sfumato.cli.latent;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `sfumato latent-llm`: the programs of latent-llm, with their options.
@Command(name = "latent-llm", description = {"DDPM on the latents of a gist autoencoder, with the options of "
    + "latent-llm's programs.", "The autoencoder is made by train gist."}, synopsisSubcommandLabel = "WHAT",
        subcommands = {LatentLlmTraining.class, LatentLlmGeneration.class, LatentLlmExport.class})
public final class LatentLlmCommand implements Runnable {
    @Option(names = {"-h", "--help"}, usageHelp = true, description = "Show this help.")
    boolean help;

    @Spec
    CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "name what to do: train, generate or export");
    }
}
