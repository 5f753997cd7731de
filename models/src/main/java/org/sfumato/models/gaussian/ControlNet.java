package org.sfumato.models.gaussian;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.sfumato.nn.Init;
import org.sfumato.nn.Linear;
import org.sfumato.nn.Parameters;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Tensor;

/// A frozen denoiser that learns to obey a condition through a copy of its blocks: the copy reads `x + sum_m Z_0 c_m`,
/// and what comes out of each of its blocks is added, `h_i + Z_i h'_i`, to what comes out of the same block of the
/// frozen network. All Z are zero at first, so that it begins as the frozen network, and harm done by training
/// stays out of it. Rows without a condition are always the frozen network's own.
///
/// Shapes: z (B, N, D), condition (B, M, K) -> (B, N, D). Sources: Zhang et al. 2023, arXiv 2302.05543, equations 2 and
/// 3; of transformers, which have no skips: Chen et al. 2024, arXiv 2401.05252, "ControlNet-Transformer".
///
/// @param network frozen: its parameters are among the [#buffers]
/// @param copy of which the blocks and what comes before them are trained
/// @param input Z_0, K to H
/// @param outputs Z_i for each block, H to H
public record ControlNet(Steerable network, Steerable copy, Linear input, List<Linear> outputs)
        implements LatentNetwork, ConditionalDenoiser {
    private static final String NETWORK = "network.";
    private static final String COPY = "copy.";

    /// Checks the networks.
    public ControlNet {
        if (network instanceof ConditionalDenoiser) {
            throw new IllegalArgumentException("control: a network that reads a condition already, "
                    + network.config().getClass().getSimpleName() + ", has no place for another");
        }
    }

    /// The settings of one.
    ///
    /// @param network those of the frozen network
    /// @param condition K, numbers of a vector of the condition
    public record Config(Steerable.Config network, int condition) implements LatentNetworkConfig {
        /// Checks the width.
        public Config {
            if (condition < 1) {
                throw new IllegalArgumentException("control: the condition's width " + condition
                        + " must be at least 1");
            }
        }

        /// A fresh network in place of the frozen one, to be given values by [ControlNet#take].
        @Override
        public ControlNet init(Rng rng) {
            int h = network.streamWidth();
            var net = new ControlNet(network.init(rng), network.init(rng), zero(condition, h),
                    IntStream.range(0, network.blocks()).mapToObj(_ -> zero(h, h)).toList());
            net.take(net.network);
            return net;
        }

        @Override
        public int width() {
            return network.width();
        }
    }

    private static Linear zero(int in, int out) {
        return new Linear(Init.zeros(out, in), Init.zeros(out));
    }

    /// Around the values of a trained network, in the current scope; that one stays as it is.
    ///
    /// @param condition K, numbers of a vector of the condition
    public static ControlNet of(Steerable trained, int condition) {
        var net = new Config(trained.config(), condition).init(Rng.of(0));
        net.take(trained);
        return net;
    }

    /// Puts the values of a trained network into the frozen one and into the copy.
    ///
    /// @throws IllegalArgumentException if it is of other sizes
    public void take(Steerable trained) {
        var values = trained.parameters();
        for (var own : List.of(network, copy)) {
            if (own != trained) {
                Parameters.load(own.parameters(), values);
                Parameters.load(own.buffers(), trained.buffers());
            }
        }
    }

    @Override
    public Config config() {
        return new Config(network.config(), Math.toIntExact(input.weight().size(1)));
    }

    /// What is trained: all but the frozen network, and the part of the copy that would predict.
    @Override
    public Map<String, Tensor> parameters() {
        var trained = new LinkedHashMap<String, Tensor>();
        Parameters.of(this).forEach((name, p) -> {
            if (!name.startsWith(NETWORK)
                    && !(name.startsWith(COPY) && copy.predicts(name.substring(COPY.length())))) {
                trained.put(name, p);
            }
        });
        return trained;
    }

    @Override
    public Map<String, Tensor> buffers() {
        var kept = new LinkedHashMap<String, Tensor>();
        network.parameters().forEach((name, p) -> kept.put(NETWORK + name, p));
        network.buffers().forEach((name, buffer) -> kept.put(NETWORK + name, buffer));
        copy.buffers().forEach((name, buffer) -> kept.put(COPY + name, buffer));
        return kept;
    }

    @Override
    public double rate(String name) {
        return name.startsWith(COPY) ? copy.rate(name.substring(COPY.length())) : 1;
    }

    @Override
    public boolean decays(String name) {
        return !name.startsWith(COPY) || copy.decays(name.substring(COPY.length()));
    }

    /// @throws ShapeException if the condition is of another width
    @Override
    public Tensor forward(NoisyLatents noisy, Pass pass) {
        var plain = noisy.given(null);
        var condition = noisy.condition();
        if (condition == null) {
            return network.forward(plain, Pass.INFERENCE);
        }
        var c = condition.latents();
        if (c.size(2) != input.weight().size(1)) {
            throw new ShapeException("control: takes a condition of width " + input.weight().size(1) + ", got "
                    + c.shape());
        }
        var there = condition.present().cast(c.dtype()).unsqueeze(-1);                                 // (B, M, 1)
        var told = input.forward(c).mul(there).sum(true, 1);                                           // (B, 1, H)
        var obeying = there.max(true, 1);                                                              // (B, 1, 1)
        var made = new ArrayList<Tensor>();
        copy.stream(plain, pass, (place, x) -> {
            if (place == 0) {
                return x.add(told);
            }
            made.add(x);
            return x;
        });
        return network.predict(network.stream(plain, Pass.INFERENCE, (place, x) -> place == 0 ? x
                : x.add(outputs.get(place - 1).forward(made.get(place - 1)).mul(obeying))));
    }

    @Override
    public String toString() {
        return summary();
    }
}
