package org.sfumato.models.ldlm;

import org.sfumato.models.gaussian.LatentNetworkConfig;
import org.sfumato.tensor.Rng;

/// The settings of an [Ldlm].
///
/// @param layers how many
/// @param hidden width of the network
/// @param heads of attention
/// @param width D of the latents
/// @param context latents before that are read
public record LdlmConfig(int layers, int hidden, int heads, int width, int context) implements LatentNetworkConfig {
    /// Checks what can be checked.
    public LdlmConfig {
        if (layers < 1 || width < 1 || context < 1 || heads < 1 || hidden < 2 || hidden % heads != 0
                || hidden % 2 != 0) {
            throw new IllegalArgumentException("ldlm: layers " + layers + ", width " + width + ", context " + context
                    + " must be at least 1, hidden " + hidden + " even and a multiple of " + heads + " heads");
        }
    }

    /// The published size, 203,165,440 parameters.
    public static LdlmConfig published() {
        return new LdlmConfig(12, 1024, 16, 768, 1);
    }

    /// A network for latents of width `width`, small enough to train on a CPU.
    public static LdlmConfig small(int width) {
        return new LdlmConfig(4, 128, 4, width, 1);
    }

    @Override
    public Ldlm init(Rng rng) {
        return Ldlm.init(this, rng);
    }
}
