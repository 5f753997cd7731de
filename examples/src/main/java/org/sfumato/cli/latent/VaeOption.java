package org.sfumato.cli.latent;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.train.VaeBase;
import org.sfumato.models.training.VaeCheckpoint;
import org.sfumato.models.vae.TextVae;
import org.sfumato.nn.checkpoint.Checkpoints;
import org.sfumato.tokenizers.Tokenizer;
import picocli.CommandLine.Option;

/// `--vae`: what `sfumato train vae` made, and where its language model lies, if it was moved.
final class VaeOption {
    @Option(names = "--vae", required = true, paramLabel = "DIR",
            description = "What `sfumato train vae` made, or one checkpoint of it.")
    Path folder;

    @Option(names = "--model", paramLabel = "DIR",
            description = "Its language model (default: where it was in the training).")
    Path model;

    /// An autoencoder with its tokenizer.
    record Loaded(TextVae vae, Tokenizer tokenizer) { }

    /// The newest checkpoint, in the current scope.
    Loaded load(Common common) throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new IllegalArgumentException("no autoencoder in " + folder + ": there is no such folder"
                    + "\nhint: train one: sfumato train vae --data FILE --out " + folder);
        }
        var checkpoints = folder.resolve("checkpoints");
        var stored = Checkpoints.open(Files.isDirectory(checkpoints) ? checkpoints : folder);
        stored.warnings().forEach(warning -> common.err().println("sfumato: " + warning));
        var base = VaeCheckpoint.base(stored).map(VaeBase::of);
        if (base.isEmpty() && model != null) {
            throw new IllegalArgumentException("--model: the autoencoder in " + folder + " stands on no language model"
                    + "\nhint: leave it out");
        }
        Optional<VaeCheckpoint.Base> loaded = Optional.empty();
        if (base.isPresent()) {
            var place = base.get();
            loaded = Optional.of(new VaeBase(model == null ? place.folder() : model, place.tokenizer(),
                    place.weights()).load(common).base());
        }
        return new Loaded(VaeCheckpoint.load(stored, loaded), VaeCheckpoint.tokenizer(stored));
    }
}
