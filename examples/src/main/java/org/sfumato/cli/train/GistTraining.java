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
import org.sfumato.cli.shared.LanguageModelOption;
import org.sfumato.cli.shared.Progress;
import org.sfumato.cli.shared.Scoped;
import org.sfumato.cli.shared.Threads;
import org.sfumato.cli.shared.TrainingData;
import org.sfumato.models.training.GistCheckpoint;
import org.sfumato.models.training.GistTrainer;
import org.sfumato.models.training.GistTrainingConfig;
import org.sfumato.nn.checkpoint.Checkpoints;
import org.sfumato.nn.checkpoint.Stored;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tokenizers.Tokenizer;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.node.JsonNodeFactory;

/// `sfumato train gist`: a gist autoencoder on a language model.
@Command(name = "gist", description = {"Train a gist autoencoder: a language model that sums a text up in a few "
    + "vectors, and one that writes it again.", "The last tenth of the text validates. Ctrl-C saves and ends."})
final class GistTraining implements Callable<Integer> {
    private static final int KEEP = 2;
    private static final int ROWS = 256;
    private static final int RECENT = 100;
    private static final double NANOS = 1e9;

    @Mixin
    Common common;

    @Mixin
    Threads threads;

    @Mixin
    LanguageModelOption model;

    @Option(names = "--data", required = true, arity = "1..*", paramLabel = "FILE", description = TrainingData.HELP)
    List<Path> data;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Where checkpoints and logs go.")
    Path out;

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

    @Option(names = "--steps", defaultValue = "1000", paramLabel = "N",
            description = "Length of the run (default ${DEFAULT-VALUE}).")
    long steps;

    @Option(names = "--seed", defaultValue = "1", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    long seed;

    @Option(names = "--resume", description = "Go on from the newest checkpoint in --out.")
    boolean resume;

    @Option(names = "--eval-every", defaultValue = "200", paramLabel = "N",
            description = "Steps between evaluations (default ${DEFAULT-VALUE}).")
    int evalEvery;

    @Option(names = "--save-every", defaultValue = "500", paramLabel = "N",
            description = "Steps between checkpoints (default ${DEFAULT-VALUE}).")
    int saveEvery;

    private double seconds;

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
        common.atLeast(1, "--steps", steps);
        common.atLeast(1, "--eval-every", evalEvery);
        common.atLeast(1, "--save-every", saveEvery);
        try (var scope = Scope.open("train gist")) {
            return Scoped.call(scope, this::train);
        }
    }

    private GistTrainingConfig recipe() {
        var c = preset == Size.SMALL ? GistTrainingConfig.small(seed) : GistTrainingConfig.original(seed);
        return new GistTrainingConfig(or(gists, c.gists()), or(constants, c.constants()), or(block, c.block()),
                or(rank, c.rank()), !frozen && c.decoder(), or(batch, c.batch()), or(rate, c.learningRate()),
                c.weightDecay(), c.clip(), c.warmup(), seed);
    }

    private static <T> T or(T given, T usual) {
        return given == null ? usual : given;
    }

    private Integer train() throws IOException {
        var recipe = recipe();
        var stored = resume ? resumed(recipe) : null;
        var base = model.base(common);
        var tokenizer = base.tokenizer();
        try (var text = TrainingData.read(common, data, Optional.of(tokenizer))) {
            var made = GistTrainer.init(recipe, base.network(), model.base(common).network(), Rng.of(seed));
            try (var interrupt = new Interrupt();
                    var trainer = new GistTrainer(recipe, made, text.corpus().train(), steps)) {
                if (stored == null) {
                    requireEmpty();
                } else {
                    GistCheckpoint.restore(trainer, stored);
                    trainer.plan(steps);
                    seconds = stored.progress().path("seconds").asDouble(0);
                }
                common.err().printf(Locale.ROOT, "%s; %d vectors of %d for %d tokens; %s%n", text.summary(),
                        made.vectors(), made.width(), made.length(), out);
                run(trainer, text, tokenizer, interrupt);
            }
        }
        return ExitCode.OK;
    }

    private void run(GistTrainer trainer, TrainingData text, Tokenizer tokenizer, Interrupt interrupt)
            throws IOException {
        var held = text.corpus().validation();
        try (var logs = new TrainingLogs(out, trainer.steps());
                var checkpoints = new Checkpoints(out.resolve("checkpoints"), KEEP)) {
            checkpoints.forgetAfter(trainer.steps());
            long start = System.nanoTime();
            double before = seconds;
            double loss = Double.NaN;
            try (var progress = Progress.start(common.err(), "train", steps, "steps")) {
                while (!interrupt.requested() && trainer.steps() < steps) {
                    double now = trainer.step();
                    loss = Double.isNaN(loss) ? now : loss + (now - loss) / Math.min(RECENT, trainer.steps());
                    logs.step(trainer.steps(), now, trainer.rate());
                    progress.update(trainer.steps(), loss);
                    seconds = before + (System.nanoTime() - start) / NANOS;
                    if (trainer.steps() % evalEvery == 0 && trainer.steps() < steps) {
                        logs.validation(trainer.steps(), trainer.score(held, ROWS).loss());
                    }
                    if (trainer.steps() % saveEvery == 0 && trainer.steps() < steps) {
                        save(checkpoints, trainer, tokenizer);
                    }
                }
            }
            save(checkpoints, trainer, tokenizer);
            var score = trainer.score(held, ROWS);
            logs.validation(trainer.steps(), score.loss());
            logs.curve("Gist autoencoder: loss", "nats per token");
            report(trainer, loss, score, interrupt.requested());
        }
    }

    private void save(Checkpoints checkpoints, GistTrainer trainer, Tokenizer tokenizer) throws IOException {
        var progress = JsonNodeFactory.instance.objectNode();
        progress.put("seconds", seconds);
        checkpoints.save(GistCheckpoint.of(trainer, tokenizer, progress));
    }

    private void report(GistTrainer trainer, double loss, GistTrainer.Score score, boolean interrupted) {
        if (!common.json()) {
            common.out().printf(Locale.ROOT, "%s after %,d steps in %s%nloss %.4f; on held-out texts %.4f nats per "
                    + "token by their own latents, %.4f by those of others; %.1f %% of the tokens right%nmodel: %s%n",
                    interrupted ? "interrupted" : "done", trainer.steps(), Progress.time(Math.round(seconds)), loss,
                    score.loss(), score.wrong(), 100 * score.accuracy(), out);
        }
        var fields = new LinkedHashMap<String, Object>();
        fields.put("steps", trainer.steps());
        fields.put("trainLoss", loss);
        fields.put("validationLoss", score.loss());
        fields.put("wrongLatentsLoss", score.wrong());
        fields.put("accuracy", score.accuracy());
        fields.put("interrupted", interrupted);
        fields.put("model", out.toString());
        common.result(fields);
    }

    /// The newest checkpoint, if it is of the same recipe.
    private Stored resumed(GistTrainingConfig recipe) throws IOException {
        var nothing = new IllegalArgumentException(
                "nothing to resume in " + out + "\nhint: leave --resume out to start anew");
        if (!Files.isDirectory(out.resolve("checkpoints"))) {
            throw nothing;
        }
        try (var checkpoints = new Checkpoints(out.resolve("checkpoints"), 1)) {
            var found = checkpoints.look();
            found.warnings().forEach(warning -> common.err().println("sfumato: " + warning));
            var stored = Checkpoints.read(found.latest().orElseThrow(() -> nothing));
            if (!recipe.equals(GistCheckpoint.config(stored))) {
                throw new IllegalArgumentException("the training in " + out + " has another recipe: "
                        + GistCheckpoint.config(stored)
                        + "\nhint: go on with the options that began it, or begin another with another --out");
            }
            return stored;
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
