package org.sfumato.models.masked;

import java.util.OptionalInt;
import org.sfumato.models.diffusion.Canvas;
import org.sfumato.models.diffusion.Sampler;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;

/// A [MaskedSampler] that computes less: places outside the block at work are seen as they were when the block began.
/// That is an approximation, unless the network is one of blocks; a meter tells how good it is.
///
/// @param network predicts hidden tokens
/// @param process hid them
/// @param sampling how, in blocks
/// @param caching what is kept
/// @param meter told of the error, or `null`
public record CachedSampler(Transformer network, MaskedProcess process, Sampling sampling, Caching caching,
        CacheMeter meter) implements Sampler {
    @Override
    public OptionalInt end() {
        return sampling.end();
    }

    @Override
    public int[] fill(Canvas canvas, Rng rng, Observer observer) {
        try (var scope = Scope.open("cached sampler")) {
            return scope.call(() -> {
                var cache = network.looseCache(sampling.guidance() > 0 ? 2 : 1, canvas.length());
                return new MaskedRun(new Reader.Cached(network, cache, caching, meter), process, sampling, canvas, rng,
                        observer).write();
            });
        }
    }
}
