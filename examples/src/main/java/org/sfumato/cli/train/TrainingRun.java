package org.sfumato.cli.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.Interrupt;
import org.sfumato.cli.shared.TrainingData;
import org.sfumato.cli.text.EvalCommand;
import org.sfumato.models.data.NGramEntropy;
import org.sfumato.models.data.TextCorpus;
import org.sfumato.models.diffusion.Estimate;
import org.sfumato.models.diffusion.Nelbo;
import org.sfumato.models.training.Trained;
import org.sfumato.models.training.Trainer;
import org.sfumato.models.training.TrainingCheckpoint;
import org.sfumato.nn.checkpoint.Checkpoints;
import org.sfumato.nn.checkpoint.Stored;
import org.sfumato.tensor.Rng;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// A training from its first or its next step to its end: steps, evaluations, checkpoints, logs, progress.
public final class TrainingRun {
    /// How far and with which pauses.
    ///
    /// @param steps the length of the run; 0 if it is given in minutes
    /// @param minutes the length of the run; 0 if it is given in steps
    /// @param evalEvery steps between evaluations on the validation part
    /// @param saveEvery steps between checkpoints
    public record Plan(long steps, double minutes, int evalEvery, int saveEvery) { }

    /// What came out.
    public record Outcome(long steps, double seconds, double trainLoss, Estimate nelbo, NGramEntropy entropy,
            boolean interrupted) {
        public Map<String, Object> fields() {
            var fields = new LinkedHashMap<String, Object>();
            fields.put("steps", steps);
            fields.put("seconds", Math.round(seconds * 10) / 10.0);
            fields.put("trainLoss", trainLoss);
            fields.putAll(EvalCommand.fields(nelbo, entropy));
            fields.put("interrupted", interrupted);
            return fields;
        }
    }

    private static final int KEEP = 3;
    private static final int SAMPLES = 4;
    private static final int QUICK_TOKENS = 8192;
    private static final double NANOS = 1e9;
    private static final long UNKNOWN = 1L << 40;
    /// The share of the time after which the length of a run given in minutes is settled; no schedule falls before it.
    private static final double SETTLED = .39;
    /// The share of the time after which its speed counts: before, the kernels are still being compiled.
    private static final double WARM = .25;

    private final Common common;
    private final TextCorpus corpus;
    private final Trainer trainer;
    private final Plan plan;
    private final Path out;
    private final int[] validation;
    private final NGramEntropy entropy;
    private final List<Double> recent = new ArrayList<>();
    private double best = Double.POSITIVE_INFINITY;
    private double before;
    private boolean settled;
    private long warmStep;
    private double warmSeconds;

    public TrainingRun(Common common, TextCorpus corpus, Trainer trainer, Plan plan, Path out) {
        this.common = common;
        this.corpus = corpus;
        this.trainer = trainer;
        this.plan = plan;
        this.out = out;
        this.validation = corpus.validation().toArray();
        this.entropy = TrainingData.entropy(corpus.train(), corpus.validation(), corpus.tokenizer());
        this.settled = plan.minutes == 0;
        trainer.plan(settled ? plan.steps : UNKNOWN);
    }

    /// Goes on where `stored` stood.
    public void resume(Stored stored) throws IOException {
        TrainingCheckpoint.restore(trainer, stored);
        var progress = stored.progress();
        before = progress.path("seconds").asDouble(0);
        best = progress.path("best").asDouble(Double.POSITIVE_INFINITY);
        if (plan.steps > 0) {
            trainer.plan(plan.steps);
        } else if (plan.minutes > 0 && plan.minutes != progress.path("minutes").asDouble(0)) {
            trainer.plan(UNKNOWN);
        }
        settled = trainer.total() < UNKNOWN;
    }

    /// Runs to the end, or to an interruption; either way the last state is saved.
    public Outcome run(Interrupt interrupt) throws IOException {
        try (var checkpoints = new Checkpoints(out.resolve("checkpoints"), KEEP);
                var logs = new TrainingLogs(out, trainer.steps())) {
            checkpoints.forgetAfter(trainer.steps());
            long start = System.nanoTime();
            double loss = train(interrupt, logs, checkpoints, start);
            double seconds = before + (System.nanoTime() - start) / NANOS;
            boolean interrupted = interrupt.requested();
            save(checkpoints, seconds);
            var estimate = interrupted ? quick() : full();
            logs.validation(trainer.steps(), estimate.nats());
            logs.curve(entropy);
            return new Outcome(trainer.steps(), seconds, loss, estimate, entropy, interrupted);
        }
    }

    private double train(Interrupt interrupt, TrainingLogs logs, Checkpoints checkpoints, long start)
            throws IOException {
        double loss = Double.NaN;
        try (var progress = new TimedProgress(common, plan, trainer, before, settled)) {
            while (!interrupt.requested() && !finished(start)) {
                loss = smooth(trainer.step());
                long step = trainer.steps();
                settle(start);
                logs.step(step, recent.getLast(), trainer.rate());
                progress.update(loss, settled);
                if (step % plan.evalEvery == 0) {
                    logs.validation(step, quick().nats());
                }
                if (step % plan.saveEvery == 0) {
                    save(checkpoints, before + (System.nanoTime() - start) / NANOS);
                }
            }
        }
        return loss;
    }

    private boolean finished(long start) {
        return settled ? trainer.steps() >= trainer.total() : share(start) >= 1;
    }

    private double share(long start) {
        return (before + (System.nanoTime() - start) / NANOS) / (60 * plan.minutes);
    }

    /// A run given in minutes learns its length from its own speed.
    private void settle(long start) {
        if (settled) {
            return;
        }
        double seconds = before + (System.nanoTime() - start) / NANOS;
        if (share(start) >= SETTLED) {
            double left = 60 * plan.minutes - seconds;
            double speed = (trainer.steps() - warmStep) / (seconds - warmSeconds);
            trainer.plan(trainer.steps() + Math.max(1, Math.round(left * speed)));
            settled = true;
        } else if (warmStep == 0 && share(start) >= WARM) {
            warmStep = trainer.steps();
            warmSeconds = seconds;
        }
    }

    private double smooth(double loss) {
        recent.add(loss);
        if (recent.size() > 100) {
            recent.removeFirst();
        }
        return recent.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
    }

    /// The bound on the first few thousand tokens of the validation part, always with the same random numbers.
    private Estimate quick() {
        return estimate(Arrays.copyOf(validation, Math.min(validation.length, QUICK_TOKENS)), 2);
    }

    private Estimate full() {
        return estimate(validation, SAMPLES);
    }

    private Estimate estimate(int[] ids, int samples) {
        return trainer.averaged(network -> new Nelbo<>(network, Trained.bound(trainer.objective()),
                trainer.config().length()).estimate(ids, samples, Rng.of(0)));
    }

    private void save(Checkpoints checkpoints, double seconds) throws IOException {
        ObjectNode progress = JsonNodeFactory.instance.objectNode();
        progress.put("seconds", seconds);
        progress.put("minutes", plan.minutes);
        double value = quick().nats();                               // always the same tokens and random numbers
        boolean better = value < best;
        best = better ? value : best;
        if (Double.isFinite(best)) {
            progress.put("best", best);
        }
        checkpoints.save(TrainingCheckpoint.of(trainer, corpus.tokenizer(), progress));
        if (better) {
            checkpoints.markBest(trainer.steps(), value);
        }
    }
}
