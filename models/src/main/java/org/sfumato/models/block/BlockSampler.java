package org.sfumato.models.block;

import java.util.Arrays;
import java.util.OptionalInt;
import java.util.function.Function;
import org.sfumato.models.Denoiser;
import org.sfumato.models.Noisy;
import org.sfumato.models.diffusion.Canvas;
import org.sfumato.models.diffusion.Sampler;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.transformer.Transformer.Input;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// Writes a canvas block after block. The keys and values of finished blocks are kept, which is exact: a finished block
/// never sees a later one. Source: Arriola et al. 2025, arXiv 2503.09573, section 3.3.
///
/// @param network of blocks
/// @param inner makes the sampler of a block from what predicts it
public record BlockSampler(Transformer network, Function<Denoiser, Sampler> inner) implements Sampler {
    @Override
    public OptionalInt end() {
        return inner.apply(network).end();
    }

    @Override
    public int[] fill(Canvas canvas, Rng rng, Observer observer) {
        int size = network.block();
        var ids = canvas.ids().clone();
        try (var scope = Scope.open("block sampler")) {
            var cache = scope.call(() -> network.cache(1, canvas.length()));
            int done = 0;
            for (int from = 0; from < ids.length; from += size) {
                int to = Math.min(ids.length, from + size);
                var part = new Canvas(Arrays.copyOfRange(ids, from, to), Arrays.copyOfRange(canvas.open(), from, to));
                if (part.places().length > 0) {
                    var seen = new Whole(ids, from, done, canvas.length(), observer);
                    var sampler = inner.apply(network.after(cache));
                    var written = scope.call(() -> sampler.fill(part, rng.fold(cache.length()), seen));
                    System.arraycopy(written, 0, ids, from, written.length);
                    done = seen.steps;
                    int end = sampler.end().orElse(-1);
                    if (Arrays.stream(part.places()).anyMatch(i -> written[i] == end)) {
                        Arrays.stream(canvas.places()).filter(i -> i >= to).forEach(i -> ids[i] = end);
                        return ids;
                    }
                }
                keep(ids, from, to, cache);
            }
        }
        return ids;
    }

    private void keep(int[] ids, int from, int to, Transformer.Cache cache) {
        if (to == ids.length) {
            return;                                                     // nobody will ask
        }
        var row = Arrays.stream(ids, from, to).asLongStream().toArray();
        try (var scope = Scope.open("block")) {
            scope.run(() -> Dispatch.unrecorded(() -> network.forward(Input.of(clean(row)), cache)));
        }
    }

    private static Noisy clean(long[] row) {
        return new Noisy(Tensor.of(row, 1, row.length), Tensor.ones(1, 1));
    }

    /// Tells of steps within a block as steps of the whole canvas.
    private static final class Whole implements Observer {
        private final int[] ids;
        private final int from;
        private final int before;
        private final int length;
        private final Observer outer;
        private int steps;

        Whole(int[] ids, int from, int before, int length, Observer outer) {
            this.ids = ids.clone();
            this.from = from;
            this.before = before;
            this.length = length;
            this.outer = outer;
            this.steps = before;
        }

        @Override
        public void step(Step step) {
            System.arraycopy(step.ids(), 0, ids, from, step.ids().length);
            steps = before + step.number();
            var choices = step.choices().stream().map(choice -> new Choice(from + choice.place(), choice.token(),
                    choice.confidence(), choice.entropy())).toList();
            int after = length - from - step.ids().length;
            outer.step(new Step(steps, before + step.most() + after, ids, choices));
        }
    }
}
