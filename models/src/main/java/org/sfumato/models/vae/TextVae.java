package org.sfumato.models.vae;

import java.util.LinkedHashMap;
import java.util.Map;
import org.sfumato.models.latent.TextAutoencoder;
import org.sfumato.nn.Layer;
import org.sfumato.tensor.Tensor;

/// A variational autoencoder of text.
public sealed interface TextVae extends TextAutoencoder, Layer permits LoraVae, AdaVae, ScratchVae, PooledVae {
    /// What it is made of, without the weights.
    VaeConfig config();

    /// The parameters that are trained, by name: all but those of a frozen language model, the component `base`.
    default Map<String, Tensor> trained() {
        var trained = new LinkedHashMap<String, Tensor>();
        parameters().forEach((name, p) -> {
            if (!name.startsWith("base.")) {
                trained.put(name, p);
            }
        });
        return trained;
    }

    @Override
    default int length() {
        return config().length();
    }
}
