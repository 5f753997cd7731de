package org.sfumato.cli.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.Interrupt;
import org.sfumato.cli.shared.LanguageModelOption;
import org.sfumato.cli.shared.Progress;
import org.sfumato.cli.shared.Scoped;
import org.sfumato.cli.shared.Threads;
import org.sfumato.models.finetuning.AnswerMasking;
import org.sfumato.models.finetuning.AnswerTrainer;
import org.sfumato.models.finetuning.Chats;
import org.sfumato.models.masked.MaskedProcess;
import org.sfumato.models.pretrained.LanguageModel;
import org.sfumato.models.pretrained.Peft;
import org.sfumato.nn.checkpoint.Checkpoints;
import org.sfumato.nn.checkpoint.Snapshot;
import org.sfumato.nn.checkpoint.Stored;
import org.sfumato.nn.lora.LoraConfig;
import org.sfumato.nn.lora.Targets;
import org.sfumato.nn.optim.AdamW;
import org.sfumato.nn.optim.Schedule;
import org.sfumato.tensor.Precision;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// `sfumato sft`: an adapter of a masked model that answers.
@Command(name = "sft",
        description = "Teach a masked model of the hub to answer: train a LoRA adapter on conversations.",
        footer = {"", "DATA is JSON Lines: {\"messages\": [{\"role\": \"user\", \"content\": \"...\"}, {\"role\": "
            + "\"assistant\", \"content\": \"...\"}]}"})
public final class SftCommand implements Callable<Integer> {
    private static final int WARMUP = 50;
    private static final int KEEP = 2;

    @Mixin
    Common common;

    @Mixin
    Threads threads;

    @Mixin
    LanguageModelOption model;

    @Option(names = "--data", required = true, paramLabel = "FILE", description = "The conversations.")
    Path data;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Where the adapter goes.")
    Path out;

    @Option(names = "--steps", defaultValue = "100", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    int steps;

    @Option(names = "--batch", defaultValue = "4", paramLabel = "N",
            description = "Conversations of a step (default ${DEFAULT-VALUE}).")
    int batch;

    @Option(names = "--length", paramLabel = "N",
            description = "Leave out answers that end later than N tokens (default: what the model takes).")
    Integer length;

    @Option(names = "--lr", defaultValue = "1e-4", paramLabel = "R",
            description = "Height of the learning rate (default ${DEFAULT-VALUE}).")
    double rate;

    @Option(names = "--rank", defaultValue = "8", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    int rank;

    @Option(names = "--masks", defaultValue = "variable",
            description = "variable: fresh masks of every share; static: drawn once a pair, 15 to 99 %%; fixed: 15 %% "
                    + "(default ${DEFAULT-VALUE}).")
    Masks masks;

    @Mixin
    PrecisionOption precision;

    @Option(names = "--seed", defaultValue = "1", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    long seed;

    @Option(names = "--save-every", defaultValue = "100", paramLabel = "N",
            description = "Steps between checkpoints (default ${DEFAULT-VALUE}).")
    int saveEvery;

    @Option(names = "--resume", description = "Go on from the newest checkpoint in --out.")
    boolean resume;

    /// The recipes.
    enum Masks {
        VARIABLE, STATIC, FIXED;

        AnswerMasking of(MaskedProcess process, long seed) {
            return switch (this) {
                case VARIABLE -> new AnswerMasking.Variable(process);
                case STATIC -> new AnswerMasking.Static(process, .15, .99, seed);
                case FIXED -> new AnswerMasking.Fixed(process, .15);
            };
        }
    }

    @Override
    public Integer call() throws IOException {
        common.atLeast(1, "--steps", steps);
        common.atLeast(1, "--batch", batch);
        common.atLeast(1, "--length", length);
        common.atLeast(1, "--rank", rank);
        common.atLeast(1, "--save-every", saveEvery);
        common.positive("--lr", rate);
        try (var scope = Scope.open("sft")) {
            return Scoped.call(scope, () -> {
                train(model.load(common));
                return ExitCode.OK;
            });
        }
    }

    private void train(LanguageModel found) throws IOException {
        if (found.network().config().pattern().causal() || found.mask().isEmpty()) {
            throw new IllegalArgumentException("sft: the model is no masked one: it "
                    + (found.mask().isEmpty() ? "has no mask token" : "writes from left to right"));
        }
        int longest = length == null ? found.network().config().length() : length;
        var conversations = Chats.of(found.tokenizer()).read(data, longest);
        var lora = Peft.of(model.folder(), found.network()).init(LoraConfig.of(rank, 2 * rank, Targets.ALL_LINEAR),
                Rng.of(seed));
        var schedule = new Schedule.Linear(Math.min(WARMUP, steps / 10), steps, .1);
        var config = new AnswerTrainer.Config(masks.of(MaskedProcess.of(found.mask().getAsInt()), seed), end(found),
                batch, AdamW.Config.of(rate), schedule, 1, precision.or(Precision.F32), seed);
        var stored = stored();
        double loss = Double.NaN;
        try (var interrupt = new Interrupt();
                var trainer = new AnswerTrainer(lora.on(found.network()), lora.parameters(), conversations, config);
                var checkpoints = new Checkpoints(out.resolve("checkpoints"), KEEP);
                var progress = Progress.start(common.err(), "sft", steps, "steps")) {
            if (stored.isPresent()) {
                stored.get().restore(lora.parameters(), trainer.optimizerState(), Map.of());
                trainer.resume(stored.get().step());
            }
            while (trainer.steps() < steps && !interrupt.requested()) {
                loss = trainer.step();
                progress.update(trainer.steps(), loss);
                if (trainer.steps() % saveEvery == 0 || interrupt.requested()) {
                    checkpoints.save(new Snapshot(trainer.steps(), settings(), lora.parameters(),
                            trainer.optimizerState(), Map.of(), JsonNodeFactory.instance.objectNode()));
                }
            }
        }
        Peft.of(model.folder(), found.network()).save(lora, out);
        if (!common.json()) {
            common.out().printf(Locale.ROOT, "%d conversations, %d steps, loss of the last one %.3f; the adapter lies "
                    + "in %s%n", conversations.size(), steps, loss, out);
        }
        var fields = new LinkedHashMap<String, Object>();
        fields.put("conversations", conversations.size());
        fields.put("steps", steps);
        fields.put("loss", loss);
        fields.put("adapter", out.toString());
        common.result(fields);
    }

    /// What a training depends on.
    private ObjectNode settings() {
        return JsonNodeFactory.instance.objectNode().put("kind", "sft").put("model", model.folder().toString())
                .put("data", data.toString()).put("steps", steps).put("batch", batch).put("lr", rate)
                .put("rank", rank).put("masks", masks.toString()).put("seed", seed);
    }

    private Optional<Stored> stored() throws IOException {
        var stored = new TrainingFolder(out).begin(common, resume);
        if (stored.isPresent() && !stored.get().config().toString().equals(settings().toString())) {
            throw new IllegalArgumentException("the training in " + out + " had other settings: "
                    + stored.get().config() + "\nhint: go on with those, or begin another with another --out");
        }
        return stored;
    }

    /// What short answers are filled up with.
    private static int end(LanguageModel found) {
        var known = found.tokenizer().special().eos();
        return (known.isPresent() ? known : found.ends().stream().mapToInt(Integer::intValue).min())
                .orElseThrow(() -> new IllegalArgumentException("sft: the model has no token that ends a text"));
    }
}
