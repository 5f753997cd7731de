package org.sfumato.models.ldlm;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.sfumato.models.gaussian.Condition;
import org.sfumato.models.gaussian.ConditionalDenoiser;
import org.sfumato.models.gaussian.LatentNetwork;
import org.sfumato.models.gaussian.NoisyLatents;
import org.sfumato.nn.Init;
import org.sfumato.nn.LayerNorm;
import org.sfumato.nn.Linear;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Tensor;

/// A transformer over `[time, z, z_before, ...]`, read at the place of z: the latent of a span of text given those of
/// the spans before it. Shapes: z (B, 1, D), condition (B, M, D), the nearest span first, M at most the context -> (B,
/// 1, D). Source: crowsonkb/LDLM.
///
/// A latent before that is not there is seen by nothing but itself.
///
/// @param fourier tells the time
/// @param input of every latent, without bias
/// @param position (context + 2, hidden)
public record Ldlm(LdlmConfig config, Fourier fourier, Linear input, Tensor position, LayerNorm inputNorm,
        List<LdlmBlock> blocks, LayerNorm norm, Linear output) implements LatentNetwork, ConditionalDenoiser {
    /// Fresh values: PyTorch's, positions normal with deviation `1/sqrt(hidden)`.
    public static Ldlm init(LdlmConfig config, Rng rng) {
        var parts = rng.split(5);
        int d = config.hidden();
        return new Ldlm(config, Fourier.init(d, parts[0]), Linear.init(config.width(), d, false, parts[1]),
                Init.normal(1 / Math.sqrt(d), parts[2], config.context() + 2, d), LayerNorm.init(d, LdlmBlock.EPSILON),
                Arrays.stream(parts[3].split(config.layers())).map(r -> LdlmBlock.init(config, r)).toList(),
                LayerNorm.init(d, LdlmBlock.EPSILON), Linear.init(d, config.width(), true, parts[4]));
    }

    @Override
    public Map<String, Tensor> buffers() {
        return Map.of("fourier.weight", fourier.weight());
    }

    /// @throws ShapeException if there is more than one latent, or another width or more context than it takes
    @Override
    public Tensor forward(NoisyLatents noisy, Pass pass) {
        var z = requireOne(noisy, config.width(), config.context());
        var time = fourier.forward(noisy.time()).unsqueeze(1);                                         // (B, 1, C)
        var before = noisy.condition();
        var x = before == null ? Tensor.concat(1, time, input.forward(z))
                : Tensor.concat(1, time, input.forward(z), input.forward(before.latents()));           // (B, 2 + M, C)
        x = inputNorm.forward(x.add(position.slice(0, 0, x.size(1))));
        var mask = before == null ? null : mask(before);
        for (var block : blocks) {
            x = block.forward(x, mask);
        }
        return output.forward(norm.forward(x).slice(1, 1, 2));                                         // (B, 1, D)
    }

    static Tensor requireOne(NoisyLatents noisy, int width, int context) {
        var z = noisy.z();
        var before = noisy.condition();
        if (z.size(1) != 1 || z.size(2) != width || before != null
                && (before.latents().size(1) > context || before.latents().size(2) != width)) {
            throw new ShapeException("ldlm: takes one latent of width " + width + " and up to " + context
                    + " before it, got " + z.shape() + (before == null ? "" : " and " + before.latents().shape()));
        }
        return z;
    }

    /// Who sees whom: those that are there see those that are there, and everyone sees itself. Shapes: (B, M) -> (B, 1,
    /// 2 + M, 2 + M).
    private static Tensor mask(Condition before) {
        var always = Tensor.full(Shape.of(before.present().size(0), 2), 1, DType.BOOL, before.present().device());
        var there = Tensor.concat(1, always, before.present());                                        // (B, T)
        long t = there.size(1);
        var self = Tensor.arange(t, there.device()).unsqueeze(1).eq(Tensor.arange(t, there.device()));
        return there.unsqueeze(2).and(there.unsqueeze(1)).or(self).unsqueeze(1);
    }

    @Override
    public String toString() {
        return summary();
    }
}
