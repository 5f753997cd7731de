package org.sfumato.cli.shared;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.sfumato.models.training.Trained;
import org.sfumato.models.training.TrainingCheckpoint;
import org.sfumato.nn.checkpoint.Checkpoints;
import picocli.CommandLine.Option;

/// `--model`: a folder that `sfumato train` made, or one of its checkpoints.
public final class ModelOption {
    @Option(names = "--model", required = true, paramLabel = "DIR",
            description = "What `sfumato train` made, or one checkpoint of it.")
    Path folder;

    /// Where the model lies.
    public Path folder() {
        return folder;
    }

    /// The model, in the current scope: the best checkpoint of a training, else the newest.
    public Trained load(Common common) throws IOException {
        return load(folder, common);
    }

    public static Trained load(Path folder, Common common) throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new IllegalArgumentException("no model in " + folder + ": there is no such folder"
                    + "\nhint: train one: sfumato train masked --data FILE --out " + folder);
        }
        var checkpoints = folder.resolve("checkpoints");
        var stored = Checkpoints.open(Files.isDirectory(checkpoints) ? checkpoints : folder);
        stored.warnings().forEach(warning -> common.err().println("sfumato: " + warning));
        return TrainingCheckpoint.load(stored);
    }
}
