package org.sfumato.models.trace;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.sfumato.models.diffusion.Canvas;
import org.sfumato.models.diffusion.Sampler;
import org.sfumato.models.diffusion.Sampler.Choice;
import org.sfumato.models.diffusion.Sampler.Step;
import org.sfumato.tensor.Rng;
import org.sfumato.tokenizers.Tokenizer;

/// Records the steps of a sampler. A text that is written in pieces, each canvas beginning with the end of what is
/// there, is one trace.
public final class Recorder {
    private final List<Step> steps = new ArrayList<>();
    private Canvas whole = new Canvas(new int[0], new boolean[0]);
    private int[] now = new int[0];

    /// Of nothing so far.
    public Recorder() { }

    /// `sampler`, whose steps are recorded from here on.
    ///
    /// @throws IllegalArgumentException from its `fill` if the canvas does not go on with the text of the one before
    public Sampler around(Sampler sampler) {
        return new Sampler() {
            @Override
            public int[] fill(Canvas canvas, Rng rng, Observer observer) {
                int from = begin(canvas);
                int before = steps.size();
                var filled = sampler.fill(canvas, rng, step -> {
                    note(step, from, before);
                    observer.step(step);
                });
                System.arraycopy(filled, 0, now, from, filled.length);
                return filled;
            }

            @Override
            public OptionalInt end() {
                return sampler.end();
            }
        };
    }

    /// Where the places of `canvas` begin in the whole text.
    private int begin(Canvas canvas) {
        int context = IntStream.range(0, canvas.length()).filter(i -> canvas.open()[i]).findFirst()
                .orElse(canvas.length());
        int from = steps.isEmpty() ? 0 : now.length - context;
        if (from < 0 || !steps.isEmpty()
                && !Arrays.equals(now, from, now.length, canvas.ids(), 0, context)) {
            throw new IllegalArgumentException("trace: a second canvas does not begin with the end of the first"
                    + "\nhint: a recorder for each text");
        }
        int kept = steps.isEmpty() ? 0 : now.length;
        int length = from + canvas.length();
        var open = Arrays.copyOf(whole.open(), length);
        now = Arrays.copyOf(now, length);
        for (int i = kept; i < length; i++) {
            open[i] = canvas.open()[i - from];
            now[i] = open[i] ? Trace.NOTHING : canvas.ids()[i - from];
        }
        var given = Arrays.copyOf(whole.ids(), length);
        System.arraycopy(now, kept, given, kept, length - kept);
        whole = new Canvas(given, open);
        return from;
    }

    private void note(Step step, int from, int before) {
        System.arraycopy(step.ids(), 0, now, from, step.ids().length);
        var choices = step.choices().stream().map(choice -> new Choice(from + choice.place(), choice.token(),
                (float) choice.confidence(), (float) choice.entropy())).toList();
        steps.add(new Step(before + step.number(), before + step.most(), now.clone(), choices));
    }

    /// What was recorded.
    ///
    /// @param settings what it was made with, by name
    /// @param tokenizer gives the texts of ids
    /// @param isText which ids it has texts for
    public Trace trace(Map<String, String> settings, Tokenizer tokenizer, IntPredicate isText) {
        var tokens = new HashMap<Integer, String>();
        var complete = steps.stream().map(step -> new Step(step.number(), step.most(), padded(step.ids()),
                step.choices())).toList();
        var written = complete.stream().flatMapToInt(step -> IntStream.concat(Arrays.stream(step.ids()),
                step.choices().stream().mapToInt(Choice::token)));
        Stream.of(Arrays.stream(whole.ids()), written).flatMapToInt(ids -> ids).distinct()
                .filter(id -> id >= 0 && isText.test(id)).forEach(id -> tokens.put(id, text(tokenizer, id)));
        return new Trace(settings, whole, tokens, complete);
    }

    private int[] padded(int[] ids) {
        var all = whole.ids().clone();
        System.arraycopy(ids, 0, all, 0, ids.length);
        return all;
    }

    /// What `id` adds to a text; some tokenizers leave out the space before the first word.
    private static String text(Tokenizer tokenizer, int id) {
        var once = tokenizer.decode(id);
        var twice = tokenizer.decode(id, id);
        return twice.startsWith(once) ? twice.substring(once.length()) : once;
    }
}
