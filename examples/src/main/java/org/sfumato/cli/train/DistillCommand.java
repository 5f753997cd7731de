package org.sfumato.cli.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.ModelOption;
import org.sfumato.cli.shared.Progress;
import org.sfumato.cli.shared.Scoped;
import org.sfumato.cli.shared.Threads;
import org.sfumato.cli.shared.TrainingData;
import org.sfumato.models.data.Tokens;
import org.sfumato.models.duo.Duo;
import org.sfumato.models.duo.DuoCurriculum;
import org.sfumato.models.training.Distillation;
import org.sfumato.models.training.Trained;
import org.sfumato.models.uniform.UniformProcess;
import org.sfumato.nn.checkpoint.Checkpoints;
import org.sfumato.tensor.Scope;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `sfumato distill`: a model that writes as well in fewer steps.
@Command(name = "distill", description = {"Distil a uniform or duo model into one that writes in few steps.",
    "In rounds of discrete consistency distillation; what comes out is as of `train uniform`."})
public final class DistillCommand implements Callable<Integer> {
    private static final int KEEP = 2;

    @Mixin
    Common common;

    @Mixin
    Threads threads;

    @Mixin
    ModelOption model;

    @Option(names = "--data", required = true, arity = "1..*", paramLabel = "FILE", description = TrainingData.HELP)
    List<Path> data;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Where the student goes.")
    Path out;

    @Option(names = "--rounds", defaultValue = "" + Distillation.ROUNDS, paramLabel = "N",
            description = "In each the teacher looks twice as far back (default ${DEFAULT-VALUE}).")
    int rounds;

    @Option(names = "--steps", defaultValue = "500", paramLabel = "N",
            description = "Steps of a round (default ${DEFAULT-VALUE}).")
    int steps;

    @Option(names = "--batch", paramLabel = "N", description = "Rows of a step (default: as it was trained).")
    Integer batch;

    @Option(names = "--lr", defaultValue = "3e-4", paramLabel = "X",
            description = "Learning rate of AdamW; Muon's follows (default ${DEFAULT-VALUE}).")
    double rate;

    @Option(names = "--average", defaultValue = "0.999", paramLabel = "P",
            description = "Decay of the averaged weights; 0 for none (default ${DEFAULT-VALUE}).")
    double average;

    @Mixin
    PrecisionOption precision;

    @Option(names = "--resume", description = "Go on after the last whole round in --out.")
    boolean resume;

    @Override
    public Integer call() throws IOException {
        common.atLeast(1, "--rounds", rounds);
        common.atLeast(1, "--steps", steps);
        common.atLeast(1, "--batch", batch);
        common.positive("--lr", rate);
        try (var scope = Scope.open("distill")) {
            return Scoped.call(scope, () -> {
                var trained = model.load(common);
                try (var read = TrainingData.read(common, data, Optional.of(trained.tokenizer()))) {
                    return distill(trained, read.corpus().train());
                }
            });
        }
    }

    private Integer distill(Trained trained, Tokens tokens) throws IOException {
        var process = process(trained);
        var path = trained.objective() instanceof Duo duo ? duo.curriculum() : DuoCurriculum.of(process.vocabulary());
        var config = trained.config().withLearningRate(rate).withAverage(average)
                .withPrecision(precision.or(trained.config().precision()));
        config = batch == null ? config : config.withBatch(batch);
        var stored = new TrainingFolder(out).begin(common, resume);
        double divergence = Double.NaN;
        try (var run = new Distillation(config, trained.network(), path, tokens, rounds, steps);
                var checkpoints = new Checkpoints(out.resolve("checkpoints"), KEEP);
                var progress = Progress.start(common.err(), "distill", (long) rounds * steps, "steps")) {
            if (stored.isPresent()) {
                run.restore(stored.get());
            }
            while (!run.finished()) {
                divergence = run.step();
                progress.update(run.steps(), String.format(Locale.ROOT, "round %d  divergence %.4f",
                        (run.steps() - 1) / steps + 1, divergence));
                if (run.steps() % steps == 0) {
                    checkpoints.save(run.snapshot(process, trained.tokenizer()));
                }
            }
        }
        if (!common.json()) {
            common.out().printf(Locale.ROOT, "%d rounds, divergence of the last step %.4f nats/token; model: %s%n",
                    rounds, divergence, out);
        }
        var fields = new LinkedHashMap<String, Object>();
        fields.put("rounds", rounds);
        fields.put("steps", (long) rounds * steps);
        fields.put("divergence", divergence);
        fields.put("model", out.toString());
        common.result(fields);
        return ExitCode.OK;
    }

    private static UniformProcess process(Trained trained) {
        return switch (trained.objective()) {
            case UniformProcess process -> process;
            case Duo duo -> duo.process();
            default -> throw new IllegalArgumentException("distill: the model is no uniform one"
                    + "\nhint: sfumato train duo");
        };
    }
}
