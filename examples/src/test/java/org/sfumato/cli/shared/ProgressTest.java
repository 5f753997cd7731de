package org.sfumato.cli.shared;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProgressTest {

    private static final long SECOND = 1_000_000_000L;

    private final StringWriter err = new StringWriter();
    private long now;

    private Progress progress(boolean inPlace, long total) {
        return new Progress(new PrintWriter(err), inPlace, () -> now, "train", total, "steps");
    }

    @Test
    void elsewhereALineEveryFiveSecondsShowsRateLossAndTimeLeft() {
        try (var progress = progress(false, 1000)) {
            for (int step = 1; step <= 1000; step++) {
                now += SECOND / 50;
                progress.update(step, 3.25);
            }
        }
        assertThat(err.toString().lines()).containsExactly(
                "train   0%  1/1000 steps  50 steps/s  0:20 left  loss 3.250",
                "train  25%  251/1000 steps  50 steps/s  0:15 left  loss 3.250",
                "train  50%  501/1000 steps  50 steps/s  0:10 left  loss 3.250",
                "train  75%  751/1000 steps  50 steps/s  0:05 left  loss 3.250",
                "train 100%  1000/1000 steps  50 steps/s  in 0:20  loss 3.250");
    }

    @Test
    void onATerminalOneLineIsRedrawn() {
        try (var progress = progress(true, 4)) {
            for (int step = 1; step <= 4; step++) {
                now += 2 * SECOND;
                progress.update(step, "");
            }
        }
        assertThat(err.toString()).endsWith(System.lineSeparator()).containsOnlyOnce("\n");
        assertThat(List.of(err.toString().split("\r"))).hasSize(5)
                .contains("train [=====>              ]  25%  1/4 steps  0.50 steps/s  0:06 left\033[K")
                .last().asString().startsWith("train [====================] 100%  4/4 steps  0.50 steps/s  in 0:08");
    }

    @Test
    void aResumedJobCountsOnlyItsOwnStepsForTheRate() {
        try (var progress = progress(false, 1000)) {
            now = SECOND;
            progress.update(901, "");
        }
        assertThat(err.toString()).contains("1.00 steps/s").contains("1:39 left");
    }

    @Test
    void anUnfinishedJobShowsHowFarItCame() {
        try (var progress = progress(false, 10)) {
            now = SECOND;
            progress.update(1, "");
            now = 2 * SECOND;
            progress.update(2, "");
        }
        assertThat(err.toString().lines()).last().asString().contains("2/10");
    }

    @Test
    void aJobThatNeverBeganPrintsNothing() {
        progress(false, 10).close();
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void timesAreReadable() {
        assertThat(Progress.time(47)).isEqualTo("0:47");
        assertThat(Progress.time(725)).isEqualTo("12:05");
        assertThat(Progress.time(10_800)).isEqualTo("3:00:00");
    }
}
