package org.sfumato.cli.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.Interrupt;
import org.sfumato.cli.shared.Progress;
import org.sfumato.cli.shared.Threads;
import org.sfumato.cli.shared.TrainingData;
import org.sfumato.cli.text.EvalCommand;
import org.sfumato.models.training.Trainer;
import org.sfumato.models.training.TrainingCheckpoint;
import org.sfumato.models.training.TrainingConfig;
import org.sfumato.nn.checkpoint.Stored;
import org.sfumato.tensor.Precision;
import org.sfumato.tokenizers.Tokenizer;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// What all kinds of `sfumato train` share.
abstract class Training implements Callable<Integer> {
    private static final long STEPS = 2000;

    @Mixin
    Common common;

    @Mixin
    Threads threads;

    @Option(names = "--data", required = true, arity = "1..*", paramLabel = "FILE", description = TrainingData.HELP)
    List<Path> data;

    @Option(names = "--out", required = true, paramLabel = "DIR",
            description = "Where checkpoints, logs and the loss curve go.")
    Path out;

    @Mixin
    RecipeOptions recipe;

    @ArgGroup
    RunLength length;

    @Mixin
    PrecisionOption precision;

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

    /// What is trained.
    abstract Kind kind();

    @Override
    public final Integer call() throws IOException {
        checkOptions();
        var stored = new TrainingFolder(out).begin(common, resume).orElse(null);
        var tokenizer = Optional.ofNullable(stored).map(TrainingCheckpoint::tokenizer);
        try (var read = TrainingData.read(common, data, tokenizer)) {
            return train(read, stored);
        }
    }

    private Integer train(TrainingData read, Stored stored) throws IOException {
        var corpus = read.corpus();
        var config = config(corpus.tokenizer());
        var objective = kind().objective(corpus.tokenizer());
        if (stored != null) {
            config = same(config, TrainingCheckpoint.config(stored));
            if (!objective.equals(TrainingCheckpoint.objective(stored))) {
                throw new IllegalArgumentException("the training in " + out + " is of another kind: "
                        + TrainingCheckpoint.objective(stored)
                        + "\nhint: go on with the command that began it, or begin another with another --out");
            }
        }
        try (var interrupt = new Interrupt(); var trainer = new Trainer(config, objective, corpus.train(), 1)) {
            var run = new TrainingRun(common, corpus, trainer, plan(stored), out);
            if (stored != null) {
                run.resume(stored);
            }
            common.err().printf(Locale.ROOT, "%s; %,d parameters; %s%n", read.summary(),
                    trainer.network().parameterCount(), out);
            return report(run.run(interrupt));
        }
    }

    private Integer report(TrainingRun.Outcome outcome) {
        if (!common.json()) {
            common.out().printf(Locale.ROOT, "%s after %,d steps in %s%n",
                    outcome.interrupted() ? "interrupted" : "done",
                    outcome.steps(), Progress.time(Math.round(outcome.seconds())));
            var label = outcome.nelbo().standardError() == 0 ? "NLL" : "NELBO";
            EvalCommand.print(common, label, outcome.nelbo(), outcome.entropy());
            common.out().printf("model: %s%n", out);
        }
        var fields = new LinkedHashMap<String, Object>(outcome.fields());
        fields.put("model", out.toString());
        common.result(fields);
        common.out().flush();
        return ExitCode.OK;
    }

    private void checkOptions() {
        common.atLeast(1, "--eval-every", evalEvery);
        common.atLeast(1, "--save-every", saveEvery);
        recipe.check(common);
        if (length != null) {
            length.check(common);
        }
    }

    private TrainingConfig config(Tokenizer tokenizer) {
        return kind().adapted(recipe.config(kind().vocabulary(tokenizer), seed))
                .withPrecision(precision.or(Precision.F32));
    }

    /// `stored`, unless the options ask for another recipe.
    private TrainingConfig same(TrainingConfig wanted, TrainingConfig stored) {
        same("--batch", wanted.batch(), stored.batch());
        same("--length", wanted.length(), stored.length());
        same("--lr", wanted.learningRate(), stored.learningRate());
        same("--seed", wanted.seed(), stored.seed());
        for (var option : List.of("--preset", "--width", "--layers", "--heads", "--context")) {
            same(option, wanted.model(), stored.model());
        }
        same("--precision", wanted.precision(), stored.precision());
        same("--average", wanted.average(), stored.average());
        return stored;
    }

    private void same(String option, Object wanted, Object stored) {
        if (common.commandLine().getParseResult().hasMatchedOption(option) && !wanted.equals(stored)) {
            throw new IllegalArgumentException(option + " is not that of the training in " + out
                    + "\nhint: leave it out to go on, or begin another training with another --out");
        }
    }

    private TrainingRun.Plan plan(Stored stored) {
        if (length != null) {
            return new TrainingRun.Plan(length.steps(), length.minutes(), evalEvery, saveEvery);
        }
        return stored == null ? new TrainingRun.Plan(STEPS, 0, evalEvery, saveEvery)
                : new TrainingRun.Plan(0, stored.progress().path("minutes").asDouble(0), evalEvery, saveEvery);
    }
}
