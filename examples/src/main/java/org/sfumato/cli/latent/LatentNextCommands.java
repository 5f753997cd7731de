package org.sfumato.cli.latent;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.Scoped;
import org.sfumato.cli.shared.Threads;
import org.sfumato.models.gaussian.LatentTable;
import org.sfumato.models.latent.Spans;
import org.sfumato.models.ldlm.NextSpanScores;
import org.sfumato.models.ldlm.NextSpans;
import org.sfumato.nn.checkpoint.RecordJson;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.io.FormatException;
import org.sfumato.tensor.io.Safetensors;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// The commands of `sfumato latent` that need an autoencoder: texts written on span by span.
final class LatentNextCommands {
    private LatentNextCommands() { }

    /// `--vae`, whose language model is named otherwise here: `--model` is the denoiser.
    static final class Autoencoder {
        @Option(names = "--vae", required = true, paramLabel = "DIR", description = "What `sfumato train vae` made.")
        Path folder;

        @Option(names = "--language-model", paramLabel = "DIR",
                description = "Its language model (default: where it was in the training).")
        Path languageModel;

        VaeOption.Loaded load(Common common) throws IOException {
            var option = new VaeOption();
            option.folder = folder;
            option.model = languageModel;
            return option.load(common);
        }
    }

    /// `sfumato latent continue`.
    @Command(name = "continue", description = {"Write a text on, span by span: the latent of each by diffusion,",
        "its words by the autoencoder's decoder, as LDLM does."})
    static final class Continue implements Callable<Integer> {
        @Mixin
        Common common;

        @Mixin
        Threads threads;

        @Mixin
        LatentModelOption model;

        @Mixin
        Autoencoder autoencoder;

        @Option(names = "--prompt", required = true, paramLabel = "TEXT", description = "What the text begins with.")
        String prompt;

        @Option(names = "--spans", defaultValue = "5", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
        int spans;

        @Option(names = "--temperature", defaultValue = "0.1", paramLabel = "T",
                description = "Of tokens and of the latents' noise (default ${DEFAULT-VALUE}).")
        double temperature;

        @Option(names = "--seed", defaultValue = "1", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
        long seed;

        @Override
        public Integer call() throws IOException {
            common.atLeast(1, "--spans", spans);
            common.notNegative("--temperature", temperature);
            model.check(common);
            try (var scope = Scope.open("latent continue")) {
                return Scoped.call(scope, this::write);
            }
        }

        private Integer write() throws IOException {
            var denoiser = model.load(common);
            var loaded = autoencoder.load(common);
            var tokenizer = loaded.tokenizer();
            var texts = new ArrayList<String>();
            new NextSpans(loaded.vae(), denoiser, model.sampler(denoiser), temperature).write(tokenizer.encode(prompt),
                    spans, Rng.of(seed), (_, ids) -> texts.add(tokenizer.decode(ids)));
            if (!common.json()) {
                common.out().println(prompt + " | " + String.join(" | ", texts));
            }
            var fields = new LinkedHashMap<String, Object>();
            fields.put("prompt", prompt);
            fields.put("spans", texts);
            common.result(fields);
            return ExitCode.OK;
        }
    }

    /// `sfumato latent score`.
    @Command(name = "score", description = {"How good sampled latents of next spans are: how near to the true ones,",
        "and how well the true span is predicted with them."})
    static final class Score implements Callable<Integer> {
        @Mixin
        Common common;

        @Mixin
        Threads threads;

        @Mixin
        LatentModelOption model;

        @Mixin
        Autoencoder autoencoder;

        @Option(names = "--data", required = true, paramLabel = "FILE", description = "What `sfumato embed` made.")
        Path data;

        @Option(names = "--held-out", defaultValue = "0.1", paramLabel = "P",
                description = "The share that was held out in training (default ${DEFAULT-VALUE}).")
        double heldOut;

        @Option(names = "--samples", defaultValue = "16", paramLabel = "N",
                description = "Samples of each latent (default ${DEFAULT-VALUE}).")
        int samples;

        @Option(names = "--rows", defaultValue = "128", paramLabel = "N",
                description = "Next spans at most (default ${DEFAULT-VALUE}).")
        int rows;

        @Option(names = "--guidances", split = ",", paramLabel = "W",
                description = "Several scales of the condition, a row of the table for each.")
        List<Double> guidances;

        @Option(names = "--seed", defaultValue = "1", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
        long seed;

        @Override
        public Integer call() throws IOException {
            common.atLeast(1, "--samples", samples);
            common.atLeast(1, "--rows", rows);
            common.notNegative("--held-out", heldOut);
            model.check(common);
            try (var scope = Scope.open("latent score")) {
                return Scoped.call(scope, this::score);
            }
        }

        private Integer score() throws IOException {
            var denoiser = model.load(common);
            var loaded = autoencoder.load(common);
            var table = LatentTable.read(data);
            int from = table.rows() - (int) Math.round(heldOut * table.rows());
            var plan = new NextSpanScores.Plan(loaded.vae(), denoiser, table.part(from, table.rows()),
                    texts(table.rows()).part(from, table.rows()), samples, rows);
            if (!common.json()) {
                common.out().print(NextSpanScores.head(samples));
            }
            var fields = new LinkedHashMap<String, Object>();
            for (double guidance : guidances == null ? List.of(model.guidance) : guidances) {
                model.guidance = guidance;
                var name = "%s, %d steps, eta %s, guidance %s".formatted(model.solver, model.steps, model.eta,
                        guidance);
                var scores = NextSpanScores.of(plan, model.sampler(denoiser), Rng.of(seed));
                if (!common.json()) {
                    common.out().print(scores.row(name));
                    common.out().flush();
                }
                fields.put(name, RecordJson.write(scores));
            }
            common.result(fields);
            return ExitCode.OK;
        }

        /// The spans that the latents are of.
        private Spans texts(int count) throws IOException {
            try (var stored = Safetensors.open(data)) {
                for (var name : List.of("ids", "lengths")) {
                    if (!stored.names().contains(name)) {
                        throw new FormatException("latent score", data, "it holds no tensor '" + name
                                + "'\nhint: make it with sfumato embed");
                    }
                }
                var ids = stored.tensor("ids", DType.I64, Device.CPU);
                var lengths = stored.tensor("lengths", DType.I64, Device.CPU).toLongs();
                int width = Math.toIntExact(ids.size(-1));
                var flat = ids.toLongs();
                if (lengths.length != count || flat.length != (long) count * width) {
                    throw new FormatException("latent score", data, "its ids " + ids.shape() + " are not those of "
                            + count + " latents");
                }
                return Spans.padded(IntStream.range(0, count).mapToObj(row -> IntStream.range(0, (int) lengths[row])
                        .map(i -> (int) flat[row * width + i]).toArray()).toList(), width);
            }
        }
    }
}
