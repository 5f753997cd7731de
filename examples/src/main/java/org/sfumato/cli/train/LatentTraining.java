package org.sfumato.cli.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.Interrupt;
import org.sfumato.cli.shared.Scoped;
import org.sfumato.cli.shared.Threads;
import org.sfumato.models.gaussian.LatentTable;
import org.sfumato.models.training.LatentCheckpoint;
import org.sfumato.models.training.LatentTrainer;
import org.sfumato.nn.checkpoint.Checkpoints;
import org.sfumato.nn.checkpoint.Stored;
import org.sfumato.tensor.Precision;
import org.sfumato.tensor.Scope;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.node.ObjectNode;

/// `sfumato train latent`: a denoiser of latents.
@Command(name = "latent", description = {"Train a denoiser of latents, the vectors that sfumato embed makes of texts.",
    "The last rows validate. Ctrl-C saves and ends."})
final class LatentTraining implements Callable<Integer> {
    private static final int TIMES = 4;

    @Mixin
    Common common;

    @Mixin
    Threads threads;

    @Option(names = "--data", required = true, arity = "1..*", paramLabel = "FILE",
            description = "Safetensors with latents (rows, vectors, width) or embeds (rows, width).")
    List<Path> data;

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

    @Mixin
    StepOptions run = new StepOptions(2000, 500, 1000);

    @Option(names = "--held-out", defaultValue = "0.1", paramLabel = "P",
            description = "The last share of the rows, which validates (default ${DEFAULT-VALUE}).")
    double heldOut;

    private double best = Double.POSITIVE_INFINITY;

    @Override
    public Integer call() throws IOException {
        run.check(common);
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
        var recipe = options.apply(LatentRecipe.of(denoiser, preset, table, run.seed),
                run.precision.or(Precision.F32));
        recipe = selfCondition ? recipe.selfConditioned() : recipe;
        var stored = stored(recipe);
        var statistics = stored.isPresent() ? LatentCheckpoint.statistics(stored.get()) : recipe.scaling().of(train);
        try (var interrupt = new Interrupt(); var trainer = new LatentTrainer(recipe.training(), recipe.network(),
                recipe.objective(), statistics, train, run.steps)) {
            if (stored.isPresent()) {
                LatentCheckpoint.restore(trainer, stored.get());
                best = stored.get().progress().path("best").asDouble(best);
            }
            common.err().printf(Locale.ROOT, "%,d rows of %d x %d; %,d parameters; %s%n", table.rows(),
                    table.vectors(), table.width(), trainer.network().parameterCount(), run.out);
            report(trainer, new StepLoop(common, run, trainer, stored).run(interrupt,
                    new Pause(trainer, table.part(train.rows(), table.rows())),
                    "Diffusion of latents: loss", "weighted squared error"));
        }
        return ExitCode.OK;
    }

    private final class Pause implements StepLoop.Pause {
        private final LatentTrainer trainer;
        private final LatentTable held;

        Pause(LatentTrainer trainer, LatentTable held) {
            this.trainer = trainer;
            this.held = held;
        }

        @Override
        public double evaluate() {
            return trainer.loss(held, 1);
        }

        @Override
        public double save(Checkpoints checkpoints, ObjectNode progress) throws IOException {
            double value = trainer.loss(held, TIMES);
            boolean better = value < best;
            best = better ? value : best;
            if (Double.isFinite(best)) {
                progress.put("best", best);
            }
            checkpoints.save(LatentCheckpoint.of(trainer, progress));
            if (better) {
                checkpoints.markBest(trainer.steps(), value);
            }
            return value;
        }
    }

    private void report(LatentTrainer trainer, StepLoop.Outcome outcome) {
        if (!common.json()) {
            common.out().printf(Locale.ROOT, "%s%nloss %.4f, on held-out latents %.4f%nmodel: %s%n", outcome.said(),
                    outcome.loss(), outcome.validation(), run.out);
        }
        var fields = outcome.fields();
        fields.put("parameters", trainer.network().parameterCount());
        fields.put("validationLoss", outcome.validation());
        fields.put("interrupted", outcome.interrupted());
        fields.put("model", run.out.toString());
        common.result(fields);
    }

    /// The checkpoint to go on from, which must be of the same recipe.
    private Optional<Stored> stored(LatentRecipe recipe) throws IOException {
        var stored = run.folder().begin(common, run.resume);
        if (stored.isPresent()) {
            run.folder().requireSame(recipe.training(), LatentCheckpoint.config(stored.get()));
            run.folder().requireSame(recipe.network(), LatentCheckpoint.network(stored.get()));
            run.folder().requireSame(recipe.objective(), LatentCheckpoint.objective(stored.get()));
        }
        return stored;
    }
}
