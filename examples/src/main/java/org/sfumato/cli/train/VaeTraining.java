package org.sfumato.cli.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.Interrupt;
import org.sfumato.cli.shared.Progress;
import org.sfumato.cli.shared.Scoped;
import org.sfumato.cli.shared.Threads;
import org.sfumato.cli.shared.TrainingData;
import org.sfumato.models.data.Tokens;
import org.sfumato.models.training.VaeCheckpoint;
import org.sfumato.models.training.VaeTrainer;
import org.sfumato.models.training.VaeTrainingConfig;
import org.sfumato.models.vae.LdlmFolder;
import org.sfumato.models.vae.LoraVae;
import org.sfumato.nn.checkpoint.Checkpoints;
import org.sfumato.nn.checkpoint.Stored;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.quantised.WeightFormat;
import org.sfumato.tokenizers.Tokenizer;
import org.sfumato.tokenizers.Tokenizers;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import tools.jackson.databind.node.JsonNodeFactory;

/// `sfumato train vae`: a variational autoencoder of text.
@Command(name = "vae", description = {"Train a variational autoencoder: spans of text as vectors, and back.",
    "The last tenth of the text validates. Ctrl-C saves and ends."})
final class VaeTraining implements Callable<Integer> {
    private static final int KEEP = 3;
    private static final int RECENT = 100;
    private static final int QUICK = 64;
    private static final double NANOS = 1e9;

    @Mixin
    Common common;

    @Mixin
    Threads threads;

    @Option(names = "--model", paramLabel = "DIR", description = "lora, adavae: the language model, a folder of the "
            + "hub, a file of llama2.c, or what `sfumato train ar` made.")
    Path model;

    @Option(names = "--tokenizer", paramLabel = "PATH", description = "Folder or file of the tokenizer (default: that "
            + "of the model; for scratch the characters of the text).")
    Path tokenizer;

    @Option(names = "--weights", paramLabel = "FORMAT",
            description = "bf16, q8, q4 or nf4: hold the matrices of the language model in fewer bits.")
    WeightFormat weights;

    @Option(names = "--data", required = true, arity = "1..*", paramLabel = "FILE", description = TrainingData.HELP)
    List<Path> data;

    @Option(names = "--out", required = true, paramLabel = "DIR",
            description = "Where checkpoints, logs and the loss curve go; of lora also the files of LDLM.")
    Path out;

    @Mixin
    VaeOptions options = new VaeOptions();

    @Option(names = "--steps", defaultValue = "2000", paramLabel = "N",
            description = "Length of the run (default ${DEFAULT-VALUE}).")
    long steps;

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

    @Option(names = "--report-spans", defaultValue = "256", paramLabel = "N",
            description = "Spans held out that are scored at the end (default ${DEFAULT-VALUE}).")
    int reportSpans;

    private double seconds;

    @Override
    public Integer call() throws IOException {
        common.atLeast(1, "--steps", steps);
        common.atLeast(1, "--eval-every", evalEvery);
        common.atLeast(1, "--save-every", saveEvery);
        common.atLeast(2, "--report-spans", reportSpans);
        options.check(common);
        boolean scratch = options.kind == VaeOptions.Kind.SCRATCH;
        if (scratch != (model == null) || scratch && weights != null) {
            throw new ParameterException(common.commandLine(), scratch
                    ? "--kind scratch stands on no language model: not with --model and --weights"
                    : "--kind " + options.kind + " needs a language model: --model DIR");
        }
        try (var scope = Scope.open("train vae")) {
            return Scoped.call(scope, this::train);
        }
    }

    private Integer train() throws IOException {
        var base = model == null ? null : new VaeBase(model, tokenizer, weights);
        var stored = resume ? resumed() : null;
        var loaded = base == null ? null : base.load(common);
        var words = loaded != null ? Optional.of(loaded.tokenizer())
                : stored != null ? Optional.of(VaeCheckpoint.tokenizer(stored)) : ownTokenizer();
        try (var read = TrainingData.read(common, data, words)) {
            var corpus = read.corpus();
            var before = stored == null ? null : VaeCheckpoint.config(stored);
            var recipe = options.recipe(loaded, corpus.tokenizer().vocabularySize(), steps, seed, before);
            if (before != null) {
                requireSame(recipe, before);
            }
            var vae = VaeCheckpoint.init(recipe.model(), Optional.ofNullable(loaded).map(VaeBase.Loaded::base),
                    Rng.of(seed));
            VaeReport.quick(vae, corpus.validation(), 1);                // a text too short is noticed before any work
            try (var interrupt = new Interrupt(); var trainer = new VaeTrainer(recipe, vae, corpus.train(), steps)) {
                if (stored == null) {
                    requireEmpty();
                } else {
                    VaeCheckpoint.restore(trainer, stored);
                    trainer.plan(steps);
                    seconds = stored.progress().path("seconds").asDouble(0);
                }
                common.err().printf(Locale.ROOT, "%s; %,d parameters are trained; %s%n", read.summary(),
                        trainer.parameters().values().stream().mapToLong(p -> p.shape().count()).sum(), out);
                run(trainer, corpus.validation(), new Writing(corpus.tokenizer(), base, loaded), interrupt);
            }
        }
        return ExitCode.OK;
    }

    /// What is written beside the weights.
    private record Writing(Tokenizer tokenizer, VaeBase base, VaeBase.Loaded loaded) { }

    private Optional<Tokenizer> ownTokenizer() throws IOException {
        return tokenizer == null ? Optional.empty() : Optional.of(Tokenizers.load(tokenizer));
    }

    private void run(VaeTrainer trainer, Tokens held, Writing writing, Interrupt interrupt) throws IOException {
        double loss = Double.NaN;
        try (var logs = new TrainingLogs(out, trainer.steps());
                var checkpoints = new Checkpoints(out.resolve("checkpoints"), KEEP)) {
            checkpoints.forgetAfter(trainer.steps());
            long start = System.nanoTime();
            double before = seconds;
            try (var progress = Progress.start(common.err(), "train", steps, "steps")) {
                while (!interrupt.requested() && trainer.steps() < steps) {
                    double now = trainer.step();
                    loss = Double.isNaN(loss) ? now : loss + (now - loss) / Math.min(RECENT, trainer.steps());
                    logs.step(trainer.steps(), now, trainer.rate());
                    progress.update(trainer.steps(), loss);
                    seconds = before + (System.nanoTime() - start) / NANOS;
                    if (trainer.steps() % evalEvery == 0) {
                        logs.validation(trainer.steps(), VaeReport.quick(trainer.vae(), held, QUICK));
                    }
                    if (trainer.steps() % saveEvery == 0 && trainer.steps() < steps) {
                        save(checkpoints, trainer, writing);
                    }
                }
            }
            save(checkpoints, trainer, writing);
            logs.validation(trainer.steps(), VaeReport.quick(trainer.vae(), held, QUICK));
            logs.curve("Text autoencoder: loss", "nats per token");
        }
        if (trainer.vae() instanceof LoraVae vae && writing.loaded.peft().isPresent()) {
            LdlmFolder.save(vae, writing.loaded.peft().get(), out, trainer.steps(), trainer.klWeight());
        }
        report(trainer, held, loss, interrupt.requested());
    }

    private void save(Checkpoints checkpoints, VaeTrainer trainer, Writing writing) throws IOException {
        var progress = JsonNodeFactory.instance.objectNode();
        progress.put("seconds", seconds);
        checkpoints.save(VaeCheckpoint.of(trainer, writing.tokenizer, Optional.ofNullable(writing.base)
                .map(VaeBase::toJson), progress));
    }

    private void report(VaeTrainer trainer, Tokens held, double loss, boolean interrupted) {
        var fields = new LinkedHashMap<String, Object>();
        fields.put("steps", trainer.steps());
        fields.put("seconds", Math.round(seconds * 10) / 10.0);
        fields.put("trainLoss", loss);
        if (!common.json()) {
            common.out().printf(Locale.ROOT, "%s after %,d steps in %s%n", interrupted ? "interrupted" : "done",
                    trainer.steps(), Progress.time(Math.round(seconds)));
        }
        if (!interrupted) {
            var report = VaeReport.of(trainer.vae(), held, reportSpans);
            if (!common.json()) {
                report.print(common.out());
            }
            fields.putAll(report.fields());
        }
        if (!common.json()) {
            common.out().printf("model: %s%n", out);
        }
        fields.put("interrupted", interrupted);
        fields.put("model", out.toString());
        common.result(fields);
    }

    private void requireSame(VaeTrainingConfig wanted, VaeTrainingConfig stored) {
        if (!wanted.equals(stored)) {
            throw new IllegalArgumentException("the training in " + out + " has another recipe: " + stored
                    + "\nhint: go on with the options that began it, or begin another with another --out");
        }
    }

    private Stored resumed() throws IOException {
        var nothing = new IllegalArgumentException(
                "nothing to resume in " + out + "\nhint: leave --resume out to start anew");
        if (!Files.isDirectory(out.resolve("checkpoints"))) {
            throw nothing;
        }
        try (var checkpoints = new Checkpoints(out.resolve("checkpoints"), 1)) {
            var found = checkpoints.look();
            found.warnings().forEach(warning -> common.err().println("sfumato: " + warning));
            return Checkpoints.read(found.latest().orElseThrow(() -> nothing));
        }
    }

    private void requireEmpty() throws IOException {
        try (var checkpoints = new Checkpoints(out.resolve("checkpoints"), 1)) {
            if (checkpoints.look().latest().isPresent()) {
                throw new IllegalArgumentException("there is a training in " + out
                        + " already\nhint: --resume to go on with it, or another --out");
            }
        }
    }
}
