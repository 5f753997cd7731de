package org.sfumato.cli;

import picocli.CommandLine.Option;

/// `--threads`: must be seen before the engine starts, which reads it once.
final class Threads {
    @Option(names = "--threads", paramLabel = "N", description = "Threads of the CPU engine (default: processors).")
    void threads(int count) {
        System.setProperty("sfumato.threads", Integer.toString(count));
    }
}
