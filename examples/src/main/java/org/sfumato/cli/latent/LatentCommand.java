package org.sfumato.cli.latent;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.Scoped;
import org.sfumato.cli.shared.Threads;
import org.sfumato.models.gaussian.Interpolation;
import org.sfumato.models.gaussian.LatentMap;
import org.sfumato.models.gaussian.LatentModel;
import org.sfumato.models.gaussian.LatentObserver;
import org.sfumato.models.gaussian.LatentTable;
import org.sfumato.models.gaussian.Restoration;
import org.sfumato.models.reverse.ReversePipeline;
import org.sfumato.models.reverse.ReverseTransformer;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.io.AtomicFile;
import org.sfumato.tensor.io.Safetensors;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `sfumato latent`: latents made, walked between, looked at, measured.
@Command(name = "latent", description = "Latents: make, interpolate, map, report, write on.",
        synopsisSubcommandLabel = "WHAT",
        subcommands = {LatentEncodeCommand.class, LatentCommand.Generate.class, LatentCommand.Interpolate.class,
            LatentCommand.Picture.class, LatentCommand.Report.class,
            LatentNextCommands.Continue.class, LatentNextCommands.Score.class})
public final class LatentCommand implements Runnable {
    @Option(names = {"-h", "--help"}, usageHelp = true, description = "Show this help.")
    boolean help;

    @Spec
    CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "name what to do: encode, generate, interpolate, map, "
                + "report, continue or score");
    }

    private static void write(Path out, Tensor latents, long... documents) throws IOException {
        var tensors = new LinkedHashMap<String, Tensor>();
        tensors.put("latents", latents);
        tensors.put("documents", Tensor.of(documents, documents.length));
        Safetensors.write(out, tensors, Map.of());
    }

    private static int row(LatentTable table, String option, int row) {
        if (row < 0 || row >= table.rows()) {
            throw new IllegalArgumentException(option + " " + row + " is no row, there are " + table.rows()
                    + ", counted from 0");
        }
        return row;
    }

    /// `sfumato latent generate`.
    @Command(name = "generate", description = {"Make latents from noise.",
        "With --after FILE: spans that follow on latents of the file, each conditioned on those before."})
    static final class Generate implements Callable<Integer> {
        @Mixin
        Common common;

        @Mixin
        Threads threads;

        @Mixin
        LatentModelOption model;

        @Option(names = "--out", required = true, paramLabel = "FILE", description = "Safetensors to write.")
        Path out;

        @Option(names = "--count", defaultValue = "4", paramLabel = "N",
                description = "How many (default ${DEFAULT-VALUE}).")
        int count;

        @Option(names = "--after", paramLabel = "FILE", description = "Latents that come before.")
        Path after;

        @Option(names = "--row", defaultValue = "0", paramLabel = "N",
                description = "With --after: the first of --count rows (default ${DEFAULT-VALUE}).")
        int row;

        @Option(names = "--spans", defaultValue = "5", paramLabel = "N",
                description = "With --after: spans that follow (default ${DEFAULT-VALUE}).")
        int spans;

        @Option(names = "--seed", defaultValue = "1", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
        long seed;

        @Override
        public Integer call() throws IOException {
            common.atLeast(1, "--count", count);
            common.atLeast(1, "--spans", spans);
            model.check(common);
            try (var scope = Scope.open("latent generate")) {
                return Scoped.call(scope, this::generate);
            }
        }

        private Integer generate() throws IOException {
            var loaded = model.load(common);
            var sampler = model.sampler(loaded);
            Tensor made;
            long[] documents;
            if (after == null) {
                made = loaded.sample(sampler, count, Rng.of(seed), LatentObserver.NONE);
                documents = LongStream.range(0, count).toArray();
            } else {
                var table = LatentTable.read(after);
                int last = row(table, "--row", row + count - 1);
                var first = table.latents().slice(0, row(table, "--row", row), last + 1);
                var rolled = loaded.roll(sampler, first, spans, Rng.of(seed));
                made = Tensor.concat(1, rolled.toArray(Tensor[]::new))
                        .reshape((long) count * spans, 1, table.width());       // the spans of a row together
                documents = LongStream.range(0, (long) count * spans).map(i -> i / spans).toArray();
            }
            write(out, made, documents);
            double rms = Math.sqrt(made.square().mean().item());
            if (!common.json()) {
                common.out().printf(Locale.ROOT, "%d latents %s, root mean square %.3f (data %.3f): %s%n",
                        made.size(0), made.shape(), rms, loaded.statistics().rms(), out);
            }
            var fields = new LinkedHashMap<String, Object>();
            fields.put("latents", made.size(0));
            fields.put("rms", rms);
            fields.put("dataRms", loaded.statistics().rms());
            fields.put("file", out.toString());
            common.result(fields);
            return ExitCode.OK;
        }
    }

    /// `sfumato latent interpolate`.
    @Command(name = "interpolate", description = "Latents on the way from one row of a file to another.")
    static final class Interpolate implements Callable<Integer> {
        @Mixin
        Common common;

        @Option(names = "--data", required = true, paramLabel = "FILE", description = "Safetensors with latents.")
        Path data;

        @Option(names = "--from", required = true, paramLabel = "ROW", description = "Where it begins.")
        int from;

        @Option(names = "--to", required = true, paramLabel = "ROW", description = "Where it ends.")
        int to;

        @Option(names = "--count", defaultValue = "9", paramLabel = "N",
                description = "Latents, both ends among them (default ${DEFAULT-VALUE}).")
        int count;

        @Option(names = "--way", defaultValue = "spherical",
                description = "${COMPLETION-CANDIDATES} (default ${DEFAULT-VALUE}).")
        Interpolation way;

        @Option(names = "--out", required = true, paramLabel = "FILE", description = "Safetensors to write.")
        Path out;

        @Override
        public Integer call() throws IOException {
            common.atLeast(2, "--count", count);
            try (var scope = Scope.open("latent interpolate")) {
                return Scoped.call(scope, this::interpolate);
            }
        }

        private Integer interpolate() throws IOException {
            var table = LatentTable.read(data);
            var a = table.latents().select(0, row(table, "--from", from));
            var b = table.latents().select(0, row(table, "--to", to));
            var found = way.way(a, b, count);
            write(out, Tensor.stack(0, found.toArray(Tensor[]::new)), new long[count]);
            var nearest = found.stream().map(z -> nearest(table, z)).toList();
            if (!common.json()) {
                for (int i = 0; i < count; i++) {
                    common.out().printf(Locale.ROOT, "%.3f  nearest row %d, at distance %.3f%n",
                            (double) i / (count - 1), nearest.get(i).row, nearest.get(i).distance);
                }
            }
            var fields = new LinkedHashMap<String, Object>();
            fields.put("nearest", nearest.stream().map(n -> n.row).toList());
            fields.put("distances", nearest.stream().map(n -> n.distance).toList());
            fields.put("file", out.toString());
            common.result(fields);
            return ExitCode.OK;
        }

        private record Nearest(long row, double distance) { }

        private static Nearest nearest(LatentTable table, Tensor z) {
            var squares = table.latents().sub(z).square().sum(1, 2);
            long row = (long) squares.argmin(0).item();
            return new Nearest(row, Math.sqrt(squares.select(0, row).item()));
        }
    }

    /// `sfumato latent map`.
    @Command(name = "map", description = "A picture of latents along the two directions in which they differ most.")
    static final class Picture implements Callable<Integer> {
        private static final int MOST = 6;
        private static final int DOTS = 4000;

        @Mixin
        Common common;

        @Option(names = "--data", required = true, arity = "1..*", paramLabel = "FILE",
                description = "Safetensors with latents; each file gets a colour of its own.")
        List<Path> data;

        @Option(names = "--out", required = true, paramLabel = "FILE", description = "SVG to write.")
        Path out;

        @Override
        public Integer call() throws IOException {
            try (var scope = Scope.open("latent map")) {
                return Scoped.call(scope, this::map);
            }
        }

        private Integer map() throws IOException {
            var files = common.files(data);
            if (files.length > MOST) {
                throw new IllegalArgumentException("latent map: " + files.length + " files, there are " + MOST
                        + " colours");
            }
            var tables = new ArrayList<Tensor>();
            var groups = IntStream.builder();
            for (int i = 0; i < files.length; i++) {
                var table = LatentTable.read(files[i]);
                int every = Math.ceilDiv(table.rows(), Math.max(1, DOTS / files.length));
                var thinned = table.latents().slice(0, 0, table.rows(), every);
                tables.add(thinned);
                for (long row = 0; row < thinned.size(0); row++) {
                    groups.add(i);
                }
            }
            var map = LatentMap.of(Tensor.concat(0, tables.toArray(Tensor[]::new)));
            var names = Arrays.stream(files).map(file -> file.getFileName().toString()).toList();
            AtomicFile.write("picture", out, map.svg("Latents", names, groups.build().toArray()));
            if (!common.json()) {
                common.out().printf(Locale.ROOT, "%d latents; the two directions carry %.1f %% of the variance, it "
                        + "is spread as over %.1f directions: %s%n", map.places().length,
                        100 * (map.shares()[0] + map.shares()[1]), map.rank(), out);
            }
            var fields = new LinkedHashMap<String, Object>();
            fields.put("latents", map.places().length);
            fields.put("shares", map.shares());
            fields.put("rank", map.rank());
            fields.put("file", out.toString());
            common.result(fields);
            return ExitCode.OK;
        }
    }

    /// `sfumato latent report`.
    @Command(name = "report", description = {"How near latents come to what they were before noise was put on them:",
        "left as they are, by the Wiener filter, the mean, one prediction, a sampler. Writes report.md and two SVGs."})
    static final class Report implements Callable<Integer> {
        @Mixin
        Common common;

        @Mixin
        Threads threads;

        @Mixin
        LatentModelOption model;

        @Option(names = "--data", required = true, arity = "1..*", paramLabel = "FILE",
                description = "Safetensors with the latents that the model was trained on; the last rows are held out.")
        List<Path> data;

        @Option(names = "--held-out", defaultValue = "0.1", paramLabel = "P",
                description = "The share that was held out in training (default ${DEFAULT-VALUE}).")
        double heldOut;

        @Option(names = "--levels", split = ",", defaultValue = "100,250,500,750,999", paramLabel = "T",
                description = "Steps of the schedule (default ${DEFAULT-VALUE}).")
        List<Integer> levels;

        @Option(names = "--rows", defaultValue = "500", paramLabel = "N",
                description = "Held-out rows at most (default ${DEFAULT-VALUE}).")
        int rows;

        @Option(names = "--original", description = {
            "Also what the Reverse Transformer's authors do in place of sampling:",
            "the clean latents that it predicts are taken for noisy ones, 1000 times."})
        boolean original;

        @Option(names = "--out", required = true, paramLabel = "DIR", description = "Where the files go.")
        Path out;

        @Option(names = "--seed", defaultValue = "1", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
        long seed;

        @Override
        public Integer call() throws IOException {
            common.atLeast(1, "--rows", rows);
            common.notNegative("--held-out", heldOut);
            model.check(common);
            try (var scope = Scope.open("latent report")) {
                return Scoped.call(scope, this::report);
            }
        }

        private Integer report() throws IOException {
            var loaded = model.load(common);
            var table = LatentTable.read(common.files(data));
            int held = (int) Math.round(heldOut * table.rows());
            if (held < 1 || table.rows() - held < 2) {
                throw new IllegalArgumentException("latent report: " + table.rows() + " rows, " + heldOut
                        + " of them held out, leave nothing to measure");
            }
            int from = table.rows() - held;
            var report = Restoration.of(new Restoration.Plan(loaded, table.part(0, from),
                    table.part(from, from + Math.min(rows, held)), levels, model.solver(), model.steps),
                    Rng.of(seed));
            var scores = scores(loaded, table.part(from, from + Math.min(rows, held)));
            Files.createDirectories(out);
            AtomicFile.write("table", out.resolve("report.md"), report.table() + "\n" + LatentScores.table(scores));
            AtomicFile.write("picture", out.resolve("cosine.svg"), report.svg(false));
            AtomicFile.write("picture", out.resolve("centred.svg"), report.svg(true));
            var fields = fields(report);
            scores.forEach((weights, found) -> fields.put(weights, found.fields()));
            if (!common.json()) {
                common.out().print(report.table());
            }
            if (original) {
                fields.put("original", original(loaded, table.part(0, from),
                        table.part(from, from + Math.min(rows, held))));
            }
            if (!common.json()) {
                common.out().print("\n" + LatentScores.table(scores));
            }
            common.result(fields);
            return ExitCode.OK;
        }

        /// With the average of the weights, and without.
        private Map<String, LatentScores> scores(LatentModel loaded, LatentTable held) throws IOException {
            var scores = new LinkedHashMap<String, LatentScores>();
            if (held.rows() > 1) {
                var last = model.last();
                scores.put(last.isEmpty() ? "weights" : "averaged", LatentScores.of(loaded, model.sampler(loaded), held,
                        Rng.of(seed)));
                last.ifPresent(other -> scores.put("last", LatentScores.of(other, model.sampler(other), held,
                        Rng.of(seed))));
            }
            return scores;
        }

        private Map<String, Double> original(LatentModel loaded, LatentTable train, LatentTable held) {
            if (!(loaded.network() instanceof ReverseTransformer network)) {
                throw new IllegalArgumentException("--original is for a model of --denoiser reverse");
            }
            var clean = loaded.statistics().standardise(held.latents());
            var near = Restoration.Nearness.of(ReversePipeline.iterated(network, loaded.process(), clean, Rng.of(seed)),
                    clean, loaded.statistics(), train.latents().mean(0));
            if (!common.json()) {
                common.out().printf(Locale.ROOT, "| original | | iterated | %.4f | %.3f | %.3f |%n", near.mse(),
                        near.cosine(), near.centredCosine());
            }
            return numbers(near);
        }

        private static Map<String, Double> numbers(Restoration.Nearness near) {
            return Map.of("mse", near.mse(), "cosine", near.cosine(), "centredCosine", near.centredCosine());
        }

        private Map<String, Object> fields(Restoration report) {
            var fields = new LinkedHashMap<String, Object>();
            for (int i = 0; i < report.cases().size(); i++) {
                var methods = new LinkedHashMap<String, Object>();
                report.cases().get(i).forEach((method, near) -> methods.put(method.label(), numbers(near)));
                fields.put("t" + Math.round(report.levels().get(i).time()), methods);
            }
            fields.put("folder", out.toString());
            return fields;
        }
    }
}
