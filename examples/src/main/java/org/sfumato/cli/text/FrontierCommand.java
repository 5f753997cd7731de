package org.sfumato.cli.text;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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
import org.sfumato.cli.text.Frontier.Point;
import org.sfumato.cli.text.Frontier.Way;
import org.sfumato.models.autoregressive.Autoregression;
import org.sfumato.models.evaluation.Judge;
import org.sfumato.models.evaluation.Reference;
import org.sfumato.models.masked.Order;
import org.sfumato.models.masked.Remasking;
import org.sfumato.models.training.Trained;
import org.sfumato.nn.log.LossCurve;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.io.AtomicFile;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `sfumato frontier`: how good and how different a model's samples are, over temperatures and numbers of steps.
@Command(name = "frontier", description = {"Quality and diversity of samples over temperatures and numbers of steps.",
    "Quality is the likelihood under a judge, which is another model of the same tokens, best one of `train ar`."})
public final class FrontierCommand implements Callable<Integer> {
    private static final int RUN = 8;

    @Mixin
    Common common;

    @Mixin
    Threads threads;

    @Mixin
    ModelOption model;

    @Option(names = "--judge", required = true, paramLabel = "DIR", description = "What `sfumato train ar` made.")
    Path judge;

    @Option(names = "--data", required = true, arity = "1..*", paramLabel = "FILE", description = TrainingData.HELP)
    List<Path> data;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Where frontier.csv and .svg go.")
    Path out;

    @Option(names = "--temperatures", split = ",", defaultValue = "0.6,0.8,1", paramLabel = "T",
            description = "Default: ${DEFAULT-VALUE}.")
    List<Double> temperatures;

    @Option(names = "--steps", split = ",", defaultValue = "16,64", paramLabel = "N",
            description = "Passes for a sample (default ${DEFAULT-VALUE}); left to right takes one a token anyhow.")
    List<Integer> steps;

    @Option(names = "--order", defaultValue = "random",
            description = "Masked models: random, confidence, margin or entropy (default ${DEFAULT-VALUE}).")
    Order order;

    @Option(names = "--remask", paramLabel = "HOW", converter = RemaskingConverter.class,
            description = "Masked models: take back some of what is written, as `generate` does; --steps are steps of "
                    + "time then, some of which need no pass.")
    Remasking remasking;

    @Option(names = "--samples", defaultValue = "16", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    int samples;

    @Option(names = "--length", defaultValue = "128", paramLabel = "N",
            description = "Tokens of a sample (default ${DEFAULT-VALUE}).")
    int length;

    @Option(names = "--seed", defaultValue = "1", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    long seed;

    @Override
    public Integer call() throws IOException {
        common.atLeast(1, "--samples", samples);
        common.atLeast(RUN, "--length", length);
        for (var n : steps) {
            common.atLeast(1, "--steps", n);
        }
        for (var t : temperatures) {
            common.notNegative("--temperatures", t);
        }
        try (var scope = Scope.open("frontier")) {
            return Scoped.call(scope, () -> {
                var trained = model.load(common);
                var judging = ModelOption.load(judge, common);
                try (var read = TrainingData.read(common, data, Optional.of(trained.tokenizer()))) {
                    var judge = new Judge(judging, new Reference(read.corpus().train(), trained.tokenizer(), RUN));
                    judge.requireSame(trained.tokenizer());
                    return report(points(trained, new Frontier(judge, samples, length, seed)));
                }
            });
        }
    }

    private List<Point> points(Trained trained, Frontier frontier) {
        var points = new ArrayList<Point>();
        for (int count : trained.objective() instanceof Autoregression ? List.of(length) : steps) {
            for (double temperature : temperatures) {
                var point = frontier.point(trained, new Way(count, temperature, order, remasking, List.of()));
                points.add(point);
                var quality = point.quality();
                common.err().printf(Locale.ROOT, "temperature %.2f, %d steps: %.3f +- %.3f nats, entropy %.3f, "
                        + "distinct %.3f%n", temperature, count, quality.nats(), quality.standardError(),
                        quality.entropy(), quality.distinct());
            }
        }
        return points;
    }

    private Integer report(List<Point> points) throws IOException {
        Files.createDirectories(out);
        var csv = new StringBuilder(String.join(",", points.getFirst().fields().keySet())).append('\n');
        for (var point : points) {
            csv.append(String.join(",", point.fields().values().stream().map(Object::toString).toList())).append('\n');
        }
        AtomicFile.write("frontier", out.resolve("frontier.csv"), csv.toString());
        var series = new ArrayList<LossCurve.Series>();
        for (int count : points.stream().mapToInt(point -> point.way().steps()).distinct().toArray()) {
            series.add(new LossCurve.Series(count + " steps", points.stream()
                    .filter(point -> point.way().steps() == count)
                    .map(point -> new LossCurve.Point(point.quality().entropy(), point.quality().nats()))
                    .sorted((a, b) -> Double.compare(a.step(), b.step())).toList(), 0));
        }
        AtomicFile.write("frontier", out.resolve("frontier.svg"),
                Frontier.picture("Quality and diversity of samples").svg(series));
        if (!common.json()) {
            common.out().print(csv);
        }
        common.result(Map.of("points", points.stream().map(Point::fields).toList()));
        return ExitCode.OK;
    }
}
