package org.sfumato.models.ldlm;

import org.sfumato.models.gaussian.LatentNetworkConfig;
import org.sfumato.tensor.Rng;

/// The settings of a [ContextLdlm].
///
/// @param layers how many
/// @param hidden width of the network
/// @param inner width inside the feed-forward parts
/// @param heads of attention
/// @param width D of the latents
/// @param context latents before that are read, at most
/// @param deviation that of the latents, by which those before are divided; 1 where they are normalised
public record ContextLdlmConfig(int layers, int hidden, int inner, int heads, int width, int context,
        double deviation) implements LatentNetworkConfig {
    /// Checks what can be checked.
    public ContextLdlmConfig {
        if (layers < 1 || width < 1 || context < 0 || inner < 1 || heads < 1 || hidden < 2 || hidden % heads != 0
                || hidden / heads % 2 != 0 || !(deviation > 0)) {
            throw new IllegalArgumentException("ldlm-context: layers " + layers + ", width " + width + ", inner "
                    + inner + " must be at least 1, context " + context + " at least 0, hidden " + hidden
                    + " a multiple of twice the " + heads + " heads, deviation " + deviation + " positive");
        }
    }

    /// The published size, 191.4 M parameters.
    public static ContextLdlmConfig published() {
        return new ContextLdlmConfig(12, 1024, 2816, 16, 768, 39, 1);
    }

    /// A network for latents of width `width` with `context` before, small enough to train on a CPU.
    public static ContextLdlmConfig small(int width, int context) {
        return new ContextLdlmConfig(4, 128, 352, 4, width, context, 1);
    }

    @Override
    public ContextLdlm init(Rng rng) {
        return ContextLdlm.init(this, rng);
    }
}
