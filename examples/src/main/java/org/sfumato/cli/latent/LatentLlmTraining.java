package org.sfumato.cli.latent;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.sfumato.cli.data.HubPushCommand;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.Interrupt;
import org.sfumato.cli.shared.Progress;
import org.sfumato.cli.shared.Scoped;
import org.sfumato.cli.shared.Threads;
import org.sfumato.cli.shared.TrainingData;
import org.sfumato.cli.train.LatentRecipe;
import org.sfumato.cli.train.TrainingLogs;
import org.sfumato.models.gaussian.Clipping;
import org.sfumato.models.gaussian.DenoisingObjective;
import org.sfumato.models.gaussian.DiscreteSchedule;
import org.sfumato.models.gaussian.GaussianProcess;
import org.sfumato.models.gaussian.LatentNetworkConfig;
import org.sfumato.models.gaussian.LatentObserver;
import org.sfumato.models.gaussian.LatentTable;
import org.sfumato.models.gaussian.Parameterisation;
import org.sfumato.models.gaussian.Solver;
import org.sfumato.models.gaussian.Weighting;
import org.sfumato.models.gist.MlpUnetConfig;
import org.sfumato.models.gist.UNet2dConfig;
import org.sfumato.models.hub.Repository;
import org.sfumato.models.training.LatentCheckpoint;
import org.sfumato.models.training.LatentTrainer;
import org.sfumato.models.training.LatentTrainingConfig;
import org.sfumato.nn.checkpoint.Checkpoints;
import org.sfumato.nn.checkpoint.Stored;
import org.sfumato.tensor.Precision;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.io.Safetensors;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.node.JsonNodeFactory;

/// `sfumato latent-llm train`: DDPM on latents that are computed once.
@Command(name = "train", description = {"Train the diffusion of the latents of a text.", "Checkpoints, TensorBoard "
    + "events, samples of latents and the final model go to --output_dir. Ctrl-C saves and ends."})
final class LatentLlmTraining implements Callable<Integer> {
    private static final int KEEP = 1000;
    private static final int SAMPLES = 4;

    @Mixin
    Common common;

    @Mixin
    Threads threads;

    @Option(names = "--encoder_model_id", required = true, paramLabel = "DIR",
            description = "What train gist has made.")
    Path encoder;

    @Option(names = "--output_dir", required = true, paramLabel = "DIR", description = "Where everything goes.")
    Path out;

    @Option(names = "--dataset_path", required = true, arity = "1..*", paramLabel = "FILE",
            description = TrainingData.HELP)
    List<Path> data;

    @Option(names = "--num_epochs", defaultValue = "100", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    int epochs;

    @Option(names = "--batch_size", defaultValue = "16", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    int batch;

    @Option(names = "--learning_rate", defaultValue = "1e-4", paramLabel = "X",
            description = "Height of the rate (default ${DEFAULT-VALUE}).")
    double rate;

    @Option(names = "--gradient_accumulation_steps", defaultValue = "1", paramLabel = "N",
            description = "Batches of a step; they are taken as one (default ${DEFAULT-VALUE}).")
    int accumulation;

    @Option(names = "--lr_warmup_steps", defaultValue = "500", paramLabel = "N",
            description = "Steps of linear rise (default ${DEFAULT-VALUE}).")
    int warmup;

    @Option(names = "--save_image_epochs", defaultValue = "10", paramLabel = "N",
            description = "Epochs between samples of latents (default ${DEFAULT-VALUE}).")
    int sampleEvery;

    @Option(names = "--save_image_steps", defaultValue = "1000", paramLabel = "N",
            description = "Steps of their sampler; the original: all 1000 (default ${DEFAULT-VALUE}).")
    int sampleSteps;

    @Option(names = "--save_model_epochs", defaultValue = "50", paramLabel = "N",
            description = "Epochs between checkpoints (default ${DEFAULT-VALUE}).")
    int saveEvery;

    @Option(names = "--mixed_precision", defaultValue = "fp16", paramLabel = "TYPE",
            description = "fp16 with a scaled loss, bf16, or no: all in f32 (default ${DEFAULT-VALUE}).")
    Mixed mixed;

    @Option(names = "--use_hf_unet", description = "UNet2D, not MLP-UNet.")
    boolean unet;

    @Option(names = "--push_to_hub", description = "Send the final model to the hub.")
    boolean push;

    @Option(names = "--hub_model_id", paramLabel = "REPO", description = "Where to, owner/name.")
    String repository;

    @Option(names = "--endpoint", paramLabel = "URL", defaultValue = "${env:HF_ENDPOINT:-https://huggingface.co}",
            description = "The hub. Default: HF_ENDPOINT, else ${DEFAULT-VALUE}.")
    String endpoint;

    @Option(names = "--seed", defaultValue = "42", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    long seed;

    @Option(names = "--resume", description = "Go on from the newest checkpoint in --output_dir.")
    boolean resume;

    @Option(names = "--small", description = "Networks that learn in minutes on a CPU.")
    boolean small;

    @Option(names = "--ema", defaultValue = "0", paramLabel = "X",
            description = "Largest decay of the weights' average; 0, as the original: none (default ${DEFAULT-VALUE}).")
    double average;

    @Option(names = "--scaling", defaultValue = "each",
            description = "${COMPLETION-CANDIDATES}: how latents are standardised; the original: none (default "
                    + "${DEFAULT-VALUE}).")
    LatentRecipe.Scaling scaling;

    /// `--mixed_precision`.
    enum Mixed {
        FP16, BF16, NO;

        Precision precision() {
            return switch (this) {
                case FP16 -> Precision.FP16;
                case BF16 -> Precision.BF16;
                case NO -> Precision.F32;
            };
        }
    }

    @Override
    public Integer call() throws IOException {
        common.atLeast(1, "--num_epochs", epochs);
        common.atLeast(1, "--batch_size", batch);
        common.positive("--learning_rate", rate);
        common.atLeast(1, "--gradient_accumulation_steps", accumulation);
        common.atLeast(0, "--lr_warmup_steps", warmup);
        common.atLeast(1, "--save_image_epochs", sampleEvery);
        common.atLeast(2, "--save_image_steps", sampleSteps);
        common.atLeast(1, "--save_model_epochs", saveEvery);
        common.notNegative("--ema", average);
        if (push && repository == null) {
            throw new IllegalArgumentException("--push_to_hub needs --hub_model_id owner/name");
        }
        var to = repository == null ? null : Repository.parse(repository);
        if (Files.exists(out.resolve("checkpoints")) != resume) {
            throw new IllegalArgumentException(resume ? "nothing to resume in " + out
                    + "\nhint: leave --resume out to start anew" : "there is a training in " + out
                    + " already\nhint: --resume to go on with it, or another --output_dir");
        }
        try (var scope = Scope.open("latent-llm train")) {
            Scoped.call(scope, this::train);
        }
        if (push) {
            var pushed = HubPushCommand.push(endpoint, out.resolve("final_model"), to, "main", "End of training",
                    false);
            common.err().println("pushed to " + to + ": commit " + pushed.commit());
        }
        return ExitCode.OK;
    }

    private LatentNetworkConfig network(LatentTable table) {
        int n = table.vectors();
        int d = table.width();
        return unet ? small ? UNet2dConfig.small(n, d) : UNet2dConfig.published(n, d)
                : small ? MlpUnetConfig.small(n, d) : MlpUnetConfig.published(n, d);
    }

    private Integer train() throws IOException {
        var gists = Gists.load(encoder, common);
        LatentTable table;
        try (var text = TrainingData.read(common, data, Optional.of(gists.tokenizer()))) {
            table = gists.encode(text.all(), Integer.MAX_VALUE);
        }
        int each = Math.ceilDiv(table.rows(), batch * accumulation);
        var training = LatentTrainingConfig.ddpm(seed).with(batch * accumulation, 0, rate, average, warmup)
                .withPrecision(mixed.precision());
        var objective = new DenoisingObjective(new GaussianProcess(DiscreteSchedule.linear(),
                new Parameterisation.Epsilon()), new Weighting.Simple(), DenoisingObjective.Draw.APART, 0, 0);
        var stored = resume ? stored(training, network(table), objective) : null;
        var statistics = stored == null ? scaling.of(table) : LatentCheckpoint.statistics(stored);
        try (var interrupt = new Interrupt(); var trainer = new LatentTrainer(training, network(table), objective,
                statistics, table, (long) each * epochs)) {
            if (stored != null) {
                LatentCheckpoint.restore(trainer, stored);
                trainer.plan((long) each * epochs);
            }
            common.err().printf(Locale.ROOT, "%,d texts as %d vectors of %d; %,d parameters; %,d steps of an epoch; "
                    + "%s%n", table.rows(), table.vectors(), table.width(), trainer.network().parameterCount(), each,
                    out);
            run(trainer, each, interrupt);
        }
        return ExitCode.OK;
    }

    /// The newest checkpoint, if it is of the same recipe.
    private Stored stored(LatentTrainingConfig training, LatentNetworkConfig network, DenoisingObjective objective)
            throws IOException {
        var stored = Checkpoints.open(out.resolve("checkpoints"));
        stored.warnings().forEach(warning -> common.err().println("sfumato: " + warning));
        if (!training.equals(LatentCheckpoint.config(stored)) || !network.equals(LatentCheckpoint.network(stored))
                || !objective.equals(LatentCheckpoint.objective(stored))) {
            throw new IllegalArgumentException("the training in " + out + " has another recipe: "
                    + LatentCheckpoint.config(stored)
                    + "\nhint: go on with the options that began it, or begin another in another --output_dir");
        }
        return stored;
    }

    private void run(LatentTrainer trainer, int each, Interrupt interrupt) throws IOException {
        double loss = Double.NaN;
        try (var logs = new TrainingLogs(out, trainer.steps());
                var checkpoints = new Checkpoints(out.resolve("checkpoints"), KEEP);
                var progress = Progress.start(common.err(), "train", trainer.total(), "steps")) {
            checkpoints.forgetAfter(trainer.steps());
            int epoch = (int) (trainer.steps() / each);
            while (!interrupt.requested() && epoch < epochs) {
                double sum = 0;
                int done = 0;
                long end = (epoch + 1L) * each;
                while (!interrupt.requested() && trainer.steps() < end) {
                    double now = trainer.step();
                    sum += now;
                    done++;
                    logs.step(trainer.steps(), now, trainer.rate());
                    progress.update(trainer.steps(), now);
                }
                loss = sum / done;
                epoch++;
                if (epoch % sampleEvery == 0 || epoch == epochs || interrupt.requested()) {
                    sample(trainer, epoch);
                }
                if (epoch % saveEvery == 0 && epoch < epochs) {
                    checkpoints.save(LatentCheckpoint.of(trainer, JsonNodeFactory.instance.objectNode()));
                }
            }
            checkpoints.save(LatentCheckpoint.of(trainer, JsonNodeFactory.instance.objectNode()));
        }
        try (var last = new Checkpoints(out.resolve("final_model"), 1)) {
            last.save(LatentCheckpoint.of(trainer, JsonNodeFactory.instance.objectNode()));
        }
        if (!common.json()) {
            common.out().printf(Locale.ROOT, "%,d steps, loss of the last epoch %.4f%nmodel: %s%n", trainer.steps(),
                    loss, out.resolve("final_model"));
        }
        var fields = new LinkedHashMap<String, Object>();
        fields.put("steps", trainer.steps());
        fields.put("parameters", trainer.network().parameterCount());
        fields.put("loss", loss);
        fields.put("model", out.resolve("final_model").toString());
        common.result(fields);
    }

    /// Four latents, as the original keeps them.
    private void sample(LatentTrainer trainer, int epoch) throws IOException {
        try (var scope = Scope.open("samples")) {
            Scoped.call(scope, () -> {
                var model = trainer.model();
                var sampler = model.sampler(model.path(sampleSteps),
                        new Solver.Ddpm(Solver.Ddpm.Variance.SMALL), new Clipping.Off(), 1);
                Safetensors.write(out.resolve("latents-" + epoch + ".safetensors"), Map.of("latents",
                        model.sample(sampler, SAMPLES, Rng.of(seed).fold(epoch), LatentObserver.NONE)), Map.of());
                return 0;
            });
        }
    }
}
