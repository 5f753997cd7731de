package org.sfumato.cli.text;

import java.io.PrintWriter;
import java.util.function.BiFunction;
import org.sfumato.models.diffusion.Sampler;

/// Shows a canvas while its masks vanish: redrawn in place on a terminal, elsewhere a few times as plain text.
public final class Canvas implements Sampler.Observer, AutoCloseable {
    static final String HIDDEN = "\u2591";
    private static final int PLAIN = 4;
    private static final long FRAME_NANOS = 40_000_000L;

    private final PrintWriter err;
    private final BiFunction<int[], String, String> text;
    private final boolean inPlace;
    private int lines;
    private long shown;
    private Sampler.Step latest;

    /// @param text of ids, with another text for those that have none
    public Canvas(PrintWriter err, BiFunction<int[], String, String> text) {
        this(err, text, Boolean.getBoolean("launcher.terminal"));
    }

    Canvas(PrintWriter err, BiFunction<int[], String, String> text, boolean inPlace) {
        this.err = err;
        this.text = text;
        this.inPlace = inPlace;
    }

    /// Whether it is redrawn in place.
    boolean isInPlace() {
        return inPlace;
    }

    @Override
    public void step(Sampler.Step step) {
        boolean due = inPlace ? System.nanoTime() - shown >= FRAME_NANOS
                : step.number() * PLAIN / step.most() != (step.number() - 1) * PLAIN / step.most();
        latest = step;
        if (due) {
            draw();
        }
    }

    private void draw() {
        shown = System.nanoTime();
        var seen = text.apply(latest.ids(), HIDDEN);
        if (inPlace) {
            err.print((lines > 0 ? "\033[" + lines + "A" : "") + "\r\033[J" + seen + "\n");
            lines = height(seen);
        } else {
            err.printf("-- step %d of %d%n%s%n", latest.number(), latest.most(), seen);
        }
        err.flush();
        latest = null;
    }

    /// Rows of an 80-column terminal that the text takes.
    private static int height(String text) {
        return text.lines().mapToInt(line -> Math.max(1, Math.ceilDiv(line.length(), 80))).sum()
                + (text.endsWith("\n") ? 1 : 0);
    }

    /// Shows the last step if that is still due.
    @Override
    public void close() {
        if (latest != null) {
            draw();
        }
    }
}
