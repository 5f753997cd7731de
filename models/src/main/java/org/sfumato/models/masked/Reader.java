package org.sfumato.models.masked;

import java.util.Arrays;
import org.sfumato.models.Denoiser;
import org.sfumato.models.Noisy;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.transformer.Transformer.Input;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// Where logits come from while a canvas is being written.
interface Reader {
    /// A canvas in one or more versions, at work in the block `[from, to)` for the pass number `pass`.
    ///
    /// @param rows row-major, each of `length` ids
    /// @param alpha the share of places that are written
    record View(long[] rows, int length, float alpha, int from, int to, int pass) {
        int count() {
            return rows.length / length;
        }

        /// The places `[first, last)` of every version.
        Noisy part(int first, int last) {
            int width = last - first;
            var ids = new long[count() * width];
            for (int row = 0; row < count(); row++) {
                System.arraycopy(rows, row * length + first, ids, row * width, width);
            }
            var shares = new float[count()];
            Arrays.fill(shares, alpha);
            return new Noisy(Tensor.of(ids, count(), width), Tensor.of(shares, count(), 1));
        }
    }

    /// The logits of `places` in all versions. Shapes: (versions, places, V), flat.
    double[] logits(View view, int[] places);

    private static Tensor at(int[] places, int first) {
        return Tensor.of(Arrays.stream(places).mapToLong(place -> place - first).toArray(), places.length);
    }

    /// Computes all places every time.
    record Exact(Denoiser network) implements Reader {
        @Override
        public double[] logits(View view, int[] places) {
            try (var scope = Scope.open("reader")) {
                return scope.call(() -> Dispatch.unrecorded(() -> network
                        .forward(view.part(0, view.length), Pass.INFERENCE).indexSelect(1, at(places, 0)).toDoubles()));
            }
        }
    }

    /// Computes some places, sees the others as they were.
    ///
    /// @param cache of all places of the canvas, in a scope that outlives the reader
    /// @param meter or `null`
    record Cached(Transformer network, Transformer.Cache cache, Caching caching, CacheMeter meter) implements Reader {
        @Override
        public double[] logits(View view, int[] places) {
            boolean all = view.pass % caching.refresh() == 0;
            var range = all ? new int[] {0, view.length} : caching.anew(view.from, view.to, view.length);
            try (var scope = Scope.open("reader")) {
                double[] logits = scope.call(() -> Dispatch.unrecorded(() -> {
                    cache.seek(range[0]);
                    return network.forward(Input.of(view.part(range[0], range[1])), cache)
                            .indexSelect(1, at(places, range[0])).toDoubles();
                }));
                if (meter != null && meter.isDue()) {
                    meter.add(new Exact(network).logits(view, places), logits,
                            logits.length / view.count() / places.length);
                }
                return logits;
            }
        }
    }
}
