package org.sfumato.cli.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.Interrupt;
import org.sfumato.cli.shared.Progress;
import org.sfumato.cli.shared.Scoped;
import org.sfumato.cli.shared.Threads;
import org.sfumato.models.gaussian.LatentTable;
import org.sfumato.models.training.LatentCheckpoint;
import org.sfumato.models.training.LatentTrainer;
import org.sfumato.nn.checkpoint.Checkpoints;
import org.sfumato.nn.checkpoint.Stored;
import org.sfumato.tensor.Scope;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.node.JsonNodeFactory;

/// `sfumato train latent`: a denoiser of latents.
@Command(name = "latent", description = {"Train a denoiser of latents, the vectors that sfumato embed makes of texts.",
    "The last rows validate. Ctrl-C saves and ends."})
final class LatentTraining implements Callable<Integer> {
    private static final int KEEP = 3;
    private static final int TIMES = 4;
    private static final int RECENT = 100;
    private static final double NANOS = 1e9;

    @Mixin
    Common common;

    @Mixin
    Threads threads;

    @Option(names = "--data", required = true, arity = "1..*", paramLabel = "FILE",
            description = "Safetensors with latents (rows, vectors, width) or embeds (rows, width).")
    List<Path> data;

    @Option(names = "--out", required = true, paramLabel = "DIR",
            description = "Where checkpoints, logs and the loss curve go.")
    Path out;

    @Option(names = "--denoiser", defaultValue = "reverse",
            description = "${COMPLETION-CANDIDATES} (default ${DEFAULT-VALUE}).")
    LatentRecipe.DenoiserKind denoiser;

    @Option(names = "--preset", defaultValue = "small",
            description = "small: learns in minutes; published: sizes and defaults of the authors (default "
                    + "${DEFAULT-VALUE}).")
    LatentRecipe.Size preset;

    @Option(names = "--self-condition", description = "Reverse: the network reads its own last prediction too.")
    boolean selfCondition;

    @Mixin
    LatentOptions options = new LatentOptions();

    @Option(names = "--steps", defaultValue = "2000", paramLabel = "N",
            description = "Length of the run (default ${DEFAULT-VALUE}).")
    long steps;

    @Option(names = "--held-out", defaultValue = "0.1", paramLabel = "P",
            description = "The last share of the rows, which validates (default ${DEFAULT-VALUE}).")
    double heldOut;

    @Option(names = "--seed", defaultValue = "1", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    long seed;

    @Option(names = "--resume", description = "Go on from the newest checkpoint in --out.")
    boolean resume;

    @Option(names = "--eval-every", defaultValue = "500", paramLabel = "N",
            description = "Steps between evaluations (default ${DEFAULT-VALUE}).")
    int evalEvery;

    @Option(names = "--save-every", defaultValue = "1000", paramLabel = "N",
            description = "Steps between checkpoints (default ${DEFAULT-VALUE}).")
    int saveEvery;

    private double best = Double.POSITIVE_INFINITY;
    private double seconds;

    @Override
    public Integer call() throws IOException {
        common.atLeast(1, "--steps", steps);
        common.atLeast(1, "--eval-every", evalEvery);
        common.atLeast(1, "--save-every", saveEvery);
        common.notNegative("--held-out", heldOut);
        options.check(common);
        try (var scope = Scope.open("train latent")) {
            return Scoped.call(scope, this::train);
        }
    }

    private Integer train() throws IOException {
        var table = LatentTable.read(common.files(data));
        int held = (int) Math.round(heldOut * table.rows());
        if (held < 1 || table.rows() - held < 2) {
            throw new IllegalArgumentException("train latent: " + table.rows() + " rows, " + heldOut
                    + " of them held out, leave no two to train on or none to validate\nhint: another --held-out");
        }
        var train = table.part(0, table.rows() - held);
        var recipe = options.apply(LatentRecipe.of(denoiser, preset, table, seed));
        recipe = selfCondition ? recipe.selfConditioned() : recipe;
        var stored = resume ? resumed(recipe) : null;
        var statistics = stored == null ? recipe.scaling().of(train) : LatentCheckpoint.statistics(stored);
        try (var interrupt = new Interrupt(); var trainer = new LatentTrainer(recipe.training(), recipe.network(),
                recipe.objective(), statistics, train, steps)) {
            if (stored == null) {
                requireEmpty();
            } else {
                LatentCheckpoint.restore(trainer, stored);
                trainer.plan(steps);
                best = stored.progress().path("best").asDouble(best);
                seconds = stored.progress().path("seconds").asDouble(0);
            }
            common.err().printf(Locale.ROOT, "%,d rows of %d x %d; %,d parameters; %s%n", table.rows(),
                    table.vectors(), table.width(), trainer.network().parameterCount(), out);
            run(trainer, table.part(train.rows(), table.rows()), interrupt);
        }
        return ExitCode.OK;
    }

    private void run(LatentTrainer trainer, LatentTable held, Interrupt interrupt) throws IOException {
        try (var logs = new TrainingLogs(out, trainer.steps());
                var checkpoints = new Checkpoints(out.resolve("checkpoints"), KEEP)) {
            checkpoints.forgetAfter(trainer.steps());
            long start = System.nanoTime();
            double before = seconds;
            double loss = Double.NaN;
            try (var progress = Progress.start(common.err(), "train", steps, "steps")) {
                while (!interrupt.requested() && trainer.steps() < steps) {
                    double now = trainer.step();
                    loss = Double.isNaN(loss) ? now : loss + (now - loss) / Math.min(RECENT, trainer.steps());
                    logs.step(trainer.steps(), now, trainer.rate());
                    progress.update(trainer.steps(), loss);
                    seconds = before + (System.nanoTime() - start) / NANOS;
                    if (trainer.steps() % evalEvery == 0) {
                        logs.validation(trainer.steps(), trainer.loss(held, 1));
                    }
                    if (trainer.steps() % saveEvery == 0 && trainer.steps() < steps) {
                        save(checkpoints, trainer, held);
                    }
                }
            }
            double validation = save(checkpoints, trainer, held);
            logs.validation(trainer.steps(), validation);
            logs.curve("Diffusion of latents: loss", "weighted squared error");
            report(trainer, loss, validation, interrupt.requested());
        }
    }

    private double save(Checkpoints checkpoints, LatentTrainer trainer, LatentTable held) throws IOException {
        double value = trainer.loss(held, TIMES);
        boolean better = value < best;
        best = better ? value : best;
        var progress = JsonNodeFactory.instance.objectNode();
        progress.put("seconds", seconds);
        if (Double.isFinite(best)) {
            progress.put("best", best);
        }
        checkpoints.save(LatentCheckpoint.of(trainer, progress));
        if (better) {
            checkpoints.markBest(trainer.steps(), value);
        }
        return value;
    }

    private void report(LatentTrainer trainer, double loss, double validation, boolean interrupted) {
        if (!common.json()) {
            common.out().printf(Locale.ROOT, "%s after %,d steps in %s%nloss %.4f, on held-out latents %.4f%nmodel: "
                    + "%s%n", interrupted ? "interrupted" : "done", trainer.steps(),
                    Progress.time(Math.round(seconds)), loss, validation, out);
        }
        var fields = new LinkedHashMap<String, Object>();
        fields.put("steps", trainer.steps());
        fields.put("parameters", trainer.network().parameterCount());
        fields.put("trainLoss", loss);
        fields.put("validationLoss", validation);
        fields.put("interrupted", interrupted);
        fields.put("model", out.toString());
        common.result(fields);
    }

    /// The newest checkpoint, if it is of the same recipe.
    private Stored resumed(LatentRecipe recipe) throws IOException {
        var nothing = new IllegalArgumentException(
                "nothing to resume in " + out + "\nhint: leave --resume out to start anew");
        if (!Files.isDirectory(out.resolve("checkpoints"))) {
            throw nothing;
        }
        try (var checkpoints = new Checkpoints(out.resolve("checkpoints"), 1)) {
            var found = checkpoints.look();
            found.warnings().forEach(warning -> common.err().println("sfumato: " + warning));
            var stored = Checkpoints.read(found.latest().orElseThrow(() -> nothing));
            if (!recipe.training().equals(LatentCheckpoint.config(stored))
                    || !recipe.network().equals(LatentCheckpoint.network(stored))
                    || !recipe.objective().equals(LatentCheckpoint.objective(stored))) {
                throw new IllegalArgumentException("the training in " + out + " has another recipe: "
                        + LatentCheckpoint.network(stored)
                        + "\nhint: go on with the options that began it, or begin another with another --out");
            }
            return stored;
        }
    }

    private void requireEmpty() throws IOException {
        try (var checkpoints = new Checkpoints(out.resolve("checkpoints"), 1)) {
            if (checkpoints.look().latest().isPresent()) {
                throw new IllegalArgumentException("there is a training in " + out
                        + " already\nhint: --resume to go on with it, or another --out");
            }
        }
    }
}
