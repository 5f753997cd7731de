package org.sfumato.examples;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.sfumato.models.gaussian.DenoisingObjective;
import org.sfumato.models.gaussian.DiscreteSchedule;
import org.sfumato.models.gaussian.GaussianProcess;
import org.sfumato.models.gaussian.LatentTable;
import org.sfumato.models.gaussian.Parameterisation;
import org.sfumato.models.gaussian.Restoration;
import org.sfumato.models.gaussian.Solver;
import org.sfumato.models.gaussian.Weighting;
import org.sfumato.models.latent.LatentStatistics;
import org.sfumato.models.reverse.ReversePipeline;
import org.sfumato.models.reverse.ReverseTransformer;
import org.sfumato.models.reverse.ReverseTransformerConfig;
import org.sfumato.models.training.LatentTrainer;
import org.sfumato.models.training.LatentTrainingConfig;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;

/// The Reverse Transformer's figure with the baselines that it lacks: noise of several levels is put on the latents of
/// held-out sentences, and taken away by a network, by the best linear filter, by a sampler; how near is what comes
/// out?
public final class RestoreLatents {
    /// Sizes of the run: steps of training, rows of one, levels at which noise is put on, steps of the sampler.
    public record Size(int steps, int batch, List<Integer> levels, int visits) { }

    private RestoreLatents() { }

    /// Arguments: encoder, tokenizer, text, and the folder for the pictures (the present one if absent).
    public static void main(String[] args) throws IOException {
        try (var scope = Scope.open("sentences")) {
            var sentences = scope.call(() -> Loading.of(() -> Sentences.of("RestoreLatents", args, 20_000)));
            var report = run(sentences.latents(), new Size(4000, 64, List.of(50, 100, 250, 500, 750, 999), 50),
                    System.out);
            var folder = Path.of(args.length > 3 ? args[3] : ".");
            Files.writeString(folder.resolve("cosine.svg"), report.svg(false));
            Files.writeString(folder.resolve("centred.svg"), report.svg(true));
        }
    }

    public static Restoration run(LatentTable table, Size size, PrintStream out) {
        int split = table.rows() - Math.max(1, table.rows() / 10);
        var train = table.part(0, split);
        var held = table.part(split, Math.min(table.rows(), split + 500));
        var process = new GaussianProcess(DiscreteSchedule.scaledLinear(), new Parameterisation.V());
        var config = LatentTrainingConfig.ddpm(1).with(size.batch, 0, 1e-3, .999, 50);
        try (var scope = Scope.open("restore")) {
            return scope.call(() -> {
                try (var trainer = new LatentTrainer(config, ReverseTransformerConfig.small(table.width(),
                        table.vectors()), DenoisingObjective.of(process, new Weighting.Simple()),
                        LatentStatistics.of(train.latents()), train, size.steps)) {
                    while (trainer.steps() < trainer.total()) {
                        double loss = trainer.step();
                        if (trainer.steps() % 500 == 0) {
                            out.printf(Locale.ROOT, "step %5d  loss %.4f%n", trainer.steps(), loss);
                        }
                    }
                    var model = trainer.model();
                    var report = Restoration.of(new Restoration.Plan(model, train, held, size.levels,
                            new Solver.Ddim(0), size.visits), Rng.of(1));
                    out.print(report.table());
                    var clean = model.statistics().standardise(held.latents());
                    var original = Restoration.Nearness.of(ReversePipeline.iterated(
                            (ReverseTransformer) model.network(), process, clean, Rng.of(1)), clean,
                            model.statistics(), train.latents().mean(0));
                    out.printf(Locale.ROOT, "| | | the authors' loop | %.4f | %.3f | %.3f |%n", original.mse(),
                            original.cosine(), original.centredCosine());
                    return report;
                }
            });
        }
    }
}
