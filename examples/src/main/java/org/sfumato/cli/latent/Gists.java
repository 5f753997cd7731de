package org.sfumato.cli.latent;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.sfumato.cli.shared.Common;
import org.sfumato.models.autoregressive.Decoder;
import org.sfumato.models.autoregressive.Decoding;
import org.sfumato.models.data.Tokens;
import org.sfumato.models.gaussian.LatentTable;
import org.sfumato.models.gist.GistAutoencoder;
import org.sfumato.models.latent.Spans;
import org.sfumato.models.training.GistCheckpoint;
import org.sfumato.nn.Pass;
import org.sfumato.nn.checkpoint.Checkpoints;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;
import org.sfumato.tokenizers.Tokenizer;

/// A trained gist autoencoder with its tokenizer.
public record Gists(GistAutoencoder autoencoder, Tokenizer tokenizer) {
    private static final int TOGETHER = 32;

    /// What `sfumato train gist` made, in the current scope.
    public static Gists load(Path folder, Common common) throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new IllegalArgumentException("no autoencoder in " + folder + ": there is no such folder"
                    + "\nhint: train one: sfumato train gist --model DIR --data FILE --out " + folder);
        }
        var checkpoints = folder.resolve("checkpoints");
        var stored = Checkpoints.open(Files.isDirectory(checkpoints) ? checkpoints : folder);
        stored.warnings().forEach(warning -> common.err().println("sfumato: " + warning));
        return new Gists(GistCheckpoint.load(stored), GistCheckpoint.tokenizer(stored));
    }

    /// The latents of texts end to end, up to `most` of them, in the current scope.
    ///
    /// @throws IllegalArgumentException if there are not two
    public LatentTable encode(Tokens tokens, long most) {
        int block = autoencoder.length();
        int count = Math.toIntExact(Math.min(most, tokens.size() / block));
        if (count < 2) {
            throw new IllegalArgumentException(tokens.size() + " tokens are not two texts of " + block
                    + "\nhint: a longer text");
        }
        var found = new ArrayList<Tensor>();
        for (int from = 0; from < count; from += TOGETHER) {
            int rows = Math.min(TOGETHER, count - from);
            var ids = tokens.consecutive((long) from * block, rows, block);
            found.add(Scope.result(() -> Dispatch.unrecorded(() -> autoencoder.latents(
                    Spans.of(Tensor.of(ids, rows, block)), Pass.INFERENCE))));
        }
        var all = Tensor.concat(0, found.toArray(Tensor[]::new));
        found.forEach(Tensor::close);
        return LatentTable.of(all);
    }

    /// The tokens that are written for latents (B, N, D), a row for each, up to one that stands for no text.
    ///
    /// @param tokens of each text at most
    /// @param temperature of the draw; 0: the likeliest
    public List<int[]> write(Tensor latents, int tokens, double temperature, Rng rng) {
        int room = Math.min(tokens, autoencoder.decoder().config().length() - autoencoder.vectors());
        var written = new ArrayList<int[]>();
        for (int from = 0; from < latents.size(0); from += TOGETHER) {
            var some = latents.slice(0, from, Math.min(latents.size(0), from + TOGETHER));
            var prompts = new ArrayList<int[]>();
            for (int i = 0; i < some.size(0); i++) {
                prompts.add(new int[0]);
            }
            var how = temperature == 0 ? Decoding.greedy(room) : Decoding.sampled(room, temperature, 0, 1);
            new Decoder(autoencoder.writer(some)).generate(prompts, how, Decoder.Uniforms.of(rng.fold(from)),
                    Decoder.Observer.NONE).forEach(ids -> written.add(Arrays.stream(ids)
                            .takeWhile(id -> id < tokenizer.vocabularySize()).toArray()));
        }
        return written;
    }
}
