package org.sfumato.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.sfumato.models.autoregressive.Autoregression;
import org.sfumato.models.autoregressive.CausalSampler;
import org.sfumato.models.diffusion.AncestralSampler;
import org.sfumato.models.diffusion.Diffusion;
import org.sfumato.models.diffusion.Nelbo;
import org.sfumato.models.diffusion.NoiseProcess;
import org.sfumato.models.duo.Duo;
import org.sfumato.models.evaluation.Reference;
import org.sfumato.models.evaluation.SampleQuality;
import org.sfumato.models.masked.MaskedProcess;
import org.sfumato.models.masked.Order;
import org.sfumato.models.masked.Remasking;
import org.sfumato.models.masked.RemaskingSampler;
import org.sfumato.models.masked.Sampling;
import org.sfumato.models.masked.Unmasking;
import org.sfumato.models.training.Trained;
import org.sfumato.nn.log.LossCurve;
import org.sfumato.nn.log.Scale;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.io.AtomicFile;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `sfumato frontier`: how good and how different a model's samples are, over temperatures and numbers of steps.
@Command(name = "frontier", description = {"Quality and diversity of samples over temperatures and numbers of steps.",
    "Quality is the likelihood under a judge, which is another model of the same tokens, best one of `train ar`."})
final class FrontierCommand implements Callable<Integer> {
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
                    + "time then.")
    Remasking remasking;

    @Option(names = "--samples", defaultValue = "16", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    int samples;

    @Option(names = "--length", defaultValue = "128", paramLabel = "N",
            description = "Tokens of a sample (default ${DEFAULT-VALUE}).")
    int length;

    @Option(names = "--seed", defaultValue = "1", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    long seed;

    /// One point: how the samples were made, what they are like, what they cost.
    private record Point(double temperature, int steps, SampleQuality quality, double passes, double seconds) {
        Map<String, Object> fields() {
            var fields = new LinkedHashMap<String, Object>();
            fields.put("temperature", temperature);
            fields.put("steps", steps);
            fields.put("nats", quality.nats());
            fields.put("stderr", quality.standardError());
            fields.put("entropy", quality.entropy());
            fields.put("distinct", quality.distinct());
            fields.put("repetition", quality.repetition());
            fields.put("words", quality.words());
            fields.put("copied", quality.copied());
            fields.put("passes", passes);
            fields.put("seconds", seconds);
            return fields;
        }
    }

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
                if (!judging.tokenizer().toJson().equals(trained.tokenizer().toJson())) {
                    throw new IllegalArgumentException("the judge " + judge + " has another vocabulary"
                            + "\nhint: train both on the same text");
                }
                try (var read = TrainingData.read(common, data, Optional.of(trained.tokenizer()))) {
                    return report(points(trained, judging,
                            new Reference(read.corpus().train(), trained.tokenizer(), RUN)));
                }
            });
        }
    }

    private List<Point> points(Trained trained, Trained judging, Reference reference) {
        var nelbo = new Nelbo<>(judging.network(), judging.bound(), judging.config().model().length());
        var points = new ArrayList<Point>();
        for (int count : trained.objective() instanceof Autoregression ? List.of(length) : steps) {
            for (double temperature : temperatures) {
                var diffusion = diffusion(trained, count, temperature);
                var passes = new int[1];
                var texts = new ArrayList<int[]>();
                long start = System.nanoTime();
                for (int n = 0; n < samples; n++) {
                    texts.add(trained.tokenizer().encode(diffusion.generate("", length, Rng.of(seed).fold(n),
                            _ -> passes[0]++)));
                }
                double seconds = (System.nanoTime() - start) / 1e9 / samples;
                var quality = SampleQuality.of(texts, ids -> nelbo.estimate(ids, 4, Rng.of(0)).nats(),
                        trained.tokenizer(), reference);
                points.add(new Point(temperature, count, quality, (double) passes[0] / samples, seconds));
                common.err().printf(Locale.ROOT, "temperature %.2f, %d steps: %.3f +- %.3f nats, entropy %.3f, "
                        + "distinct %.3f%n", temperature, count, quality.nats(), quality.standardError(),
                        quality.entropy(), quality.distinct());
            }
        }
        return points;
    }

    private Diffusion diffusion(Trained trained, int count, double temperature) {
        return switch (trained.objective()) {
            case MaskedProcess process when remasking != null -> trained.diffusion(new RemaskingSampler(
                    trained.network(), process, remasking, perCanvas(trained, count), temperature, 0, List.of()));
            case MaskedProcess _ -> trained.diffusion(sampling(count, temperature));
            case Autoregression objective -> trained.diffusion(
                    new CausalSampler(trained.network(), objective, temperature, List.of()));
            case NoiseProcess process -> ancestral(trained, process, count, temperature);
            case Duo duo -> ancestral(trained, duo.process(), count, temperature);
            default -> trained.diffusion(sampling(count, temperature));
        };
    }

    private Diffusion ancestral(Trained trained, NoiseProcess process, int count, double temperature) {
        return trained.diffusion(new AncestralSampler(trained.network(), process, perCanvas(trained, count),
                temperature, false, List.of()));
    }

    /// Of so many steps for a sample those of one canvas.
    private int perCanvas(Trained trained, int count) {
        int most = Math.min(length, trained.config().model().length());
        return Math.max(1, Math.round((float) count * most / length));
    }

    private Sampling sampling(int count, double temperature) {
        return Sampling.of(new Unmasking.Quota(order, Math.max(1, (double) length / count)), temperature);
    }

    private Integer report(List<Point> points) throws IOException {
        Files.createDirectories(out);
        var csv = new StringBuilder(String.join(",", points.getFirst().fields().keySet())).append('\n');
        for (var point : points) {
            csv.append(String.join(",", point.fields().values().stream().map(Object::toString).toList())).append('\n');
        }
        AtomicFile.write("frontier", out.resolve("frontier.csv"), csv.toString());
        var series = new ArrayList<LossCurve.Series>();
        for (int count : points.stream().mapToInt(Point::steps).distinct().toArray()) {
            series.add(new LossCurve.Series(count + " steps", points.stream().filter(point -> point.steps == count)
                    .map(point -> new LossCurve.Point(point.quality.entropy(), point.quality.nats()))
                    .sorted((a, b) -> Double.compare(a.step(), b.step())).toList(), 0));
        }
        AtomicFile.write("frontier", out.resolve("frontier.svg"), new LossCurve("Quality and diversity of samples",
                "entropy of a sample (nats)", "nats per token under the judge", Scale.LINEAR, Scale.LINEAR)
                .svg(series));
        if (!common.json) {
            common.out().print(csv);
        }
        common.result(Map.of("points", points.stream().map(Point::fields).toList()));
        return Sfumato.OK;
    }
}
