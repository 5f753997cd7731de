package org.sfumato.models.masked;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.sfumato.models.diffusion.Canvas;
import org.sfumato.models.diffusion.Distribution;
import org.sfumato.models.diffusion.Sampler.Choice;
import org.sfumato.models.diffusion.Sampler.Observer;
import org.sfumato.models.diffusion.Sampler.Step;
import org.sfumato.tensor.Rng;

/// One canvas on its way.
final class MaskedRun {
    private final MaskedProcess process;
    private final Sampling sampling;
    private final MaskPredictor predictor;
    private final Draft draft;
    private final int[] open;
    private final int[] ids;
    private final Rng rng;
    private final Observer observer;
    private int step;

    MaskedRun(Reader reader, MaskedProcess process, Sampling sampling, Canvas canvas, Rng rng, Observer observer) {
        this.process = process;
        this.sampling = sampling;
        this.predictor = new MaskPredictor(reader, process, sampling.guidance(), sampling.rules());
        this.draft = Draft.of(canvas, process.mask());
        this.open = draft.open();
        this.ids = draft.ids();
        this.rng = rng;
        this.observer = observer;
    }

    int[] write() {
        for (int from = 0; from < open.length; ) {
            int to = (int) Math.min(open.length, (long) from + sampling.block());
            write(Arrays.copyOfRange(open, from, to));
            from = to;
        }
        return ids;
    }

    private void write(int[] block) {
        int most = step + passes(block.length);
        for (int pass = 0; ; pass++) {
            int[] left = draft.masked(block);                           // none too where the text is over
            if (left.length == 0) {
                return;
            }
            var choices = new ArrayList<Choice>();
            for (var choice : choices(left, rng.fold(step), pass, block)) {
                draft.write(choice, sampling.rules(), choices);
            }
            step++;
            sampling.end().ifPresent(this::stop);
            observer.step(new Step(step, Math.max(step, most + passesAfter(block)), ids, List.copyOf(choices)));
        }
    }

    /// Ends the text where it is over.
    private void stop(int token) {
        int at = 0;
        while (at < open.length && ids[open[at]] != token && ids[open[at]] != process.mask()) {
            at++;
        }
        if (at < open.length && ids[open[at]] == token) {
            Arrays.stream(open, at, open.length).forEach(i -> ids[i] = token);
        }
    }

    private int passes(int places) {
        return sampling.unmasking() instanceof Unmasking.Quota quota ? (int) Math.ceil(places / quota.tokens())
                : places;
    }

    /// The most passes that the blocks after this one can take.
    private int passesAfter(int[] block) {
        int done = Arrays.binarySearch(open, block[block.length - 1]) + 1;
        int sum = 0;
        for (int from = done; from < open.length; ) {
            int size = Math.min(sampling.block(), open.length - from);
            sum += passes(size);
            from += size;
        }
        return sum;
    }

    /// What is written in this pass: the predicted tokens that come first.
    private List<Choice> choices(int[] places, Rng own, int pass, int[] block) {
        var distributions = predictor.at(places, draft, block, pass);
        var found = new ArrayList<Choice>();
        var score = new double[places.length];
        for (int j = 0; j < places.length; j++) {
            int token = distributions[j].draw(sampling.temperature(), own.fold(2L * places[j]));
            found.add(new Choice(places[j], token, distributions[j].probabilities()[token],
                    distributions[j].entropy()));
            score[j] = sampling.ending() instanceof Ending.Stop(int end, boolean last) && last && token == end
                    ? Double.NEGATIVE_INFINITY : score(distributions[j], found.get(j), own);
        }
        var sorted = IntStream.range(0, places.length).boxed()
                .sorted((a, b) -> Double.compare(score[b], score[a]))       // stable: the leftmost among equals
                .map(found::get).toList();
        int count = sampling.unmasking().count(sorted.stream().mapToDouble(Choice::confidence).toArray(),
                sorted.stream().mapToDouble(Choice::entropy).toArray(), pass, block.length);
        return sorted.subList(0, Math.min(count, sorted.size()));
    }

    private double score(Distribution distribution, Choice choice, Rng own) {
        return switch (sampling.unmasking().order()) {
            case RANDOM -> own.fold(2L * choice.place() + 1).uniformDouble(0);
            case CONFIDENCE -> choice.confidence();
            case MARGIN -> distribution.margin();
            case ENTROPY -> -choice.entropy();
        };
    }
}
