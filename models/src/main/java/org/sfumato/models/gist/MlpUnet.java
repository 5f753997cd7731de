package org.sfumato.models.gist;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.sfumato.models.gaussian.LatentNetwork;
import org.sfumato.models.gaussian.NoisyLatents;
import org.sfumato.models.gaussian.Waves;
import org.sfumato.nn.Activation;
import org.sfumato.nn.Dropout;
import org.sfumato.nn.Layer;
import org.sfumato.nn.LayerNorm;
import org.sfumato.nn.Linear;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// All numbers of the latents as one vector, narrowed layer by layer, told the time at the bottleneck, and widened
/// again; each layer up adds what the layer down of its width has made. Shapes: z (B, N, D) -> (B, N, D).
///
/// Source: toilaluan/latent-llm, `LatentDiffusionModel`, as it was meant: there the waves of the time are as many as
/// the latents have numbers, which the next layer does not take, and the layers added are off by one.
public record MlpUnet(MlpUnetConfig config, List<Step> down, TimeMlp time, List<Step> up,
        Linear output) implements LatentNetwork {
    private static final double EPSILON = 1e-5;
    private static final double LONGEST = 10_000;

    /// `gelu(dropout(norm(W x + b)))`.
    public record Step(Linear linear, LayerNorm norm) implements Layer {
        static Step init(int in, int out, Rng rng) {
            return new Step(Linear.init(in, out, true, rng), LayerNorm.init(out, EPSILON));
        }

        Tensor forward(Tensor x, double dropout, Pass pass) {
            return new Dropout(dropout).forward(norm.forward(linear.forward(x)), pass).gelu();
        }
    }

    /// Fresh values.
    public static MlpUnet init(MlpUnetConfig config, Rng rng) {
        var parts = rng.split(4);
        var hidden = config.hidden();
        int last = hidden.size() - 1;
        int all = config.vectors() * config.width();
        var ways = parts[0].split(last + 1);
        var back = parts[2].split(Math.max(1, last));
        return new MlpUnet(config,
                IntStream.rangeClosed(0, last)
                        .mapToObj(i -> Step.init(i == 0 ? all : hidden.get(i - 1), hidden.get(i), ways[i])).toList(),
                TimeMlp.init(hidden.get(last), hidden.get(last), Activation.GELU, parts[1]),
                IntStream.range(0, last)
                        .mapToObj(i -> Step.init(hidden.get(last - i), hidden.get(last - i - 1), back[i])).toList(),
                Linear.init(hidden.getFirst(), all, true, parts[3]));
    }

    /// `10000^(-i / (n - 1))` for i from 0 to n - 1, n half of the bottleneck.
    private double[] frequencies() {
        int n = config.hidden().getLast() / 2;
        return IntStream.range(0, n).mapToDouble(i -> Math.pow(LONGEST, -(double) i / (n - 1))).toArray();
    }

    @Override
    public Tensor forward(NoisyLatents noisy, Pass pass) {
        var z = noisy.z();
        var made = new ArrayList<Tensor>();
        var x = z.reshape(z.size(0), (long) config.vectors() * config.width());                            // (B, N D)
        for (int i = 0; i < down.size(); i++) {
            x = down.get(i).forward(x, config.dropout(), pass.part(i));
            made.add(x);
        }
        x = x.add(time.forward(Waves.of(noisy.time(), frequencies())));
        for (int i = 0; i < up.size(); i++) {
            x = up.get(i).forward(x, config.dropout(), pass.part(down.size() + i)).add(made.get(up.size() - 1 - i));
        }
        return output.forward(x).reshape(z.shape());
    }

    @Override
    public String toString() {
        return summary();
    }
}
