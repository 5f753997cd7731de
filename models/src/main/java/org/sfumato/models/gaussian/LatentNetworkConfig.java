package org.sfumato.models.gaussian;

import org.sfumato.tensor.Rng;

/// The settings of a network on latents, a record.
public interface LatentNetworkConfig {
    /// A fresh network.
    LatentNetwork init(Rng rng);

    /// The width D of the latents that it takes.
    int width();
}
