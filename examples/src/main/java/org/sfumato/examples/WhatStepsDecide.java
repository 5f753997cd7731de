package org.sfumato.examples;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.sfumato.models.gaussian.Clipping;
import org.sfumato.models.gaussian.Decisions;
import org.sfumato.models.gaussian.LatentModel;
import org.sfumato.models.gaussian.Solver;
import org.sfumato.models.training.LatentCheckpoint;
import org.sfumato.nn.checkpoint.Checkpoints;
import org.sfumato.nn.log.LossCurve;
import org.sfumato.nn.log.Scale;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;

/// What each step of a sampler decides: the clean latent as it is predicted on the way from noise, how near it is to
/// what comes out, and which sentence of a corpus is nearest to it.
public final class WhatStepsDecide {
    private WhatStepsDecide() { }

    /// Arguments: encoder, tokenizer, text, what `sfumato train latent` made of the text's latents, and the SVG to be
    /// written (steps.svg if absent).
    public static void main(String[] args) throws IOException {
        try (var scope = Scope.open("sentences")) {
            var sentences = scope.call(() -> Loading.of(() -> Sentences.of("WhatStepsDecide", args, 5000)));
            var model = scope.call(() -> Loading.of(() -> LatentCheckpoint.load(Checkpoints.open(
                    Path.of(args.length > 3 ? args[3] : "model").resolve("checkpoints")))));
            var picture = run(sentences, model, new int[] {25, 64}, System.out);
            Files.writeString(Path.of(args.length > 4 ? args[4] : "steps.svg"), picture);
        }
    }

    /// Returns the picture, an SVG.
    ///
    /// @param size steps of the sampler, and latents over which the mean is taken
    public static String run(Sentences sentences, LatentModel model, int[] size, PrintStream out) {
        try (var scope = Scope.open("decisions")) {
            return scope.call(() -> {
                var sampler = model.sampler(model.path(size[0]), new Solver.DpmSolver2M(0), new Clipping.Off(), 1);
                var seen = new Decisions();
                var end = sampler.sample(Shape.of(size[1], 1, sentences.latents().width()), null, Rng.of(1), seen);
                out.printf("| step | sigma | cosine to the end | decided here | nearest sentence of the first |%n"
                        + "|---|---|---|---|---|%n");
                var decisions = seen.decisions(end);
                var points = new ArrayList<LossCurve.Point>();
                for (int i = 0; i < decisions.size(); i++) {
                    var d = decisions.get(i);
                    var first = model.statistics().restore(seen.prediction(i).slice(0, 0, 1)).squeeze(0);
                    out.printf(Locale.ROOT, "| %d | %.3g | %.3f | %+.3f | %s |%n", i + 1, d.level().sigma(),
                            d.cosine(), d.decided(), sentences.nearest(first));
                    points.add(new LossCurve.Point(d.level().sigma(), d.cosine()));
                }
                return new LossCurve("What each step decides", "noise over signal",
                        "cosine of the predicted and the final latent", Scale.LOGARITHMIC, Scale.LINEAR)
                        .svg(List.of(new LossCurve.Series("prediction", points.reversed(), 0)));
            });
        }
    }
}
