package org.sfumato.cli.experiment;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.Interrupt;
import org.sfumato.cli.shared.Scoped;
import org.sfumato.cli.train.Kind;
import org.sfumato.cli.train.RecipeOptions;
import org.sfumato.cli.train.RunLength;
import org.sfumato.cli.train.TrainingFolder;
import org.sfumato.cli.train.TrainingRun;
import org.sfumato.models.data.TextCorpus;
import org.sfumato.models.diffusion.Estimate;
import org.sfumato.models.diffusion.Nelbo;
import org.sfumato.models.training.Trained;
import org.sfumato.models.training.Trainer;
import org.sfumato.models.training.TrainingCheckpoint;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Trainings of several kinds by one recipe, each in a folder of its own beside the rows of the experiment: a training
/// that was killed goes on from its checkpoint, a finished one is not run again.
final class Contest {
    private static final double MINUTES = 15;

    @Mixin
    RecipeOptions recipe;

    @Option(names = "--seeds", defaultValue = "3", paramLabel = "N",
            description = "Trainings of each kind, with seeds 1 to N (default ${DEFAULT-VALUE}).")
    int seeds;

    @ArgGroup
    RunLength length;

    @Option(names = "--eval-every", defaultValue = "500", paramLabel = "N",
            description = "Steps between evaluations (default ${DEFAULT-VALUE}).")
    int evalEvery;

    @Option(names = "--save-every", defaultValue = "500", paramLabel = "N",
            description = "Steps between checkpoints (default ${DEFAULT-VALUE}).")
    int saveEvery;

    @Option(names = "--eval-samples", defaultValue = "8", paramLabel = "N",
            description = "Noisy versions of each window of the held-out part (default ${DEFAULT-VALUE}).")
    int evalSamples;

    void check(Common common) {
        recipe.check(common);
        common.atLeast(1, "--seeds", seeds);
        common.atLeast(1, "--eval-every", evalEvery);
        common.atLeast(1, "--save-every", saveEvery);
        common.atLeast(1, "--eval-samples", evalSamples);
        if (length != null) {
            length.check(common);
        }
    }

    /// What every training depends on.
    Map<String, Object> settings(TextCorpus corpus) {
        var settings = new LinkedHashMap<String, Object>();
        var config = recipe.config(corpus.tokenizer().vocabularySize() + 1, 1);
        settings.put("recipe", config.toString());
        settings.put("steps", plan().steps());
        settings.put("minutes", plan().minutes());
        settings.put("trainTokens", corpus.train().size());
        settings.put("heldOutTokens", corpus.validation().size());
        settings.put("evalSamples", evalSamples);
        return settings;
    }

    private TrainingRun.Plan plan() {
        return length == null ? new TrainingRun.Plan(0, MINUTES, evalEvery, saveEvery)
                : new TrainingRun.Plan(length.steps(), length.minutes(), evalEvery, saveEvery);
    }

    static Path folder(Path out, String kind, long seed) {
        return out.resolve(kind + "-" + seed);
    }

    /// What is measured of a trained model besides its likelihood.
    interface More {
        Map<String, Object> of(Path folder) throws IOException;
    }

    /// Measures the rows of all `kinds` and seeds that are not there.
    ///
    /// @return false if the user stopped it
    boolean train(Common common, TextCorpus corpus, List<String> kinds, Path out, ExperimentRows rows, More more)
            throws IOException {
        for (int i = 0; i < seeds; i++) {
            int seed = i + 1;
            for (var kind : kinds) {
                try {
                    rows.row(Map.of("kind", kind, "seed", seed), () -> {
                        var fields = train(common, corpus, kind, seed, out).orElseThrow(CancellationException::new);
                        fields.putAll(more.of(folder(out, kind, seed)));
                        return fields;
                    });
                } catch (CancellationException e) {
                    common.err().println("interrupted; the same command goes on");
                    return false;
                }
            }
        }
        return true;
    }

    /// The row of a training: its size, its length, its likelihood of the held-out part. Empty if it was interrupted.
    private Optional<Map<String, Object>> train(Common common, TextCorpus corpus, String name, long seed, Path out)
            throws IOException {
        var kind = Kind.parse(name);
        var config = kind.adapted(recipe.config(kind.vocabulary(corpus.tokenizer()), seed));
        var folder = folder(out, name, seed);
        var fields = new LinkedHashMap<String, Object>();
        try (var interrupt = new Interrupt();
                var trainer = new Trainer(config, kind.objective(corpus.tokenizer()), corpus.train(), 1)) {
            common.err().printf(Locale.ROOT, "%s, seed %d: %,d parameters%n", name, seed,
                    trainer.network().parameterCount());
            var run = new TrainingRun(common, corpus, trainer, plan(), folder);
            var stored = new TrainingFolder(folder).newest(common);
            if (stored.isPresent()) {
                run.resume(stored.get());
            }
            var outcome = run.run(interrupt);
            if (outcome.interrupted()) {
                return Optional.empty();
            }
            fields.put("parameters", trainer.network().parameterCount());
            fields.put("steps", outcome.steps());
            fields.put("trainedTokens", outcome.steps() * config.batch() * config.length());
            fields.put("seconds", Math.round(outcome.seconds()));
        }
        var estimate = score(common, corpus, folder);
        fields.put("nats", estimate.nats());
        fields.put("stderr", estimate.standardError());
        common.err().printf(Locale.ROOT, "%s, seed %d: %.4f +- %.4f nats%n", name, seed, estimate.nats(),
                estimate.standardError());
        return Optional.of(fields);
    }

    /// The trained model in its last state, in the current scope.
    static Trained load(Common common, Path folder) throws IOException {
        return TrainingCheckpoint.load(new TrainingFolder(folder).newest(common).orElseThrow(() ->
                new IllegalArgumentException("there is no training in " + folder)));
    }

    private Estimate score(Common common, TextCorpus corpus, Path folder) throws IOException {
        try (var scope = Scope.open("score")) {
            return Scoped.call(scope, () -> {
                var trained = load(common, folder);
                return new Nelbo<>(trained.network(), trained.bound(), trained.config().model().length())
                        .estimate(corpus.validation().toArray(), evalSamples, Rng.of(0));
            });
        }
    }
}
