package org.sfumato.models.gaussian;

import java.util.LinkedHashMap;
import java.util.Map;
import org.sfumato.nn.Linear;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// A network that reads its own last prediction beside the noisy latents: `F(z + W x^)`, x^ = 0 where there is none
/// yet. W is zero at first, so that it begins as the network itself. Source: Chen et al. 2022, arXiv 2208.04202, which
/// concatenates both; a first layer on `[z ; x^]` is one on z plus one on x^.
///
/// @param network F, which reads no condition
/// @param estimate W
public record SelfConditioned(LatentNetwork network, Linear estimate)
        implements LatentNetwork, SelfConditionedDenoiser {
    /// Checks the network.
    public SelfConditioned {
        if (network instanceof ConditionalDenoiser) {
            throw new IllegalArgumentException("self-conditioning: a network that reads a condition already, "
                    + network.config().getClass().getSimpleName() + ", has no place for another");
        }
    }

    /// The settings of one.
    ///
    /// @param network those of the network itself
    public record Config(LatentNetworkConfig network) implements LatentNetworkConfig {
        @Override
        public SelfConditioned init(Rng rng) {
            return new SelfConditioned(network.init(rng), Linear.zero(width(), width()));
        }

        @Override
        public int width() {
            return network.width();
        }
    }

    @Override
    public Config config() {
        return new Config(network.config());
    }

    @Override
    public Map<String, Tensor> buffers() {
        var buffers = new LinkedHashMap<String, Tensor>();
        network.buffers().forEach((name, buffer) -> buffers.put("network." + name, buffer));
        return buffers;
    }

    @Override
    public Tensor forward(NoisyLatents noisy, Pass pass) {
        var before = noisy.estimate() == null ? noisy.z().mul(0) : noisy.estimate();
        return network.forward(new NoisyLatents(noisy.z().add(estimate.forward(before)), noisy.time()), pass);
    }
}
