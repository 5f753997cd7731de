package org.sfumato.cli.train;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `sfumato train`: the kinds of models that can be trained.
@Command(name = "train", description = "Train a model.", synopsisSubcommandLabel = "KIND",
        subcommands = {TrainCommand.Masked.class, TrainCommand.Uniform.class, TrainCommand.Autoregressive.class,
            TrainCommand.Block.class, TrainCommand.Mixture.class, TrainCommand.Duo.class,
            VaeTraining.class, LatentTraining.class, GistTraining.class})
public final class TrainCommand implements Runnable {
    @Option(names = {"-h", "--help"}, usageHelp = true, description = "Show this help.")
    boolean help;

    @Spec
    CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(),
                "name what to train: masked, uniform, duo, mixture, block, ar, vae, latent or gist");
    }

    /// `sfumato train masked`.
    @Command(name = "masked", description = {"Train a masked predictor on text, character by character.",
        "The first 90 %% of the text train, the rest validates. Ctrl-C saves and ends."})
    static final class Masked extends Training {
        @Override
        Kind kind() {
            return new Kind.Masked();
        }
    }

    /// `sfumato train uniform`.
    @Command(name = "uniform", description = {"Train a uniform-state predictor on text, character by character.",
        "Noise replaces characters by others; every character can be corrected at every step. Else as masked."})
    static final class Uniform extends Training {
        @Override
        Kind kind() {
            return new Kind.Uniform();
        }
    }

    /// `sfumato train duo`.
    @Command(name = "duo", description = {"Train a uniform-state predictor that begins with Gaussian latents (Duo).",
        "What comes out is as of train uniform, and so is the rest."})
    static final class Duo extends Training {
        @Option(names = "--curriculum", defaultValue = "0.5", paramLabel = "P",
                description = {"The first share of the run, in which the network reads mixtures of characters "
                    + "(default ${DEFAULT-VALUE}).",
                    "With --minutes it lasts until the length of the run is settled, 0.39 of it, at least."})
        double curriculum;

        @Override
        Kind kind() {
            return new Kind.Curriculum(curriculum);
        }
    }

    /// `sfumato train mixture`.
    @Command(name = "mixture", description = {"Train a predictor of masked and of replaced characters (GIDD).",
        "Else as masked."})
    static final class Mixture extends Training {
        @Option(names = "--uniform", defaultValue = "0.1", paramLabel = "P",
                description = "The share of replaced characters half way, in (0, 1) (default ${DEFAULT-VALUE}).")
        double uniform;

        @Override
        Kind kind() {
            return new Kind.Mixture(uniform);
        }
    }

    /// `sfumato train ar`.
    @Command(name = "ar", description = {"Train the autoregressive twin: the same network, from left to right.",
        "Its likelihood is exact. Else as masked."})
    static final class Autoregressive extends Training {
        @Override
        Kind kind() {
            return new Kind.Autoregressive();
        }
    }

    /// `sfumato train block`.
    @Command(name = "block", description = {"Train block diffusion: blocks from left to right, masks inside each.",
        "Else as masked."})
    static final class Block extends Training {
        @Option(names = "--block", defaultValue = "4", paramLabel = "N",
                description = "Characters of a block (default ${DEFAULT-VALUE}).")
        int block;

        @Override
        Kind kind() {
            common.atLeast(1, "--block", block);
            return new Kind.Block(block);
        }
    }
}
