package org.sfumato.examples;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.sfumato.models.gaussian.Clipping;
import org.sfumato.models.gaussian.Condition;
import org.sfumato.models.gaussian.GaussianSampler;
import org.sfumato.models.gaussian.LatentModel;
import org.sfumato.models.gaussian.LatentObserver;
import org.sfumato.models.gaussian.LatentTable;
import org.sfumato.models.gaussian.Solver;
import org.sfumato.models.latent.Spans;
import org.sfumato.models.training.LatentCheckpoint;
import org.sfumato.nn.Pass;
import org.sfumato.nn.checkpoint.Checkpoints;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.io.Safetensors;

/// Next-span diffusion, LDLM's idea: what is known of the next span's latent once the one before it is. Latents are
/// sampled given the previous one and given none; their mean is compared with the true next latent, and the decoder is
/// asked how likely the true next span is.
public final class NextSpan {
    /// How latents are sampled.
    public record Setting(int steps, double eta, double guidance) { }

    /// Cosines with the true next latent, the mean of all latents taken off, of the mean of 16 samples given the span
    /// before, of 16 given none and of the latent before; and nats per token of the true next span for samples of both
    /// kinds, for z = 0 and for its own latent.
    public record Outcome(double conditional, double unconditional, double copied, double given, double free,
            double none, double own) { }

    /// The spans asked for, with their latents and those before them, (B, 1, D).
    public record Pairs(Tensor before, Tensor next, Spans spans) { }

    private static final int SAMPLES = 16;

    private NextSpan() { }

    /// Arguments: what `sfumato train vae` made, what `sfumato train latent` made of its latents, the file that
    /// `sfumato embed` wrote, the number of spans, the last ones of the file.
    public static void main(String[] args) {
        if (args.length < 4) {
            System.err.println("usage: NextSpan VAE LATENT-MODEL LATENTS.safetensors SPANS");
            System.exit(2);
        }
        try (var scope = Scope.open("next span")) {
            scope.call(() -> Loading.of(() -> {
                var model = Autoencoders.open(Path.of(args[0]));
                var latents = LatentCheckpoint.load(Checkpoints.open(Path.of(args[1]).resolve("checkpoints")));
                var pairs = pairs(Path.of(args[2]), Integer.parseInt(args[3]));
                for (var setting : List.of(new Setting(25, 0, 1), new Setting(25, 1, 1), new Setting(100, 0, 1),
                        new Setting(25, 0, 0), new Setting(25, 0, 2), new Setting(25, 0, 3))) {
                    run(model, latents, pairs, setting, System.out);
                }
                return null;
            }));
        }
    }

    /// The last `count` spans in `file` that have one before them in their document.
    public static Pairs pairs(Path file, int count) throws IOException {
        var table = LatentTable.read(file);
        var stored = Safetensors.read(file);
        var rows = IntStream.iterate(table.rows() - 1, i -> i > 0, i -> i - 1)
                .filter(i -> table.documents()[i] == table.documents()[i - 1]).limit(count).asLongStream().toArray();
        var next = Tensor.of(rows);
        var ids = stored.get("ids").indexSelect(0, next);
        var lengths = stored.get("lengths").indexSelect(0, next).unsqueeze(1);
        return new Pairs(table.latents().indexSelect(0, next.sub(1)), table.latents().indexSelect(0, next),
                new Spans(ids, Tensor.arange(ids.size(1)).unsqueeze(0).lt(lengths)));
    }

    /// Prints a line of the table.
    public static Outcome run(Autoencoders model, LatentModel latents, Pairs pairs, Setting setting, PrintStream out) {
        return Dispatch.unrecorded(() -> {
            var condition = Condition.of(latents.statistics().standardise(pairs.before));
            var path = latents.path(setting.steps);
            var solver = new Solver.DpmSolver2M(setting.eta);
            var guided = latents.sampler(path, solver, new Clipping.Off(), setting.guidance);
            var free = latents.sampler(path, solver, new Clipping.Off(), 1);
            var with = samples(latents, guided, pairs, condition, 1);
            var without = samples(latents, free, pairs, condition.absent(), 2);
            var center = latents.statistics().mean();
            var outcome = new Outcome(cosine(with.mean(0), pairs.next, center), cosine(without.mean(0), pairs.next,
                    center), cosine(pairs.before, pairs.next, center), nats(model, with, pairs),
                    nats(model, without, pairs), nats(model, pairs.next.mul(0).unsqueeze(0), pairs),
                    nats(model, pairs.next.unsqueeze(0), pairs));
            out.println(setting + " " + outcome);
            return outcome;
        });
    }

    /// Shape: (S, B, 1, D).
    private static Tensor samples(LatentModel latents, GaussianSampler sampler, Pairs pairs, Condition condition,
            long stream) {
        return Tensor.stack(0, IntStream.range(0, SAMPLES).mapToObj(k -> latents.statistics().restore(sampler.sample(
                pairs.next.shape(), condition, Rng.of(stream).fold(k), LatentObserver.NONE))).toArray(Tensor[]::new));
    }

    /// The mean cosine of rows less `center`.
    private static double cosine(Tensor a, Tensor b, Tensor center) {
        var x = a.sub(center).flatten(1, 2);
        var y = b.sub(center).flatten(1, 2);
        var norms = x.square().sum(1).mul(y.square().sum(1)).sqrt();
        return x.mul(y).sum(1).div(norms).mean().item();
    }

    /// Nats per token of the next spans, in mean over latents (S, B, 1, D). The text before is not shown.
    private static double nats(Autoencoders model, Tensor z, Pairs pairs) {
        return IntStream.range(0, (int) z.size(0)).mapToDouble(k -> Scope.result(() -> model.vae().crossEntropy(
                z.select(0, k), Spans.none(pairs.spans.rows(), 0), pairs.spans, Pass.INFERENCE).sum()).item())
                .average().orElseThrow() / pairs.spans.tokens();
    }
}
