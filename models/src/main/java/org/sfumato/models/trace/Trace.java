package org.sfumato.models.trace;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.sfumato.models.diffusion.Canvas;
import org.sfumato.models.diffusion.Sampler;

/// How a text came to be: what a sampler was given, and the canvas after each of its steps. [Recorder] makes one.
///
/// @param settings what it was made with, by name, for people
/// @param canvas what the sampler was given; -1 at open places
/// @param tokens the texts of the ids; an id without text, as that of [MASK], is a place where nothing is written
/// @param steps in order; the ids of each are the whole canvas
public record Trace(Map<String, String> settings, Canvas canvas, Map<Integer, String> tokens,
        List<Sampler.Step> steps) {
    /// What stands at a place where nothing does yet, not even [MASK].
    static final int NOTHING = -1;

    /// Checks that steps and canvas fit.
    public Trace {
        settings = Collections.unmodifiableMap(new LinkedHashMap<>(settings));
        tokens = Collections.unmodifiableMap(new HashMap<>(tokens));
        steps = List.copyOf(steps);
        canvas = bare(canvas);
        for (var step : steps) {
            require(step, canvas);
        }
    }

    /// The same without what stands at open places.
    private static Canvas bare(Canvas canvas) {
        var ids = canvas.ids().clone();
        for (int i : canvas.places()) {
            ids[i] = NOTHING;
        }
        return new Canvas(ids, canvas.open());
    }

    private static void require(Sampler.Step step, Canvas canvas) {
        if (step.ids().length != canvas.length()) {
            throw new IllegalArgumentException("trace: step " + step.number() + " has " + step.ids().length
                    + " places, the canvas " + canvas.length());
        }
        for (int i = 0; i < canvas.length(); i++) {
            if (!canvas.open()[i] && step.ids()[i] != canvas.ids()[i]) {
                throw new IllegalArgumentException("trace: step " + step.number() + " changes place " + i
                        + ", which is not open");
            }
        }
        for (var choice : step.choices()) {
            if (choice.place() < 0 || choice.place() >= canvas.length() || !canvas.open()[choice.place()]) {
                throw new IllegalArgumentException("trace: step " + step.number() + " writes at " + choice.place()
                        + ", which is no open place of " + canvas.length());
            }
        }
    }

    /// Reads what [#write(Path)] wrote.
    ///
    /// @throws IOException if it cannot be read, is damaged or no trace
    public static Trace read(Path file) throws IOException {
        return TraceFile.read(file);
    }

    /// Writes a file: lines of JSON, compressed by gzip. Probabilities and entropies are kept as float32.
    ///
    /// @throws IOException if that fails; the file is then as before
    public void write(Path file) throws IOException {
        TraceFile.write(this, file);
    }

    /// A page that shows the steps, with all that it needs in it: nothing is loaded from anywhere.
    public String html() {
        return TracePage.of(this);
    }

    /// The canvas in the end; without steps, as it was given.
    public int[] ids() {
        return steps.isEmpty() ? canvas.ids() : steps.getLast().ids();
    }

    /// `ids` as text, with `gap` for what is not written.
    public String text(int[] ids, String gap) {
        var text = new StringBuilder();
        for (int id : ids) {
            text.append(tokens.getOrDefault(id, gap));
        }
        return text.toString();
    }
}
