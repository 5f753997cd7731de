package org.sfumato.cli.train;

import org.sfumato.cli.shared.Common;
import picocli.CommandLine.Option;

/// How long a training goes on, one or the other: `@ArgGroup RunLength length;`.
public final class RunLength {
    @Option(names = "--steps", paramLabel = "N", description = "Length of the run in steps (default 2000).")
    Long steps;

    @Option(names = "--minutes", paramLabel = "M", description = "Length of the run in minutes.")
    Double minutes;

    /// Refuses what no run can have.
    public void check(Common common) {
        common.atLeast(1, "--steps", steps);
        common.positive("--minutes", minutes);
    }

    /// Steps; 0 if the length is given in minutes.
    public long steps() {
        return steps == null ? 0 : steps;
    }

    /// Minutes; 0 if the length is given in steps.
    public double minutes() {
        return minutes == null ? 0 : minutes;
    }
}
