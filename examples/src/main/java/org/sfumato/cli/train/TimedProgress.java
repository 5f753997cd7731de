package org.sfumato.cli.train;

import java.util.Locale;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.Progress;
import org.sfumato.models.training.Trainer;

/// The progress of a training, in steps where their number is known, else in seconds.
final class TimedProgress implements AutoCloseable {
    private final Common common;
    private final Trainer trainer;
    private final double before;
    private final long start = System.nanoTime();
    private final long first;
    private final long seconds;
    private Progress progress;
    private boolean inSteps;

    TimedProgress(Common common, TrainingRun.Plan plan, Trainer trainer, double before, boolean settled) {
        this.common = common;
        this.trainer = trainer;
        this.before = before;
        this.first = trainer.steps();
        this.seconds = Math.max(1, Math.round(60 * plan.minutes()));
        this.inSteps = settled;
        this.progress = settled ? Progress.start(common.err(), "train", Math.max(1, trainer.total()), "steps")
                : Progress.start(common.err(), "train", seconds, "s");
    }

    void update(double loss, boolean settled) {
        if (inSteps) {
            progress.update(trainer.steps(), loss);
            return;
        }
        double now = before + (System.nanoTime() - start) / 1e9;
        double rate = (trainer.steps() - first) / Math.max(1e-9, now - before);
        progress.update(Math.min(seconds, (long) now), String.format(Locale.ROOT, "step %d  %.1f steps/s  loss %.3f",
                trainer.steps(), rate, loss));
        if (settled) {
            progress.close();
            inSteps = true;
            progress = Progress.start(common.err(), "train", Math.max(1, trainer.total()), "steps");
        }
    }

    @Override
    public void close() {
        progress.close();
    }
}
