package org.sfumato.cli.experiment;

import static org.sfumato.cli.experiment.ExperimentRows.error;
import static org.sfumato.cli.experiment.ExperimentRows.mean;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.Markdown;
import org.sfumato.cli.shared.ModelOption;
import org.sfumato.cli.shared.Scoped;
import org.sfumato.cli.shared.Threads;
import org.sfumato.cli.shared.TrainingData;
import org.sfumato.cli.text.Frontier;
import org.sfumato.cli.text.RemaskingConverter;
import org.sfumato.models.diffusion.LogitRule;
import org.sfumato.models.evaluation.Judge;
import org.sfumato.models.evaluation.Reference;
import org.sfumato.models.masked.MaskedProcess;
import org.sfumato.models.masked.Order;
import org.sfumato.tensor.Scope;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `sfumato experiment remasking`: what taking back gains (ReMDM), by quality and diversity at equal evaluations.
@Command(name = "remasking", description = {"Judge remasking samplers by quality and diversity.",
    "All ways take the same steps of time; their network evaluations are counted. Several models give the spread."})
final class RemaskingCommand implements Callable<Integer> {
    private static final int RUN = 8;

    @Mixin
    Common common;

    @Mixin
    Threads threads;

    @Option(names = "--model", required = true, split = ",", paramLabel = "DIR",
            description = "Masked models, best trained alike with several seeds.")
    List<Path> models;

    @Option(names = "--judge", required = true, paramLabel = "DIR", description = "What `sfumato train ar` made.")
    Path judge;

    @Option(names = "--data", required = true, arity = "1..*", paramLabel = "FILE", description = TrainingData.HELP)
    List<Path> data;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Where remasking.md and rows go.")
    Path out;

    @Option(names = "--ways", split = ",", paramLabel = "HOW",
            defaultValue = "none,cap:0.02,cap:0.04,rescale:0.04,confidence,loop,forward-backward",
            description = "As `generate --remask` (default ${DEFAULT-VALUE}).")
    List<String> ways;

    @Option(names = "--steps", split = ",", defaultValue = "32,64,128,256", paramLabel = "N",
            description = "Steps of time (default ${DEFAULT-VALUE}).")
    List<Integer> steps;

    @Option(names = "--top-p", split = ",", defaultValue = "0.9,1", paramLabel = "P",
            description = "Default: ${DEFAULT-VALUE}.")
    List<Double> topP;

    @Option(names = "--samples", defaultValue = "32", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    int samples;

    @Option(names = "--length", defaultValue = "128", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    int length;

    @Override
    public Integer call() throws IOException {
        common.atLeast(1, "--samples", samples);
        common.atLeast(RUN, "--length", length);
        steps.forEach(n -> common.atLeast(1, "--steps", n));
        for (var way : ways) {
            new RemaskingConverter().convert(way);
        }
        var settings = Map.of("samples", samples, "length", length, "judge", judge.toString());
        var rows = ExperimentRows.open(out, "remasking", settings);
        try (var scope = Scope.open("judge")) {
            Scoped.call(scope, () -> {
                var judging = ModelOption.load(judge, common);
                try (var read = TrainingData.read(common, data, Optional.of(judging.tokenizer()))) {
                    var frontier = new Frontier(new Judge(judging, new Reference(read.corpus().train(),
                            judging.tokenizer(), RUN)), samples, length, 1);
                    for (var model : models) {
                        measure(rows, model, frontier);
                    }
                    return null;
                }
            });
        }
        return report(rows);
    }

    private void measure(ExperimentRows rows, Path model, Frontier frontier) throws IOException {
        try (var scope = Scope.open("model")) {
            Scoped.call(scope, () -> {
                var trained = ModelOption.load(model, common);
                frontier.judge().requireSame(trained.tokenizer());
                if (!(trained.objective() instanceof MaskedProcess)) {
                    throw new IllegalArgumentException("remasking: " + model + " is no masked model");
                }
                for (double p : topP) {
                    for (int count : steps) {
                        for (var way : ways) {
                            var key = new LinkedHashMap<String, Object>();
                            key.put("model", model.toString());
                            key.put("way", way);
                            key.put("steps", count);
                            key.put("topP", p);
                            var how = new Frontier.Way(count, 1, Order.RANDOM, new RemaskingConverter().convert(way),
                                    p == 1 ? List.of() : List.of(LogitRule.topP(p)));
                            var row = rows.row(key, () -> frontier.point(trained, how).fields());
                            common.err().printf(Locale.ROOT, "%s, %s, %d steps, top-p %.2f: %.3f nats, entropy %.3f%n",
                                    model, way, count, p, row.get("nats").asDouble(), row.get("entropy").asDouble());
                        }
                    }
                }
                return null;
            });
        }
    }

    private Integer report(ExperimentRows rows) throws IOException {
        var table = new Markdown("way", "top-p", "steps", "evaluations", "nats under the judge", "s.d. of models",
                "entropy", "distinct-4", "repeated-4", "words");
        for (double p : topP) {
            for (int count : steps) {
                for (var way : ways) {
                    var own = rows.all().stream().filter(row -> row.get("way").asString().equals(way)
                            && row.get("steps").asInt() == count && row.get("topP").asDouble() == p).toList();
                    var nats = own.stream().mapToDouble(row -> row.get("nats").asDouble()).toArray();
                    table.row(way, p, count, mean(own, "passes"), mean(own, "nats"),
                            error(nats) * Math.sqrt(nats.length), mean(own, "entropy"),
                            mean(own, "distinct"), mean(own, "repetition"), mean(own, "words"));
                }
            }
        }
        rows.report(common, table);
        return ExitCode.OK;
    }
}
