package org.sfumato.models.gist;

import org.sfumato.models.gaussian.Steerable;
import org.sfumato.tensor.Rng;

/// The settings of a [LatentTransformer].
///
/// @param vectors N, vectors of a text
/// @param width D, numbers of a vector
/// @param layers how many blocks
/// @param hidden width inside; even, a multiple of the heads
/// @param heads of attention
/// @param dropout in training, of what each part adds
public record LatentTransformerConfig(int vectors, int width, int layers, int hidden, int heads,
        double dropout) implements Steerable.Config {
    /// Checks what can be checked.
    public LatentTransformerConfig {
        if (vectors < 1 || width < 1 || layers < 1 || heads < 1 || hidden < 2 || hidden % 2 != 0 || hidden % heads != 0
                || !(dropout >= 0 && dropout < 1)) {
            throw new IllegalArgumentException("latent transformer: vectors " + vectors + ", width " + width
                    + ", layers " + layers + " and heads " + heads + " must be at least 1, hidden " + hidden
                    + " even and a multiple of the heads, dropout " + dropout + " in [0, 1)");
        }
    }

    /// One that learns in minutes on a CPU.
    public static LatentTransformerConfig small(int vectors, int width) {
        return new LatentTransformerConfig(vectors, width, 2, 128, 4, 0);
    }

    /// About as many parameters as the other networks of latent-llm have for latents of such a size: 12 layers of width
    /// 768.
    public static LatentTransformerConfig large(int vectors, int width) {
        return new LatentTransformerConfig(vectors, width, 12, 768, 12, 0);
    }

    @Override
    public int blocks() {
        return layers;
    }

    @Override
    public int streamWidth() {
        return hidden;
    }

    @Override
    public LatentTransformer init(Rng rng) {
        return LatentTransformer.init(this, rng);
    }
}
