package org.sfumato.cli.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.sfumato.cli.shared.Common;
import org.sfumato.nn.checkpoint.Checkpoints;
import org.sfumato.nn.checkpoint.Stored;

/// `--out`: where a training lies, as far as it has come.
public record TrainingFolder(Path path) {
    /// The newest checkpoint, if there is one.
    public Optional<Stored> newest(Common common) throws IOException {
        if (!Files.isDirectory(path.resolve("checkpoints"))) {
            return Optional.empty();
        }
        try (var checkpoints = new Checkpoints(path.resolve("checkpoints"), 1)) {
            var found = checkpoints.look();
            found.warnings().forEach(warning -> common.err().println("sfumato: " + warning));
            return found.latest().isEmpty() ? Optional.empty()
                    : Optional.of(Checkpoints.read(found.latest().get()));
        }
    }

    /// The checkpoint to go on from; none if a training begins.
    ///
    /// @param resume what the user asked for
    /// @throws IllegalArgumentException if there is nothing to resume, or a training that would be overwritten
    public Optional<Stored> begin(Common common, boolean resume) throws IOException {
        var stored = newest(common);
        if (stored.isPresent() != resume) {
            throw new IllegalArgumentException(resume
                    ? "nothing to resume in " + path + "\nhint: leave --resume out to start anew"
                    : "there is a training in " + path + " already\nhint: --resume to go on with it, or another --out");
        }
        return stored;
    }

    /// Refuses to go on by a recipe that is not the one `stored`.
    void requireSame(Object wanted, Object stored) {
        if (!wanted.equals(stored)) {
            throw new IllegalArgumentException("the training in " + path + " has another recipe: " + stored
                    + "\nhint: go on with the options that began it, or begin another with another --out");
        }
    }
}
