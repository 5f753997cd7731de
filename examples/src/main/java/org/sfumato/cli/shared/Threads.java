package org.sfumato.cli.shared;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `--threads`: must be seen before the engine starts, which reads it once.
public final class Threads {
    private static final int MOST = 1024;

    @Spec(Spec.Target.MIXEE)
    CommandSpec spec;

    @Option(names = "--threads", paramLabel = "N", description = "Threads of the CPU engine (default: processors).")
    void threads(int count) {
        if (count < 1 || count > MOST) {
            throw new ParameterException(spec.commandLine(), "--threads must be in [1, " + MOST + "], got " + count);
        }
        System.setProperty("sfumato.threads", Integer.toString(count));
    }
}
