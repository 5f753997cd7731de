package org.sfumato.cli.train;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.Interrupt;
import org.sfumato.cli.shared.Progress;
import org.sfumato.models.training.Steps;
import org.sfumato.nn.checkpoint.Checkpoints;
import org.sfumato.nn.checkpoint.Stored;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// The loop of a training whose length is given in steps, to its end or to an interruption; either way the last state
/// is saved.
final class StepLoop {
    private static final int KEEP = 3;
    private static final int RECENT = 100;
    private static final double NANOS = 1e9;

    private final Common common;
    private final StepOptions options;
    private final Steps trainer;
    private final double before;
    private double loss = Double.NaN;

    /// What a kind of training does between steps. Both give the loss on what is held out.
    interface Pause {
        /// Measures.
        double evaluate();

        /// Saves and measures.
        ///
        /// @param progress to be saved too
        double save(Checkpoints checkpoints, ObjectNode progress) throws IOException;
    }

    /// What came out.
    ///
    /// @param loss the mean of the last steps
    /// @param validation the last loss on what is held out
    record Outcome(long steps, double seconds, double loss, double validation, boolean interrupted) {
        /// `done after 2,000 steps in 1:23`.
        String said() {
            return String.format(Locale.ROOT, "%s after %,d steps in %s", interrupted ? "interrupted" : "done", steps,
                    Progress.time(Math.round(seconds)));
        }

        Map<String, Object> fields() {
            var fields = new LinkedHashMap<String, Object>();
            fields.put("steps", steps);
            fields.put("seconds", Math.round(seconds * 10) / 10.0);
            fields.put("trainLoss", loss);
            return fields;
        }
    }

    /// @param stored where `trainer` goes on, if it does not begin; its state is in place
    StepLoop(Common common, StepOptions options, Steps trainer, Optional<Stored> stored) {
        this.common = common;
        this.options = options;
        this.trainer = trainer;
        this.before = stored.map(state -> state.progress().path("seconds").asDouble(0)).orElse(0.);
        trainer.plan(options.steps);
    }

    /// @param title of the picture of the losses
    /// @param unit of the losses
    Outcome run(Interrupt interrupt, Pause pause, String title, String unit) throws IOException {
        try (var checkpoints = new Checkpoints(options.out.resolve("checkpoints"), KEEP);
                var logs = new TrainingLogs(options.out, trainer.steps())) {
            checkpoints.forgetAfter(trainer.steps());
            long start = System.nanoTime();
            try (var progress = Progress.start(common.err(), "train", options.steps, "steps")) {
                while (!interrupt.requested() && trainer.steps() < options.steps) {
                    step(logs, progress);
                    if (trainer.steps() < options.steps && trainer.steps() % options.saveEvery == 0) {
                        logs.validation(trainer.steps(), pause.save(checkpoints, spent(seconds(start))));
                    } else if (trainer.steps() < options.steps && trainer.steps() % options.evalEvery == 0) {
                        logs.validation(trainer.steps(), pause.evaluate());
                    }
                }
            }
            double seconds = seconds(start);
            double validation = pause.save(checkpoints, spent(seconds));
            logs.validation(trainer.steps(), validation);
            logs.curve(title, unit);
            return new Outcome(trainer.steps(), seconds, loss, validation, interrupt.requested());
        }
    }

    private void step(TrainingLogs logs, Progress progress) {
        double now = trainer.step();
        loss = Double.isNaN(loss) ? now : loss + (now - loss) / Math.min(RECENT, trainer.steps());
        logs.step(trainer.steps(), now, trainer.rate());
        progress.update(trainer.steps(), loss);
    }

    private double seconds(long start) {
        return before + (System.nanoTime() - start) / NANOS;
    }

    private static ObjectNode spent(double seconds) {
        return JsonNodeFactory.instance.objectNode().put("seconds", seconds);
    }
}
