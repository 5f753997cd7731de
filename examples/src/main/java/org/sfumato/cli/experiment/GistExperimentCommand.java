package org.sfumato.cli.experiment;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.sfumato.cli.latent.Gists;
import org.sfumato.cli.latent.LatentModelOption;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.LanguageModelOption;
import org.sfumato.cli.shared.Markdown;
import org.sfumato.cli.shared.Progress;
import org.sfumato.cli.shared.Scoped;
import org.sfumato.cli.shared.Threads;
import org.sfumato.cli.shared.TrainingData;
import org.sfumato.cli.train.LatentRecipe;
import org.sfumato.models.data.Tokens;
import org.sfumato.models.evaluation.FittedGaussian;
import org.sfumato.models.evaluation.FrechetDistance;
import org.sfumato.models.evaluation.KernelDiscrepancy;
import org.sfumato.models.evaluation.SampleQuality;
import org.sfumato.models.gaussian.Clipping;
import org.sfumato.models.gaussian.LatentModel;
import org.sfumato.models.gaussian.LatentNetworkConfig;
import org.sfumato.models.gaussian.LatentObserver;
import org.sfumato.models.gaussian.LatentTable;
import org.sfumato.models.gaussian.NoiseErrors;
import org.sfumato.models.gist.LatentTransformerConfig;
import org.sfumato.models.gist.MlpUnetConfig;
import org.sfumato.models.gist.UNet2dConfig;
import org.sfumato.models.latent.LatentStatistics;
import org.sfumato.models.pretrained.LanguageModel;
import org.sfumato.models.training.LatentTrainer;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.io.AtomicFile;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;

/// `sfumato experiment gist`: three denoisers of the same latents at equal parameters, and a Gaussian fitted to them.
@Command(name = "gist", description = {"Train MLP-UNet, UNet2D and a transformer of as many parameters on the latents "
    + "of a gist autoencoder,", "and measure what they make: discrepancy to latents of other texts, and what a "
    + "language model thinks of the texts."})
final class GistExperimentCommand implements Callable<Integer> {
    private static final double HELD = .2;
    private static final int LIKE = 8;
    private static final int WIDEST = 512;
    private static final int PARTS = 10;
    private static final long ORDER = 1;
    private static final List<Integer> RUNS = List.of(1, 2, 4);
    private static final String LAST = ", no average";
    private static final String ERRORS = "errors of ";

    @Mixin
    Common common;

    @Mixin
    Threads threads;

    @Mixin
    LanguageModelOption judge;

    @Option(names = "--autoencoder", required = true, paramLabel = "DIR", description = "What train gist has made.")
    Path autoencoder;

    @Option(names = "--data", required = true, arity = "1..*", paramLabel = "FILE", description = TrainingData.HELP)
    List<Path> data;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Where gist.md and rows go.")
    Path out;

    @Option(names = "--texts", defaultValue = "4000", paramLabel = "N",
            description = "Texts at most; a fifth, drawn from all of them, is held out (default ${DEFAULT-VALUE}).")
    int texts;

    @Option(names = "--steps", defaultValue = "2000", paramLabel = "N",
            description = "Of each training (default ${DEFAULT-VALUE}).")
    int steps;

    @Option(names = "--samples", defaultValue = "256", paramLabel = "N",
            description = "Latents that are made each time (default ${DEFAULT-VALUE}).")
    int samples;

    @Option(names = "--strides", split = ",", defaultValue = "1000,250,50,10", paramLabel = "N",
            description = "Steps of the samplers (default ${DEFAULT-VALUE}).")
    List<Integer> strides;

    @Option(names = "--seed", defaultValue = "1", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    long seed;

    /// What stays the same in all rows.
    private record Setting(Gists gists, LanguageModel judge, LatentStatistics statistics, LatentTable train,
            LatentTable others, Tensor held, KernelDiscrepancy kernel) { }

    @Override
    public Integer call() throws IOException {
        common.atLeast(10, "--texts", texts);
        common.atLeast(1, "--steps", steps);
        common.atLeast(2, "--samples", samples);
        strides.forEach(n -> common.atLeast(2, "--strides", n));
        var settings = new LinkedHashMap<String, Object>();
        settings.put("autoencoder", autoencoder.toString());
        settings.put("texts", texts);
        settings.put("steps", steps);
        settings.put("samples", samples);
        settings.put("seed", seed);
        settings.put("heldOut", "drawn from all");
        var rows = ExperimentRows.open(out, "gist", settings);
        try (var scope = Scope.open("gist experiment")) {
            return Scoped.call(scope, () -> measure(rows));
        }
    }

    private Integer measure(ExperimentRows rows) throws IOException {
        var gists = Gists.load(autoencoder, common);
        LatentTable all;
        List<int[]> real;
        try (var text = TrainingData.read(common, data, Optional.of(gists.tokenizer()))) {
            // In no order: texts that follow one another are of one story. Held out in one piece, their latents would
            // differ from the others' by what the stories are about, which no denoiser can know.
            var inOrder = gists.encode(text.all(), texts);
            var order = Rng.of(seed).fold(ORDER).permutation(inOrder.rows());
            all = LatentTable.of(inOrder.batch(order, 0).latents());
            real = texts(text.all(), order, gists.autoencoder().length());
        }
        int held = Math.max(2, (int) (HELD * all.rows()));
        var train = all.part(0, all.rows() - held);
        var statistics = LatentStatistics.of(train.latents());
        var others = all.part(all.rows() - held, all.rows());
        var flat = flat(statistics.standardise(others.latents()));
        var setting = new Setting(gists, judge.load(common), statistics, train, others, flat,
                KernelDiscrepancy.median(flat));
        baselines(rows, setting, real.subList(all.rows() - held, all.rows()));
        for (var e : networks(train).entrySet()) {
            denoiser(rows, setting, e.getKey(), e.getValue());
        }
        rows.csv();
        var table = table(rows.all());
        AtomicFile.write("table", out.resolve("gist.md"), table);
        if (!common.json()) {
            common.out().print(table);
        }
        common.result(Map.of("rows", rows.all().size(), "table", out.resolve("gist.md").toString()));
        return ExitCode.OK;
    }

    private static List<int[]> texts(Tokens tokens, int[] order, int block) {
        var found = new ArrayList<int[]>();
        for (int i : order) {
            found.add(tokens.part((long) i * block, (long) (i + 1) * block).toArray());
        }
        return found;
    }

    private static Tensor flat(Tensor latents) {
        return latents.flatten(1, 2);
    }

    private void baselines(ExperimentRows rows, Setting s, List<int[]> real) throws IOException {
        rows.row(key("texts", 0, ""), () -> {
            var found = new LinkedHashMap<String, Object>();
            found.put("nats", nats(s, real));
            for (int n : RUNS) {
                found.put("distinct" + n, SampleQuality.distinct(real.subList(0, Math.min(samples, real.size())), n));
            }
            return found;
        });
        rows.row(key("latents of the training", 0, ""), () -> made(s, s.train.draw(samples, 0, Rng.of(seed))
                .latents()));
        rows.row(key("Gaussian", 0, ""), () -> {
            var fitted = FittedGaussian.of(flat(s.statistics.standardise(s.train.latents())));
            var drawn = fitted.sample(samples, Rng.of(seed)).reshape(samples, s.train.vectors(), s.train.width());
            return made(s, s.statistics.restore(drawn));
        });
    }

    private static Map<String, Object> key(String what, int steps, String solver) {
        var key = new LinkedHashMap<String, Object>();
        key.put("what", what);
        key.put("samplerSteps", steps);
        key.put("solver", solver);
        return key;
    }

    /// The discrepancy of latents, and the nats of what is written for them.
    private Map<String, Object> made(Setting s, Tensor latents) {
        var found = new LinkedHashMap<String, Object>();
        var flat = flat(s.statistics.standardise(latents));
        found.put("discrepancy", s.kernel.squared(flat, s.held));
        found.put("frechet", FrechetDistance.squared(flat, s.held));
        var written = s.gists.write(latents, s.gists.autoencoder().length(), 0, Rng.of(seed));
        found.put("nats", nats(s, written));
        for (int n : RUNS) {
            found.put("distinct" + n, SampleQuality.distinct(written, n));
        }
        return found;
    }

    /// Nats per token that the judge needs for texts, each from its beginning.
    private static double nats(Setting s, List<int[]> written) {
        int begin = s.judge.tokenizer().special().bos().orElse(0);
        double sum = 0;
        long tokens = 0;
        for (var ids : written) {
            if (ids.length == 0) {
                continue;
            }
            var read = new long[ids.length];
            var next = new long[ids.length];
            for (int i = 0; i < ids.length; i++) {
                read[i] = i == 0 ? begin : ids[i - 1];
                next[i] = ids[i];
            }
            sum += Dispatch.unrecorded(() -> Scope.result(() -> s.judge.network()
                    .forward(Tensor.of(read, 1, read.length), Pass.INFERENCE)
                    .crossEntropy(Tensor.of(next, 1, next.length)).sum())).item();
            tokens += ids.length;
        }
        return sum / Math.max(1, tokens);
    }

    /// MLP-UNet, and a UNet2D and a transformer whose numbers of parameters are nearest to its.
    private static Map<String, LatentNetworkConfig> networks(LatentTable table) {
        int n = table.vectors();
        int d = table.width();
        var networks = new LinkedHashMap<String, LatentNetworkConfig>();
        networks.put("MLP-UNet", MlpUnetConfig.small(n, d));
        long wanted = count(networks.get("MLP-UNet"));
        networks.put("transformer", nearest(wanted, c -> new LatentTransformerConfig(n, d, 2, c, 4, 0)));
        networks.put("UNet2D", nearest(wanted, c -> new UNet2dConfig(n, d, List.of(c, 2 * c), List.of(false, true), 1,
                LIKE, LIKE)));
        return networks;
    }

    private static LatentNetworkConfig nearest(long wanted, IntFunction<LatentNetworkConfig> of) {
        LatentNetworkConfig best = null;
        long distance = Long.MAX_VALUE;
        for (int c = LIKE; c <= WIDEST; c += LIKE) {
            var config = of.apply(c);
            long count = count(config);
            if (Math.abs(count - wanted) < distance) {
                distance = Math.abs(count - wanted);
                best = config;
            } else if (count > wanted) {
                break;
            }
        }
        return best;
    }

    private static long count(LatentNetworkConfig config) {
        try (var own = Scope.open("count")) {
            return own.call(() -> config.init(Rng.of(0)).parameterCount());
        }
    }

    private void denoiser(ExperimentRows rows, Setting s, String name, LatentNetworkConfig network)
            throws IOException {
        var wanted = new ArrayList<Map<String, Object>>();
        for (int n : strides) {
            wanted.add(key(name, n, "ddpm"));
            wanted.add(key(name, n, "ddim"));
            wanted.add(key(name + LAST, n, "ddim"));
        }
        wanted.add(key(ERRORS + name, 0, ""));
        wanted.add(key(ERRORS + name + LAST, 0, ""));
        if (wanted.stream().allMatch(key -> rows.find(key).isPresent())) {
            return;
        }
        var recipe = LatentRecipe.of(LatentRecipe.DenoiserKind.MLP_UNET, LatentRecipe.Size.SMALL, s.train, seed);
        try (var trainer = new LatentTrainer(recipe.training(), network, recipe.objective(), s.statistics, s.train,
                steps); var scope = Scope.open("denoiser")) {
            try (var progress = Progress.start(common.err(), name, steps, "steps")) {
                for (int i = 0; i < steps; i++) {
                    progress.update(i + 1, trainer.step());
                }
            }
            var averaged = scope.call(trainer::model);
            long parameters = trainer.network().parameterCount();
            for (var key : wanted) {
                var what = key.get("what").toString();
                var model = what.endsWith(LAST) ? trainer.last() : averaged;
                rows.row(key, () -> what.startsWith(ERRORS) ? Map.of("noiseErrors", NoiseErrors.of(model, s.others,
                        PARTS, Rng.of(seed)).errors()) : sampled(s, model, key, parameters));
            }
        }
    }

    private Map<String, Object> sampled(Setting s, LatentModel model, Map<String, Object> key, long parameters) {
        try (var own = Scope.open("samples")) {
            return own.call(() -> {
                var kind = key.get("solver").equals("ddpm") ? LatentModelOption.Kind.DDPM
                        : LatentModelOption.Kind.DDIM;
                var sampler = model.sampler(model.path((int) key.get("samplerSteps")), kind.of(0), new Clipping.Off(),
                        1);
                long start = System.nanoTime();
                var latents = model.sample(sampler, samples, Rng.of(seed), LatentObserver.NONE);
                double seconds = (System.nanoTime() - start) / 1e9;
                var found = made(s, latents);
                found.put("parameters", parameters);
                found.put("seconds", seconds);
                return found;
            });
        }
    }

    private static String table(List<JsonNode> rows) {
        var table = new Markdown("latents", "parameters", "sampler", "discrepancy x 1000", "Frechet distance",
                "nats per token", "distinct 1", "distinct 2", "distinct 4", "s");
        var errors = new Markdown(Stream.concat(Stream.of("error of the noise, u from"), IntStream.range(0, PARTS)
                .mapToObj(i -> "0." + i)).toArray(String[]::new));
        for (var row : rows) {
            if (row.path("what").asString().startsWith(ERRORS)) {
                errors.row(Stream.concat(Stream.of(row.path("what").asString().substring(ERRORS.length())),
                        row.path("noiseErrors").valueStream().map(JsonNode::asDouble)).toArray());
                continue;
            }
            int n = row.path("samplerSteps").asInt();
            table.row(row.path("what").asString(), n == 0 ? "" : row.path("parameters").asString(),
                    n == 0 ? "" : row.path("solver").asString() + " " + n,
                    1000 * row.path("discrepancy").asDouble(Double.NaN), row.path("frechet").asDouble(Double.NaN),
                    row.path("nats").asDouble(), row.path("distinct1").asDouble(Double.NaN),
                    row.path("distinct2").asDouble(Double.NaN), row.path("distinct4").asDouble(Double.NaN),
                    row.path("seconds").asDouble(Double.NaN));
        }
        return table + "\n" + errors;
    }
}
