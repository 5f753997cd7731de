package org.sfumato.examples;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.sfumato.models.data.TextCorpus;
import org.sfumato.models.diffusion.Estimate;
import org.sfumato.models.latent.AutoencoderScores;
import org.sfumato.models.latent.Spans;
import org.sfumato.models.pretrained.LanguageModel;
import org.sfumato.models.pretrained.Peft;
import org.sfumato.models.training.VaeCheckpoint;
import org.sfumato.models.training.VaeCheckpoint.Base;
import org.sfumato.models.training.VaeTrainer;
import org.sfumato.models.training.VaeTrainingConfig;
import org.sfumato.models.vae.ScratchVae;
import org.sfumato.models.vae.TextVae;
import org.sfumato.models.vae.VaeConfig;
import org.sfumato.nn.Pass;
import org.sfumato.nn.checkpoint.Checkpoints;
import org.sfumato.nn.log.LossCurve;
import org.sfumato.nn.log.Scale;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.quantised.WeightFormat;
import org.sfumato.tokenizers.Tokenizer;

/// What the examples with latents begin with: an autoencoder and its tokenizer.
///
/// @param vae trained
/// @param tokenizer of its texts
public record Autoencoders(TextVae vae, Tokenizer tokenizer) {
    /// The newest checkpoint in a folder that `sfumato train vae` made, in the current scope.
    ///
    /// @throws IOException if it cannot be read
    public static Autoencoders open(Path folder) throws IOException {
        var stored = Checkpoints.open(folder.resolve("checkpoints"));
        var told = VaeCheckpoint.base(stored);
        Optional<Base> base = Optional.empty();
        if (told.isPresent()) {
            var path = Path.of(told.get().path("path").asString(""));
            var weights = told.get().path("weights").asString("");
            var model = LanguageModel.load(path, Optional.of(told.get().path("tokenizer").asString(""))
                    .filter(t -> !t.isEmpty()).map(Path::of), Optional.of(weights).filter(w -> !w.isEmpty())
                    .map(WeightFormat::valueOf));
            base = Optional.of(new Base(model.network(), Peft.of(path, model.network()).places()));
        }
        return new Autoencoders(VaeCheckpoint.load(stored, base), VaeCheckpoint.tokenizer(stored));
    }

    /// A small one, trained on the spot on the characters of `text`, in the current scope.
    public static Autoencoders small(String text, int length, int steps, long seed) {
        var corpus = TextCorpus.ofCharacters(text);
        var config = new VaeConfig.Scratch(corpus.tokenizer().vocabularySize(), length, 1, 8, 32, 1, 1, .1);
        var vae = ScratchVae.init(config, Rng.of(seed));
        var usual = VaeTrainingConfig.scratch(config, seed);
        var recipe = usual.with(usual.objective(), 8, usual.learningRate());
        try (var trainer = new VaeTrainer(recipe, vae, corpus.all(), steps)) {
            while (trainer.steps() < steps) {
                trainer.step();
            }
        }
        return new Autoencoders(vae, corpus.tokenizer());
    }

    /// The first tokens of `text`, at most as many as a span has.
    public int[] span(String text) {
        var ids = tokenizer.encode(text);
        return ids.length <= vae.length() ? ids : Arrays.copyOf(ids, vae.length());
    }

    /// The mean of the posterior of a span. Shape: (1, N, D).
    public Tensor latent(int[] span) {
        return vae.encode(Spans.padded(List.of(span), span.length), Pass.INFERENCE).mean();
    }

    /// `-log p(span | z)` in nats for each of the latents `z` (B, N, D).
    public double[] losses(Tensor z, int[] span) {
        int rows = Math.toIntExact(z.size(0));
        return vae.crossEntropy(z, Spans.none(rows, 0), Spans.padded(Collections.nCopies(rows, span),
                span.length), Pass.INFERENCE).sum(1).toDoubles();
    }

    /// The negative log-likelihood of spans given their own latents, in nats per token.
    public Estimate score(List<int[]> spans) {
        return new AutoencoderScores(vae, spans, 32).nll(AutoencoderScores.Latent.MEAN, Rng.of(0));
    }

    /// Draws one curve, its points at 0, 1, 2, ..., to `file`.
    static void draw(Path file, String title, String x, String y, double[] values) throws IOException {
        var points = new ArrayList<LossCurve.Point>();
        for (int i = 0; i < values.length; i++) {
            points.add(new LossCurve.Point(i, values[i]));
        }
        Files.writeString(file, new LossCurve(title, x, y, Scale.LINEAR, Scale.LINEAR).svg(List.of(
                new LossCurve.Series(y, points, 0))), StandardCharsets.UTF_8);
    }
}
