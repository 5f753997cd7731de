package org.sfumato.cli.experiment;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.ModelOption;
import org.sfumato.cli.shared.Scoped;
import org.sfumato.cli.shared.Threads;
import org.sfumato.cli.shared.TrainingData;
import org.sfumato.cli.text.Frontier;
import org.sfumato.cli.train.Kind;
import org.sfumato.models.autoregressive.Autoregression;
import org.sfumato.models.data.TextCorpus;
import org.sfumato.models.evaluation.Judge;
import org.sfumato.models.evaluation.Reference;
import org.sfumato.models.masked.Order;
import org.sfumato.models.training.Trained;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `sfumato experiment leaderboard`: all kinds of models by one recipe, their likelihoods, samples and frontiers.
@Command(name = "leaderboard", description = {"Train all kinds of models by one recipe, score and sample them.",
    "Writes leaderboard.md, .csv and .svg, frontier.csv and .svg; the folder holds the models too."})
final class LeaderboardCommand implements Callable<Integer> {
    private static final int RUN = 8;

    @Mixin
    Common common;

    @Mixin
    Threads threads;

    @Option(names = "--data", required = true, arity = "1..*", paramLabel = "FILE", description = TrainingData.HELP)
    List<Path> data;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Where everything goes.")
    Path out;

    @Option(names = "--kinds", split = ",", defaultValue = "ar,masked,uniform,duo,mixture,block4,block16",
            paramLabel = "KIND", description = "Default: ${DEFAULT-VALUE}.")
    List<String> kinds;

    @Mixin
    Contest contest;

    @Option(names = "--judge", paramLabel = "DIR",
            description = "What says how likely samples are (default: the ar model of the last seed).")
    Path judge;

    @Option(names = "--samples", defaultValue = "32", paramLabel = "N",
            description = "Samples for a point of the frontier (default ${DEFAULT-VALUE}).")
    int samples;

    @Option(names = "--sample-length", defaultValue = "256", paramLabel = "N",
            description = "Tokens of a sample (default ${DEFAULT-VALUE}).")
    int sampleLength;

    @Option(names = "--temperatures", split = ",", defaultValue = "0.7,0.8,0.9,1", paramLabel = "T",
            description = "Of the frontier (default ${DEFAULT-VALUE}).")
    List<Double> temperatures;

    @Option(names = "--sample-steps", split = ",", defaultValue = "32,256", paramLabel = "N",
            description = "Passes for a sample (default ${DEFAULT-VALUE}).")
    List<Integer> sampleSteps;

    @Override
    public Integer call() throws IOException {
        contest.check(common);
        common.atLeast(1, "--samples", samples);
        common.atLeast(RUN, "--sample-length", sampleLength);
        sampleSteps.forEach(n -> common.atLeast(1, "--sample-steps", n));
        temperatures.forEach(t -> common.notNegative("--temperatures", t));
        kinds.forEach(Kind::parse);
        try (var read = TrainingData.read(common, data, Optional.empty())) {
            return measure(read.corpus());
        }
    }

    private Integer measure(TextCorpus corpus) throws IOException {
        var rows = ExperimentRows.open(out, "leaderboard", contest.settings(corpus));
        if (!contest.train(common, corpus, kinds, out, rows, _ -> Map.of())) {
            return ExitCode.OK;
        }
        var board = new Leaderboard(out, kinds, contest.seeds, rows, samples(corpus), frontier(corpus));
        board.write();
        if (!common.json()) {
            common.out().print(board.table());
        }
        common.result(Map.of("rows", rows.all(), "report", out.resolve(Leaderboard.FILE).toString()));
        return ExitCode.OK;
    }

    /// A text of each kind.
    private ExperimentRows samples(TextCorpus corpus) throws IOException {
        var rows = ExperimentRows.open(out, "samples", Map.of("length", sampleLength, "temperature", temperatures));
        for (var kind : kinds) {
            rows.row(Map.of("kind", kind), () -> with(Contest.folder(out, kind, 1), trained -> {
                var frontier = new Frontier(null, 1, sampleLength, 1);
                var way = way(trained, sampleLength, temperatures.getFirst());
                return Map.of("text", frontier.diffusion(trained, way).generate("", sampleLength, Rng.of(1), _ -> { }));
            }));
        }
        return rows;
    }

    private ExperimentRows frontier(TextCorpus corpus) throws IOException {
        var settings = new LinkedHashMap<String, Object>();
        settings.put("samples", samples);
        settings.put("length", sampleLength);
        settings.put("judge", judge == null ? "ar-" + contest.seeds : judge.toString());
        var rows = ExperimentRows.open(out, "frontier", settings);
        if (judge == null && !kinds.contains("ar")) {
            return rows;
        }
        try (var scope = Scope.open("judge")) {
            return Scoped.call(scope, () -> {
                var judging = judge == null ? Contest.load(common, Contest.folder(out, "ar", contest.seeds))
                        : ModelOption.load(judge, common);
                var judged = new Judge(judging, new Reference(corpus.train(), corpus.tokenizer(), RUN));
                judged.requireSame(corpus.tokenizer());
                for (var kind : kinds) {
                    points(rows, kind, new Frontier(judged, samples, sampleLength, 1));
                }
                return rows;
            });
        }
    }

    private void points(ExperimentRows rows, String kind, Frontier frontier) throws IOException {
        for (int steps : kind.equals("ar") ? List.of(sampleLength) : sampleSteps) {
            for (double temperature : temperatures) {
                var key = new LinkedHashMap<String, Object>();
                key.put("kind", kind);
                key.put("temperature", temperature);
                key.put("steps", steps);
                var row = rows.row(key, () -> with(Contest.folder(out, kind, 1), trained ->
                        frontier.point(trained, way(trained, steps, temperature)).fields()));
                common.err().printf(Locale.ROOT, "%s, temperature %.2f, %d steps: %.3f nats, entropy %.3f%n", kind,
                        temperature, steps, row.get("nats").asDouble(), row.get("entropy").asDouble());
            }
        }
    }

    private Frontier.Way way(Trained trained, int steps, double temperature) {
        return new Frontier.Way(trained.objective() instanceof Autoregression ? sampleLength : steps, temperature,
                Order.RANDOM, null, List.of());
    }

    /// Something done with a model.
    private interface Use {
        Map<String, ?> of(Trained trained) throws IOException;
    }

    private Map<String, ?> with(Path folder, Use use) throws IOException {
        try (var scope = Scope.open("model")) {
            return Scoped.call(scope, () -> use.of(Contest.load(common, folder)));
        }
    }
}
