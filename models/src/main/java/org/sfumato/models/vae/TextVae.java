package org.sfumato.models.vae;

import java.util.Map;
import org.sfumato.models.latent.TextAutoencoder;
import org.sfumato.tensor.Tensor;

/// A variational autoencoder of text.
public sealed interface TextVae extends TextAutoencoder permits LoraVae, AdaVae, ScratchVae, PooledVae {
    /// What it is made of, without the weights.
    VaeConfig config();

    /// The parameters that are trained, by name; a frozen language model is not among them.
    Map<String, Tensor> trained();

    @Override
    default int length() {
        return config().length();
    }
}
