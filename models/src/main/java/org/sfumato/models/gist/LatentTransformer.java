package org.sfumato.models.gist;

import java.util.Arrays;
import java.util.List;
import org.sfumato.models.gaussian.NoisyLatents;
import org.sfumato.models.gaussian.Steerable;
import org.sfumato.models.gaussian.Waves;
import org.sfumato.nn.Activation;
import org.sfumato.nn.Attention;
import org.sfumato.nn.Dropout;
import org.sfumato.nn.Init;
import org.sfumato.nn.Layer;
import org.sfumato.nn.LayerNorm;
import org.sfumato.nn.Linear;
import org.sfumato.nn.Mlp;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Tensor;

/// The vectors of the latents as a sequence in which each sees all: a pre-norm transformer with learned places, the
/// time added to every vector. Shapes: z (B, N, D) -> (B, N, D). What the networks of latent-llm are compared with,
/// which lay vectors out as if their order and their inside were space.
///
/// Sources: Vaswani et al. 2017, arXiv 1706.03762; Xiong et al. 2020, arXiv 2002.04745, figure 1 (b).
///
/// @param position (N, H), what tells the vectors apart
public record LatentTransformer(LatentTransformerConfig config, Linear input, Tensor position, TimeMlp time,
        List<Block> blocks, LayerNorm norm, Linear output) implements Steerable {
    private static final double EPSILON = 1e-5;
    private static final double POSITION = .02;

    /// `x + attention(norm(x))`, then `x + mlp(norm(x))`.
    public record Block(LayerNorm attentionNorm, Attention attention, LayerNorm mlpNorm, Mlp mlp) implements Layer {
        static Block init(int width, int heads, Rng rng) {
            var parts = rng.split(3);
            return new Block(LayerNorm.init(width, EPSILON), Attention.init(width, heads, heads, true, parts[0]),
                    LayerNorm.init(width, EPSILON), new Mlp(Linear.init(width, 4L * width, true, parts[1]),
                            Linear.init(4L * width, width, true, parts[2]), Activation.GELU));
        }

        Tensor forward(Tensor x, double dropout, Pass pass) {
            var drop = new Dropout(dropout);
            x = x.add(drop.forward(attention.forward(attentionNorm.forward(x), null, null, false), pass.part(0)));
            return x.add(drop.forward(mlp.forward(mlpNorm.forward(x)), pass.part(1)));
        }
    }

    /// Fresh values.
    public static LatentTransformer init(LatentTransformerConfig config, Rng rng) {
        var parts = rng.split(5);
        int h = config.hidden();
        return new LatentTransformer(config, Linear.init(config.width(), h, true, parts[0]),
                Init.normal(POSITION, parts[1], config.vectors(), h),
                TimeMlp.init(h, h, Activation.SILU, parts[2]),
                Arrays.stream(parts[3].split(config.layers())).map(r -> Block.init(h, config.heads(), r)).toList(),
                LayerNorm.init(h, EPSILON), Linear.init(h, config.width(), true, parts[4]));
    }

    /// @throws ShapeException if there are more vectors, or wider ones, than the network takes
    @Override
    public Tensor stream(NoisyLatents noisy, Pass pass, Steering steering) {
        var z = noisy.z();
        if (z.size(1) > config.vectors() || z.size(2) != config.width()) {
            throw new ShapeException("latent transformer: takes up to " + config.vectors() + " vectors of width "
                    + config.width() + ", got " + z.shape());
        }
        var t = time.forward(Waves.of(noisy.time(), Waves.geometric(config.hidden() / 2))).unsqueeze(1);  // (B, 1, H)
        var x = steering.at(0, input.forward(z).add(position.slice(0, 0, z.size(1))).add(t));             // (B, N, H)
        for (int i = 0; i < blocks.size(); i++) {
            x = steering.at(i + 1, blocks.get(i).forward(x, config.dropout(), pass.part(i)));
        }
        return x;
    }

    @Override
    public Tensor predict(Tensor stream) {
        return output.forward(norm.forward(stream));
    }

    @Override
    public boolean predicts(String name) {
        return name.startsWith("norm.") || name.startsWith("output.");
    }

    @Override
    public String toString() {
        return summary();
    }
}
