package org.sfumato.cli;

import java.io.PrintWriter;
import org.sfumato.models.masked.MaskedDiffusion;
import org.sfumato.models.masked.MaskedSampler;

/// Shows a canvas while its masks vanish: redrawn in place on a terminal, elsewhere a few times as plain text.
final class Canvas implements MaskedSampler.Observer, AutoCloseable {
    private static final String HIDDEN = "\u2591";
    private static final int PLAIN = 4;
    private static final long FRAME_NANOS = 40_000_000L;

    private final PrintWriter err;
    private final MaskedDiffusion diffusion;
    private final boolean inPlace;
    private int lines;
    private long shown;

    Canvas(PrintWriter err, MaskedDiffusion diffusion) {
        this(err, diffusion, Boolean.getBoolean("launcher.terminal"));
    }

    Canvas(PrintWriter err, MaskedDiffusion diffusion, boolean inPlace) {
        this.err = err;
        this.diffusion = diffusion;
        this.inPlace = inPlace;
    }

    @Override
    public void step(int step, int steps, int[] ids) {
        long now = System.nanoTime();
        boolean due = inPlace ? step == steps || now - shown >= FRAME_NANOS
                : step == steps || step * PLAIN / steps != (step - 1) * PLAIN / steps;
        if (!due) {
            return;
        }
        shown = now;
        var text = diffusion.show(ids, HIDDEN);
        if (inPlace) {
            err.print((lines > 0 ? "\033[" + lines + "A" : "") + "\r\033[J" + text + "\n");
            lines = height(text);
        } else {
            err.printf("-- step %d of %d%n%s%n", step, steps, text);
        }
        err.flush();
    }

    /// Rows of an 80-column terminal that the text takes.
    private static int height(String text) {
        return text.lines().mapToInt(line -> Math.max(1, Math.ceilDiv(line.length(), 80))).sum()
                + (text.endsWith("\n") ? 1 : 0);
    }

    @Override
    public void close() {
        err.flush();
    }
}
