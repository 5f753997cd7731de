package org.sfumato.cli.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.Interrupt;
import org.sfumato.cli.shared.Scoped;
import org.sfumato.cli.shared.Threads;
import org.sfumato.cli.shared.TrainingData;
import org.sfumato.models.data.TextCorpus;
import org.sfumato.models.data.Tokens;
import org.sfumato.models.training.VaeCheckpoint;
import org.sfumato.models.training.VaeTrainer;
import org.sfumato.models.vae.LdlmFolder;
import org.sfumato.models.vae.LoraVae;
import org.sfumato.models.vae.TextVae;
import org.sfumato.nn.checkpoint.Checkpoints;
import org.sfumato.tensor.Precision;
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
import tools.jackson.databind.node.ObjectNode;

/// `sfumato train vae`: a variational autoencoder of text.
@Command(name = "vae", description = {"Train a variational autoencoder: spans of text as vectors, and back.",
    "The last tenth of the text validates. Ctrl-C saves and ends. Of lora --out takes the files of LDLM too."})
final class VaeTraining implements Callable<Integer> {
    private static final int QUICK = 64;

    @Mixin
    Common common;

    @Mixin
    Threads threads;

    @Option(names = "--model", paramLabel = "DIR", description = "lora, adavae, pooled: the language model, a folder "
            + "of the hub, a file of llama2.c, or what `sfumato train ar` made.")
    Path model;

    @Option(names = "--tokenizer", paramLabel = "PATH", description = "Folder or file of the tokenizer (default: that "
            + "of the model; for scratch the characters of the text).")
    Path tokenizer;

    @Option(names = "--weights", paramLabel = "FORMAT",
            description = "bf16, q8, q4 or nf4: hold the matrices of the language model in fewer bits.")
    WeightFormat weights;

    @Option(names = "--data", required = true, arity = "1..*", paramLabel = "FILE", description = TrainingData.HELP)
    List<Path> data;

    @Mixin
    VaeOptions options = new VaeOptions();

    @Mixin
    StepOptions run = new StepOptions(2000, 500, 1000);

    @Option(names = "--report-spans", defaultValue = "256", paramLabel = "N",
            description = "Spans held out that are scored at the end (default ${DEFAULT-VALUE}).")
    int reportSpans;

    @Override
    public Integer call() throws IOException {
        run.check(common);
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
        var stored = run.folder().begin(common, run.resume);
        var loaded = base == null ? null : base.load(common);
        var words = loaded != null ? Optional.of(loaded.tokenizer())
                : stored.isPresent() ? stored.map(VaeCheckpoint::tokenizer) : ownTokenizer();
        try (var read = TrainingData.read(common, data, words)) {
            var corpus = read.corpus();
            var before = stored.map(VaeCheckpoint::config).orElse(null);
            var recipe = options.recipe(loaded, corpus.tokenizer().vocabularySize(), run.steps, run.seed, before)
                    .withPrecision(run.precision.or(Precision.F32));
            if (before != null) {
                run.folder().requireSame(recipe, before);
            }
            var vae = VaeCheckpoint.init(recipe.model(), Optional.ofNullable(loaded).map(VaeBase.Loaded::base),
                    Rng.of(run.seed));
            VaeReport.quick(vae, corpus.validation(), 1);                // a text too short is noticed before any work
            try (var interrupt = new Interrupt();
                    var trainer = new VaeTrainer(recipe, vae, corpus.train(), run.steps)) {
                if (stored.isPresent()) {
                    VaeCheckpoint.restore(trainer, stored.get());
                }
                common.err().printf(Locale.ROOT, "%s; %,d parameters are trained; %s%n", read.summary(),
                        trainer.parameters().values().stream().mapToLong(p -> p.shape().count()).sum(), run.out);
                var outcome = new StepLoop(common, run, trainer, stored).run(interrupt,
                        new Pause(trainer, corpus, Optional.ofNullable(base).map(VaeBase::toJson)),
                        "Text autoencoder: loss", "nats per token");
                if (vae instanceof LoraVae lora && loaded.peft().isPresent()) {
                    LdlmFolder.save(lora, loaded.peft().get(), run.out, trainer.steps(), trainer.klWeight());
                }
                report(vae, corpus.validation(), outcome);
            }
        }
        return ExitCode.OK;
    }

    private record Pause(VaeTrainer trainer, TextCorpus corpus, Optional<ObjectNode> base) implements StepLoop.Pause {
        @Override
        public double evaluate() {
            return VaeReport.quick(trainer.vae(), corpus.validation(), QUICK);
        }

        @Override
        public double save(Checkpoints checkpoints, ObjectNode progress) throws IOException {
            checkpoints.save(VaeCheckpoint.of(trainer, corpus.tokenizer(), base, progress));
            return evaluate();
        }
    }

    private Optional<Tokenizer> ownTokenizer() throws IOException {
        return tokenizer == null ? Optional.empty() : Optional.of(Tokenizers.load(tokenizer));
    }

    private void report(TextVae vae, Tokens held, StepLoop.Outcome outcome) {
        var fields = outcome.fields();
        if (!common.json()) {
            common.out().println(outcome.said());
        }
        if (!outcome.interrupted()) {
            var report = VaeReport.of(vae, held, reportSpans);
            if (!common.json()) {
                report.print(common.out());
            }
            fields.putAll(report.fields());
        }
        if (!common.json()) {
            common.out().printf("model: %s%n", run.out);
        }
        fields.put("interrupted", outcome.interrupted());
        fields.put("model", run.out.toString());
        common.result(fields);
    }
}
