package org.sfumato.cli;

import java.io.PrintWriter;
import org.sfumato.models.diffusion.Diffusion;
import org.sfumato.models.diffusion.Sampler;

/// Shows a canvas while its masks vanish: redrawn in place on a terminal, elsewhere a few times as plain text.
final class Canvas implements Sampler.Observer, AutoCloseable {
    private static final String HIDDEN = "\u2591";
    private static final int PLAIN = 4;
    private static final long FRAME_NANOS = 40_000_000L;

    private final PrintWriter err;
    private final Diffusion diffusion;
    private final boolean inPlace;
    private int lines;
    private long shown;
    private Sampler.Step latest;

    Canvas(PrintWriter err, Diffusion diffusion) {
        this(err, diffusion, Boolean.getBoolean("launcher.terminal"));
    }

    Canvas(PrintWriter err, Diffusion diffusion, boolean inPlace) {
        this.err = err;
        this.diffusion = diffusion;
        this.inPlace = inPlace;
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
        var text = diffusion.show(latest.ids(), HIDDEN);
        if (inPlace) {
            err.print((lines > 0 ? "\033[" + lines + "A" : "") + "\r\033[J" + text + "\n");
            lines = height(text);
        } else {
            err.printf("-- step %d of %d%n%s%n", latest.number(), latest.most(), text);
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
