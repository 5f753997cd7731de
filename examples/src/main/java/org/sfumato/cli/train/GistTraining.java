package org.sfumato.cli.train;

import static org.sfumato.cli.shared.Common.or;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.Interrupt;
import org.sfumato.cli.shared.LanguageModelOption;
import org.sfumato.cli.shared.Scoped;
import org.sfumato.cli.shared.Threads;
import org.sfumato.cli.shared.TrainingData;
import org.sfumato.models.data.Tokens;
import org.sfumato.models.training.GistCheckpoint;
import org.sfumato.models.training.GistTrainer;
import org.sfumato.models.training.GistTrainingConfig;
import org.sfumato.nn.checkpoint.Checkpoints;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tokenizers.Tokenizer;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.node.ObjectNode;

/// `sfumato train gist`: a gist autoencoder on a language model.
@Command(name = "gist", description = {"Train a gist autoencoder: a language model that sums a text up in a few "
    + "vectors, and one that writes it again.", "The last tenth of the text validates. Ctrl-C saves and ends."})
final class GistTraining implements Callable<Integer> {
    private static final int ROWS = 256;

    @Mixin
    Common common;

    @Mixin
    Threads threads;

    @Mixin
    LanguageModelOption model;

    @Option(names = "--data", required = true, arity = "1..*", paramLabel = "FILE", description = TrainingData.HELP)
    List<Path> data;

    @Option(names = "--preset", defaultValue = "small",
            description = "small: learns in minutes; original: sizes and defaults of latent-llm, its decoder frozen "
                    + "(default ${DEFAULT-VALUE}).")
    Size preset;

    @Option(names = "--gists", paramLabel = "N", description = "Vectors that stand for a text.")
    Integer gists;

    @Option(names = "--constants", paramLabel = "N", description = "Learned vectors that are appended to them.")
    Integer constants;

    @Option(names = "--block", paramLabel = "N", description = "Tokens of a text.")
    Integer block;

    @Option(names = "--rank", paramLabel = "N",
            description = "Of low-rank updates of the encoder, of which alone it learns; 0: all of it learns.")
    Integer rank;

    @Option(names = "--freeze-decoder", description = "Keep the decoder as it was, as the original does.")
    boolean frozen;

    @Option(names = "--batch", paramLabel = "N", description = "Texts of a step.")
    Integer batch;

    @Option(names = "--lr", paramLabel = "X", description = "Height of the learning rate.")
    Double rate;

    @Mixin
    StepOptions run = new StepOptions(1000, 200, 500);

    /// Recipes.
    enum Size {
        /// A decoder that learns too, and few gists.
        SMALL,
        /// latent-llm's.
        ORIGINAL
    }

    @Override
    public Integer call() throws IOException {
        common.atLeast(1, "--gists", gists);
        common.atLeast(0, "--constants", constants);
        common.atLeast(1, "--block", block);
        common.atLeast(0, "--rank", rank);
        common.atLeast(1, "--batch", batch);
        common.positive("--lr", rate);
        run.check(common);
        try (var scope = Scope.open("train gist")) {
            return Scoped.call(scope, this::train);
        }
    }

    private GistTrainingConfig recipe() {
        var c = preset == Size.SMALL ? GistTrainingConfig.small(run.seed)
                : GistTrainingConfig.original(run.seed);
        return new GistTrainingConfig(or(gists, c.gists()), or(constants, c.constants()), or(block, c.block()),
                or(rank, c.rank()), !frozen && c.decoder(), or(batch, c.batch()), or(rate, c.learningRate()),
                c.weightDecay(), c.clip(), c.warmup(), run.seed, run.precision.or(c.precision()));
    }

    private Integer train() throws IOException {
        var recipe = recipe();
        var stored = run.folder().begin(common, run.resume);
        if (stored.isPresent()) {
            run.folder().requireSame(recipe, GistCheckpoint.config(stored.get()));
        }
        var base = model.base(common);
        try (var text = TrainingData.read(common, data, Optional.of(base.tokenizer()))) {
            var made = GistTrainer.init(recipe, base.network(), model.base(common).network(), Rng.of(run.seed));
            try (var interrupt = new Interrupt();
                    var trainer = new GistTrainer(recipe, made, text.corpus().train(), run.steps)) {
                if (stored.isPresent()) {
                    GistCheckpoint.restore(trainer, stored.get());
                }
                common.err().printf(Locale.ROOT, "%s; %d vectors of %d for %d tokens; %s%n", text.summary(),
                        made.vectors(), made.width(), made.length(), run.out);
                var pause = new Pause(trainer, text.corpus().validation(), base.tokenizer());
                report(new StepLoop(common, run, trainer, stored).run(interrupt, pause, "Gist autoencoder: loss",
                        "nats per token"), pause.last);
            }
        }
        return ExitCode.OK;
    }

    private static final class Pause implements StepLoop.Pause {
        private final GistTrainer trainer;
        private final Tokens held;
        private final Tokenizer tokenizer;
        private GistTrainer.Score last;

        Pause(GistTrainer trainer, Tokens held, Tokenizer tokenizer) {
            this.trainer = trainer;
            this.held = held;
            this.tokenizer = tokenizer;
        }

        @Override
        public double evaluate() {
            last = trainer.score(held, ROWS);
            return last.loss();
        }

        @Override
        public double save(Checkpoints checkpoints, ObjectNode progress) throws IOException {
            checkpoints.save(GistCheckpoint.of(trainer, tokenizer, progress));
            return evaluate();
        }
    }

    private void report(StepLoop.Outcome outcome, GistTrainer.Score score) {
        if (!common.json()) {
            common.out().printf(Locale.ROOT, "%s%nloss %.4f; on held-out texts %.4f nats per token by their own "
                    + "latents, %.4f by those of others; %.1f %% of the tokens right%nmodel: %s%n", outcome.said(),
                    outcome.loss(), score.loss(), score.wrong(), 100 * score.accuracy(), run.out);
        }
        var fields = outcome.fields();
        fields.put("validationLoss", score.loss());
        fields.put("wrongLatentsLoss", score.wrong());
        fields.put("accuracy", score.accuracy());
        fields.put("interrupted", outcome.interrupted());
        fields.put("model", run.out.toString());
        common.result(fields);
    }
}
