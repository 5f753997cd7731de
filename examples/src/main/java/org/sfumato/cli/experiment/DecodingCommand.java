package org.sfumato.cli.experiment;

import static org.sfumato.cli.experiment.ExperimentRows.error;
import static org.sfumato.cli.experiment.ExperimentRows.mean;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.Markdown;
import org.sfumato.cli.shared.ModelOption;
import org.sfumato.cli.shared.Scoped;
import org.sfumato.cli.shared.Threads;
import org.sfumato.cli.shared.TrainingData;
import org.sfumato.models.diffusion.Diffusion;
import org.sfumato.models.evaluation.Judge;
import org.sfumato.models.evaluation.Reference;
import org.sfumato.models.masked.CacheMeter;
import org.sfumato.models.masked.CachedSampler;
import org.sfumato.models.masked.Caching;
import org.sfumato.models.masked.MaskedProcess;
import org.sfumato.models.masked.Order;
import org.sfumato.models.masked.Sampling;
import org.sfumato.models.masked.Unmasking;
import org.sfumato.models.training.Trained;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;

/// `sfumato experiment decoding`: how much faster parallel decoding and caches are, and what they cost.
@Command(name = "decoding", description = {"Time parallel decoding and caches against one token a step.",
    "Every way writes the same samples in turn; the judge says what that costs, the meter how far a cache is off."})
final class DecodingCommand implements Callable<Integer> {
    private static final int RUN = 8;
    private static final int METERED = 4;

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

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Where decoding.md and rows go.")
    Path out;

    @Option(names = "--length", defaultValue = "256", paramLabel = "N",
            description = "Tokens of a sample, at most what the model takes (default ${DEFAULT-VALUE}).")
    int length;

    @Option(names = "--samples", defaultValue = "32", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    int samples;

    @Option(names = "--block", defaultValue = "32", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    int block;

    @Option(names = "--threshold", defaultValue = "0.9", paramLabel = "P", description = "Default: ${DEFAULT-VALUE}.")
    double threshold;

    @Option(names = "--temperature", defaultValue = "0.8", paramLabel = "T", description = "Default: ${DEFAULT-VALUE}.")
    double temperature;

    /// A way of decoding.
    private record Way(String name, Unmasking unmasking, Caching caching) { }

    @Override
    public Integer call() throws IOException {
        common.atLeast(RUN, "--length", length);
        common.atLeast(1, "--samples", samples);
        common.atLeast(1, "--block", block);
        common.notNegative("--temperature", temperature);
        try (var scope = Scope.open("decoding")) {
            return Scoped.call(scope, () -> {
                var trained = model.load(common);
                if (!(trained.objective() instanceof MaskedProcess process)
                        || trained.config().model().length() < length) {
                    throw new IllegalArgumentException("decoding: it needs a masked model of texts of " + length
                            + " tokens\nhint: sfumato train masked --context " + length + " --length " + length);
                }
                try (var read = TrainingData.read(common, data, Optional.of(trained.tokenizer()))) {
                    var judging = new Judge(ModelOption.load(judge, common),
                            new Reference(read.corpus().train(), trained.tokenizer(), RUN));
                    judging.requireSame(trained.tokenizer());
                    return report(measure(trained, process, judging), judging);
                }
            });
        }
    }

    private List<Way> ways() {
        var one = new Unmasking.Quota(Order.CONFIDENCE, 1);
        var some = new Unmasking.Threshold(threshold);
        var dual = new Caching.Dual(Caching.NEVER);
        return List.of(new Way("one token a step", one, null), new Way("one token a step, dual cache", one, dual),
                new Way("threshold", some, null),
                new Way("threshold, prefix cache", some, new Caching.Prefix(Caching.NEVER)),
                new Way("threshold, dual cache", some, dual));
    }

    private ExperimentRows measure(Trained trained, MaskedProcess process, Judge judging) throws IOException {
        var settings = new LinkedHashMap<String, Object>();
        settings.put("model", model.folder().toString());
        settings.put("length", length);
        settings.put("block", block);
        settings.put("threshold", threshold);
        settings.put("temperature", temperature);
        var rows = ExperimentRows.open(out, "decoding", settings);
        boolean warm = false;
        for (int n = 0; n < samples; n++) {
            for (var way : ways()) {
                int number = n;
                var key = Map.of("sample", n, "way", way.name);
                if (!warm && rows.find(key).isEmpty()) {
                    ways().forEach(each -> write(trained, process, each, samples, null));       // compiles the kernels
                    warm = true;
                }
                rows.row(key, () -> row(trained, process, judging, way, number));
            }
        }
        return rows;
    }

    private Map<String, Object> row(Trained trained, MaskedProcess process, Judge judging, Way way, int n) {
        var written = write(trained, process, way, n, null);
        var fields = new LinkedHashMap<String, Object>();
        fields.put("seconds", written.seconds);
        fields.put("passes", written.passes);
        fields.put("positions", positions(way, written.passes));
        fields.put("nats", judging.nats(trained.tokenizer().encode(written.text)));
        if (way.caching != null) {
            var meter = new CacheMeter(METERED);
            write(trained, process, way, n, meter);                                      // the same text, untimed
            fields.put("divergence", meter.divergence());
            fields.put("flips", meter.flips());
        }
        fields.put("text", written.text);
        return fields;
    }

    private record Written(String text, double seconds, int passes) { }

    private Written write(Trained trained, MaskedProcess process, Way way, int n, CacheMeter meter) {
        var sampling = Sampling.of(way.unmasking, temperature).withBlock(block);
        var diffusion = way.caching == null ? trained.diffusion(sampling)
                : trained.diffusion(new CachedSampler(trained.network(), process, sampling, way.caching,
                        meter));
        return timed(diffusion, n);
    }

    private Written timed(Diffusion diffusion, int n) {
        var passes = new int[1];
        long start = System.nanoTime();
        var text = diffusion.generate("", length, Rng.of(1).fold(n), _ -> passes[0]++);
        return new Written(text, (System.nanoTime() - start) / 1e9, passes[0]);
    }

    /// Positions that were computed: all of them once a block, else those of the block, or those from it on.
    private long positions(Way way, int passes) {
        int blocks = Math.ceilDiv(length, block);
        return switch (way.caching) {
            case null -> (long) passes * length;
            case Caching.Dual _ -> (long) blocks * length + (long) (passes - blocks) * Math.min(block, length);
            case Caching.Prefix _ -> -1;                                // depends on which blocks take the passes
        };
    }

    private Integer report(ExperimentRows rows, Judge judging) throws IOException {
        var table = new Markdown("way", "s a sample", "speed", "passes", "positions", "nats under the judge",
                "change in %", "s.e. of it", "entropy", "distinct-4", "KL of the cache", "flips");
        var usual = rows(rows, ways().getFirst());
        for (var way : ways()) {
            var own = rows(rows, way);
            double nats = mean(own, "nats");
            var change = new double[own.size()];
            for (int n = 0; n < change.length; n++) {
                change[n] = own.get(n).get("nats").asDouble() - usual.get(n).get("nats").asDouble();
            }
            double base = mean(usual, "nats");
            var quality = judging.quality(own.stream()
                    .map(row -> judging.model().tokenizer().encode(row.get("text").asString())).toList());
            double positions = mean(own, "positions");
            table.row(way.name, mean(own, "seconds"), mean(usual, "seconds") / mean(own, "seconds"),
                    mean(own, "passes"), positions < 0 ? Double.NaN : positions, nats, 100 * (nats - base) / base,
                    100 * error(change) / base, quality.entropy(), quality.distinct(), mean(own, "divergence"),
                    mean(own, "flips"));
        }
        rows.report(common, table);
        return ExitCode.OK;
    }

    private List<JsonNode> rows(ExperimentRows rows, Way way) {
        var own = new ArrayList<>(rows.all().stream().filter(row -> row.get("way").asString().equals(way.name)
                && row.get("sample").asInt() < samples).toList());
        own.sort((a, b) -> Integer.compare(a.get("sample").asInt(), b.get("sample").asInt()));
        return own;
    }
}
