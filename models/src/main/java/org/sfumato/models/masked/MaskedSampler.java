package org.sfumato.models.masked;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.sfumato.models.Denoiser;
import org.sfumato.models.diffusion.Canvas;
import org.sfumato.models.diffusion.Distribution;
import org.sfumato.models.diffusion.Sampler;
import org.sfumato.tensor.Rng;

/// Writes text by unmasking: open places hold [MASK] at first; each pass of the network predicts those of the block at
/// work and writes some of them. What is written stays. [MASK] itself is never written. Source: Nie et al. 2025, arXiv
/// 2502.09992, algorithms 4 and 5.
///
/// @param network predicts hidden tokens
/// @param process hid them
/// @param sampling how
public record MaskedSampler(Denoiser network, MaskedProcess process, Sampling sampling) implements Sampler {
    @Override
    public int[] fill(Canvas canvas, Rng rng, Observer observer) {
        return new Run(canvas, rng, observer).write();
    }

    /// One canvas on its way.
    private final class Run {
        private final MaskPredictor predictor =
                new MaskPredictor(network, process, sampling.guidance(), sampling.rules());
        private final Draft draft;
        private final int[] open;
        private final int[] ids;
        private final Rng rng;
        private final Observer observer;
        private int step;

        Run(Canvas canvas, Rng rng, Observer observer) {
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
                int[] left = draft.masked(block);
                if (left.length == 0) {
                    return;
                }
                var choices = choices(left, rng.fold(step), pass, block.length);
                choices.forEach(choice -> ids[choice.place()] = choice.token());
                step++;
                observer.step(new Step(step, Math.max(step, most + passesAfter(block)), ids, choices));
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
        private List<Choice> choices(int[] places, Rng own, int pass, int block) {
            var distributions = predictor.at(places, ids, draft.prompt());
            var found = new ArrayList<Choice>();
            var score = new double[places.length];
            for (int j = 0; j < places.length; j++) {
                int token = distributions[j].draw(sampling.temperature(), own.fold(2L * places[j]));
                found.add(new Choice(places[j], token, distributions[j].probabilities()[token],
                        distributions[j].entropy()));
                score[j] = score(distributions[j], found.get(j), own);
            }
            var sorted = IntStream.range(0, places.length).boxed()
                    .sorted((a, b) -> Double.compare(score[b], score[a]))       // stable: the leftmost among equals
                    .map(found::get).toList();
            int count = sampling.unmasking().count(sorted.stream().mapToDouble(Choice::confidence).toArray(),
                    sorted.stream().mapToDouble(Choice::entropy).toArray(), pass, block);
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
}
