package org.sfumato.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.sfumato.models.data.NGramEntropy;

/// The logs of a training.
final class TrainingLogs implements AutoCloseable {
    TrainingLogs(Path out, long resumedAt) throws IOException {
    }

    void step(long step, double loss, double rate) throws IOException {
    }

    void validation(long step, double nelbo) throws IOException {
    }

    void curve(NGramEntropy entropy) throws IOException {
    }

    @Override
    public void close() throws IOException {
    }
}
