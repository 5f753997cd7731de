package org.sfumato.cli.latent;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.sfumato.cli.shared.Common;
import org.sfumato.models.gaussian.Clipping;
import org.sfumato.models.gaussian.GaussianSampler;
import org.sfumato.models.gaussian.LatentModel;
import org.sfumato.models.gaussian.Solver;
import org.sfumato.models.training.LatentCheckpoint;
import org.sfumato.nn.checkpoint.Checkpoints;
import org.sfumato.nn.checkpoint.Stored;
import picocli.CommandLine.Option;

/// A denoiser of latents, and how it samples.
public final class LatentModelOption {
    @Option(names = "--model", required = true, paramLabel = "DIR",
            description = "What `sfumato train latent` made, or one checkpoint of it.")
    Path folder;

    @Option(names = "--solver", defaultValue = "dpm",
            description = "ddpm, ddim, euler, heun or dpm: DPM-Solver++(2M) (default ${DEFAULT-VALUE}).")
    Kind solver;

    @Option(names = "--sampler-steps", defaultValue = "25", paramLabel = "N",
            description = "Steps of the sampler (default ${DEFAULT-VALUE}).")
    int steps;

    @Option(names = "--eta", defaultValue = "0", paramLabel = "X",
            description = "Fresh noise in the steps of ddim and dpm, 0 for none (default ${DEFAULT-VALUE}).")
    double eta;

    @Option(names = "--churn", defaultValue = "0", paramLabel = "X",
            description = "Noise put on before the steps of euler and heun, EDM's S_churn (default ${DEFAULT-VALUE}).")
    double churn;

    @Option(names = "--guidance", defaultValue = "1", paramLabel = "W",
            description = "Scale of the condition, 1 for none (default ${DEFAULT-VALUE}).")
    double guidance;

    @Option(names = "--clip", paramLabel = "X", description = "Limit of predicted standardised latents.")
    Double clip;

    @Option(names = "--clip-quantile", paramLabel = "P",
            description = "With --clip: beyond this quantile of a row, scaled back to the limit.")
    Double quantile;

    /// `--solver`.
    public enum Kind {
        DDPM, DDIM, EULER, HEUN, DPM;

        public Solver of(double eta) {
            return switch (this) {
                case DDPM -> new Solver.Ddpm(Solver.Ddpm.Variance.SMALL);
                case DDIM -> new Solver.Ddim(eta);
                case EULER -> new Solver.Euler();
                case HEUN -> new Solver.Heun();
                case DPM -> new Solver.DpmSolver2M(eta);
            };
        }
    }

    /// Refuses what no sampler can have.
    void check(Common common) {
        common.atLeast(2, "--sampler-steps", steps);
        common.notNegative("--eta", eta);
        common.notNegative("--churn", churn);
        if (churn > 0 && solver != Kind.EULER && solver != Kind.HEUN) {
            throw new IllegalArgumentException("--churn is for --solver euler and heun");
        }
        common.notNegative("--guidance", guidance);
        common.positive("--clip", clip);
        common.positive("--clip-quantile", quantile);
        if (quantile != null && clip == null) {
            throw new IllegalArgumentException("--clip-quantile needs a limit: --clip");
        }
    }

    /// The model, in the current scope.
    LatentModel load(Common common) throws IOException {
        var stored = stored();
        stored.warnings().forEach(warning -> common.err().println("sfumato: " + warning));
        return LatentCheckpoint.load(stored);
    }

    /// The same with the weights of the last step, if the model has averaged ones.
    Optional<LatentModel> last() throws IOException {
        var stored = stored();
        return stored.average().isEmpty() ? Optional.empty() : Optional.of(LatentCheckpoint.load(stored, false));
    }

    private Stored stored() throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new IllegalArgumentException("no model in " + folder + ": there is no such folder"
                    + "\nhint: train one: sfumato train latent --data FILE --out " + folder);
        }
        var checkpoints = folder.resolve("checkpoints");
        return Checkpoints.open(Files.isDirectory(checkpoints) ? checkpoints : folder);
    }

    /// The solver that was asked for.
    Solver solver() {
        return churn > 0 ? new Solver.Churned(solver.of(eta), churn) : solver.of(eta);
    }

    /// What samples.
    GaussianSampler sampler(LatentModel model) {
        return model.sampler(model.path(steps), solver(), clip == null ? new Clipping.Off()
                : quantile == null ? new Clipping.Fixed(clip) : new Clipping.Quantile(quantile, clip), guidance);
    }
}
