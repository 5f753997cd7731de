package org.sfumato.models.masked;

import java.util.OptionalInt;
import org.sfumato.models.Denoiser;
import org.sfumato.models.diffusion.Canvas;
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
    public OptionalInt end() {
        return sampling.end();
    }

    @Override
    public int[] fill(Canvas canvas, Rng rng, Observer observer) {
        return new MaskedRun(new Reader.Exact(network), process, sampling, canvas, rng, observer).write();
    }
}
