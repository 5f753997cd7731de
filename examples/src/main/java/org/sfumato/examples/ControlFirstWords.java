package org.sfumato.examples;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.sfumato.models.gaussian.Clipping;
import org.sfumato.models.gaussian.Condition;
import org.sfumato.models.gaussian.ContinuousSchedule;
import org.sfumato.models.gaussian.ControlNet;
import org.sfumato.models.gaussian.DenoisingObjective;
import org.sfumato.models.gaussian.GaussianProcess;
import org.sfumato.models.gaussian.LatentModel;
import org.sfumato.models.gaussian.LatentObserver;
import org.sfumato.models.gaussian.Parameterisation;
import org.sfumato.models.gaussian.Solver;
import org.sfumato.models.gaussian.Steerable;
import org.sfumato.models.gaussian.Weighting;
import org.sfumato.models.gist.LatentTransformerConfig;
import org.sfumato.models.latent.LatentStatistics;
import org.sfumato.models.training.LatentTrainer;
import org.sfumato.models.training.LatentTrainingConfig;
import org.sfumato.nn.log.LossCurve;
import org.sfumato.nn.log.Scale;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// A denoiser of any sentences stays as it is and learns to make those that begin with given words: by a [ControlNet].
public final class ControlFirstWords {
    /// Sizes of the run: steps of each training, rows of one, first words that are the condition, measurements on the
    /// way, steps of the sampler.
    public record Size(int steps, int batch, int words, int looks, int visits) { }

    /// Mean cosines to the latents of sentences held out: of what the frozen network makes, and of what is made given
    /// their first words, before the training of the ControlNet and at each look.
    public record Outcome(double frozen, List<Double> controlled) { }

    private ControlFirstWords() { }

    /// Arguments: encoder, tokenizer, text, and the SVG to be written (control.svg if absent).
    public static void main(String[] args) throws IOException {
        try (var scope = Scope.open("sentences")) {
            var sentences = scope.call(() -> Loading.of(() -> Sentences.of("ControlFirstWords", args, 20_000)));
            var size = new Size(3000, 64, 3, 10, 20);
            var picture = picture(run(sentences, size, System.out), size);
            Files.writeString(Path.of(args.length > 3 ? args[3] : "control.svg"), picture);
        }
    }

    /// Trains, and measures on sentences held out.
    public static Outcome run(Sentences sentences, Size size, PrintStream out) {
        int split = sentences.texts().size() - Math.clamp(sentences.texts().size() / 10, 1, 256);
        var starts = sentences.texts().stream().map(text -> String.join(" ",
                Arrays.asList(text.split(" ")).subList(0, Math.min(size.words, text.split(" ").length)))).toList();
        var network = LatentTransformerConfig.small(1, sentences.latents().width());
        var objective = new DenoisingObjective(new GaussianProcess(new ContinuousSchedule.Cosine(),
                new Parameterisation.V()), new Weighting.Simple(), DenoisingObjective.Draw.STRATIFIED, .1, 0);
        var recipe = LatentTrainingConfig.ddpm(1).with(size.batch, 0, 1e-3, .99, 20);
        try (var scope = Scope.open("control")) {
            return scope.call(() -> {
                var statistics = LatentStatistics.of(sentences.latents().latents().slice(0, 0, split));
                var words = statistics.standardise(sentences.encoder().encode(starts));                // (R, 1, D)
                var held = statistics.standardise(sentences.latents().part(split, starts.size()).latents());
                var wanted = Condition.of(words.slice(0, split, starts.size()));
                var table = sentences.latents().part(0, split);
                try (var first = new LatentTrainer(recipe, network, objective, statistics, table, size.steps);
                        var second = new LatentTrainer(recipe, new ControlNet.Config(network, network.width()),
                                objective, statistics, table.given(words.slice(0, 0, split)), size.steps)) {
                    for (int i = 0; i < size.steps; i++) {
                        first.step();
                    }
                    var frozen = first.model();
                    ((ControlNet) second.network()).take((Steerable) frozen.network());
                    double free = cosine(made(frozen, wanted, held, size), held);
                    out.printf(Locale.ROOT, "frozen: cosine %.3f to the sentences held out%n", free);
                    var controlled = new ArrayList<Double>();
                    for (int look = 0; look <= size.looks; look++) {
                        while (second.steps() < (long) size.steps * look / size.looks) {
                            second.step();
                        }
                        controlled.add(cosine(made(second.last(), wanted, held, size), held));
                        out.printf(Locale.ROOT, "step %d: %.3f%n", second.steps(), controlled.getLast());
                    }
                    var texts = statistics.restore(made(second.last(), wanted, held, size));
                    for (int i = 0; i < Math.min(8, texts.size(0)); i++) {
                        out.printf("%s ... -> %s%n", starts.get(split + i), sentences.nearest(texts.select(0, i)));
                    }
                    return new Outcome(free, controlled);
                }
            });
        }
    }

    /// Standardised latents of the shape of `like`, always from the same noise.
    private static Tensor made(LatentModel model, Condition wanted, Tensor like, Size size) {
        return model.sampler(model.path(size.visits), new Solver.DpmSolver2M(0), new Clipping.Off(), 1)
                .sample(like.shape(), wanted, Rng.of(2), LatentObserver.NONE);
    }

    private static double cosine(Tensor x, Tensor y) {
        return x.mul(y).sum(1, 2).div(x.square().sum(1, 2).mul(y.square().sum(1, 2)).sqrt()).mean().item();
    }

    /// The cosine along the training, an SVG.
    public static String picture(Outcome outcome, Size size) {
        var controlled = new ArrayList<LossCurve.Point>();
        for (int i = 0; i < outcome.controlled.size(); i++) {
            controlled.add(new LossCurve.Point((double) size.steps * i / size.looks, outcome.controlled.get(i)));
        }
        var frozen = controlled.stream().map(p -> new LossCurve.Point(p.step(), outcome.frozen)).toList();
        return new LossCurve("Latents of sentences that begin with given words", "step of the ControlNet",
                "cosine to the sentence's latent", Scale.LINEAR, Scale.LINEAR).svg(List.of(
                new LossCurve.Series("controlled", controlled, 0), new LossCurve.Series("frozen", frozen, 0)));
    }
}
