package org.sfumato.cli.train;

import java.nio.file.Path;
import org.sfumato.cli.shared.Common;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Of a training whose length is given in steps: `@Mixin StepOptions run = new StepOptions(2000, 500, 1000);`.
final class StepOptions {
    @Option(names = "--out", required = true, paramLabel = "DIR",
            description = "Where checkpoints, logs and the loss curve go.")
    Path out;

    @Option(names = "--steps", paramLabel = "N", description = "Length of the run (default ${DEFAULT-VALUE}).")
    long steps;

    @Mixin
    PrecisionOption precision;

    @Option(names = "--seed", defaultValue = "1", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    long seed;

    @Option(names = "--resume", description = "Go on from the newest checkpoint in --out.")
    boolean resume;

    @Option(names = "--eval-every", paramLabel = "N",
            description = "Steps between evaluations (default ${DEFAULT-VALUE}).")
    int evalEvery;

    @Option(names = "--save-every", paramLabel = "N",
            description = "Steps between checkpoints (default ${DEFAULT-VALUE}).")
    int saveEvery;

    /// With these defaults.
    StepOptions(long steps, int evalEvery, int saveEvery) {
        this.steps = steps;
        this.evalEvery = evalEvery;
        this.saveEvery = saveEvery;
    }

    /// Refuses what no run can have.
    void check(Common common) {
        common.atLeast(1, "--steps", steps);
        common.atLeast(1, "--eval-every", evalEvery);
        common.atLeast(1, "--save-every", saveEvery);
    }

    TrainingFolder folder() {
        return new TrainingFolder(out);
    }
}
