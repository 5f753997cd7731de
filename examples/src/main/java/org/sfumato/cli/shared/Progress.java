package org.sfumato.cli.shared;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.function.LongSupplier;

/// Reports the progress of a long job on standard error: a bar that is redrawn in place on a terminal, a line every
/// five seconds elsewhere.
///
/// ```
/// train [========>           ]  42%  420/1000 steps  12.3 steps/s  0:47 left  loss 3.214
/// ```
public final class Progress implements AutoCloseable {

    private static final int BAR = 20;
    private static final int WIDTH = 100;
    private static final long NANOS = 1_000_000_000L;
    private static final long REDRAW = NANOS / 10;
    private static final long LINE = 5 * NANOS;

    private final PrintWriter err;
    private final boolean inPlace;
    private final LongSupplier clock;
    private final String label;
    private final String unit;
    private final long total;
    private final long start;
    private long first = -1;
    private long done;
    private long shown = Long.MIN_VALUE;
    private String note = "";

    /// `total` counts `unit`s; `clock` gives nanoseconds.
    Progress(PrintWriter err, boolean inPlace, LongSupplier clock, String label, long total, String unit) {
        if (total <= 0) {
            throw new IllegalArgumentException("progress: total must be positive, got " + total);
        }
        this.err = err;
        this.inPlace = inPlace;
        this.clock = clock;
        this.label = label;
        this.total = total;
        this.unit = unit;
        this.start = clock.getAsLong();
    }

    /// A job of `total` `unit`s, such as `start(common.err(), "train", 1000, "steps")`.
    public static Progress start(PrintWriter err, String label, long total, String unit) {
        return new Progress(err, Boolean.getBoolean("launcher.terminal"), System::nanoTime, label, total, unit);
    }

    /// `done` units are finished, counted from the job's beginning (a resumed job starts above 0); `note` is shown at
    /// the end of the line.
    public void update(long done, String note) {
        if (first < 0) {
            first = Math.max(0, done - 1);
        }
        this.done = done;
        this.note = note;
        long now = clock.getAsLong();
        if (done < total && (shown == Long.MIN_VALUE || now - shown >= (inPlace ? REDRAW : LINE))) {
            show(now);
        }
    }

    /// As [#update(long, String)], with the note `loss 3.214`.
    public void update(long done, double loss) {
        update(done, String.format(Locale.ROOT, "loss %.3f", loss));
    }

    /// Shows the last state, whether the job is finished or not, and ends the line.
    @Override
    public void close() {
        if (first >= 0) {
            show(clock.getAsLong());
        }
        if (inPlace) {
            err.println();
        }
        err.flush();
    }

    private void show(long now) {
        shown = now;
        var line = line(now);
        if (inPlace) {
            err.print('\r' + (line.length() > WIDTH ? line.substring(0, WIDTH) : line) + "\033[K");
        } else {
            err.println(line);
        }
        err.flush();
    }

    private String line(long now) {
        double seconds = Math.max(1e-9, (now - start) / (double) NANOS);
        double rate = (done - first) / seconds;
        long percent = 100 * done / total;
        int full = (int) (BAR * done / total);
        var bar = inPlace ? " [" + "=".repeat(full) + (full < BAR ? ">" + " ".repeat(BAR - full - 1) : "") + "]" : "";
        var left = done < total
                ? rate > 0 ? time(Math.round((total - done) / rate)) + " left" : ""
                : "in " + time(Math.round(seconds));
        var speed = String.format(Locale.ROOT, rate < 10 ? "%.2f" : "%.0f", rate);
        return String.format(Locale.ROOT, "%s%s %3d%%  %d/%d %s  %s %s/s  %s  %s",
                label, bar, percent, done, total, unit, speed, unit, left, note).stripTrailing();
    }

    /// Seconds as `0:47`, `12:05`, `3:00:00`.
    public static String time(long seconds) {
        return seconds < 3600
                ? String.format("%d:%02d", seconds / 60, seconds % 60)
                : String.format("%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
    }
}
