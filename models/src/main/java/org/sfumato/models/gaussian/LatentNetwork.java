package org.sfumato.models.gaussian;

import java.util.Map;
import org.sfumato.nn.Layer;
import org.sfumato.tensor.Tensor;

/// A denoiser with parameters, which can be trained and kept in a checkpoint.
public interface LatentNetwork extends LatentDenoiser, Layer {
    /// The settings that it is made of.
    LatentNetworkConfig config();

    /// Tensors that are not trained and belong to it all the same, as random frequencies, by name.
    default Map<String, Tensor> buffers() {
        return Map.of();
    }

    /// The share of the learning rate that the parameter `name` gets.
    default double rate(String name) {
        return 1;
    }

    /// Whether weight decay is for the parameter `name` at all; it is only ever for those of two axes or more.
    default boolean decays(String name) {
        return true;
    }
}
