package org.sfumato.models.ldlm;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.sfumato.models.gaussian.Condition;
import org.sfumato.models.gaussian.ConditionalDenoiser;
import org.sfumato.models.gaussian.LatentNetwork;
import org.sfumato.models.gaussian.NoisyLatents;
import org.sfumato.nn.Linear;
import org.sfumato.nn.Pass;
import org.sfumato.nn.RmsNorm;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// A transformer over `[z, z_before, ...]`, read at the place of z, with many spans before and the noise told to every
/// block. Shapes: z (B, 1, D), condition (B, M, D), the nearest span first, M at most the context -> (B, 1, D). Source:
/// crowsonkb/LDLM, branch context.
///
/// @param input of z
/// @param beforeInput of those before
public record ContextLdlm(ContextLdlmConfig config, Fourier fourier, Mapping mapping, Linear input, Linear beforeInput,
        List<ContextBlock> blocks, RmsNorm norm, Linear output) implements LatentNetwork, ConditionalDenoiser {
    private static final String MAPPING = "mapping.";
    private static final double MAPPING_RATE = 1.0 / 3;

    /// Fresh values: PyTorch's, and zeros where parts are added; it predicts zeros at first.
    public static ContextLdlm init(ContextLdlmConfig config, Rng rng) {
        var parts = rng.split(5);
        int c = config.hidden();
        return new ContextLdlm(config, Fourier.init(c, parts[0]), Mapping.init(config, parts[1]),
                Linear.init(config.width(), c, true, parts[2]), Linear.init(config.width(), c, true, parts[3]),
                Arrays.stream(parts[4].split(config.layers())).map(r -> ContextBlock.init(config, r)).toList(),
                RmsNorm.init(c, Mapping.EPSILON), Linear.zero(c, config.width()));
    }

    @Override
    public Map<String, Tensor> buffers() {
        return Map.of("fourier.weight", fourier.weight());
    }

    /// The mapping learns at a third of the rate.
    @Override
    public double rate(String name) {
        return name.startsWith(MAPPING) ? MAPPING_RATE : 1;
    }

    @Override
    public boolean decays(String name) {
        return name.startsWith(MAPPING) || name.startsWith("blocks.");
    }

    /// @throws ShapeException if there is more than one latent, or another width or more context than it takes
    @Override
    public Tensor forward(NoisyLatents noisy, Pass pass) {
        var z = Ldlm.requireOne(noisy, config.width(), config.context());
        var told = mapping.forward(fourier.forward(noisy.time()));                                     // (B, C)
        var before = noisy.condition() == null ? Condition.of(z.mul(0)).absent() : noisy.condition();
        var x = Tensor.concat(1, input.forward(z),
                beforeInput.forward(before.latents().mul(1 / config.deviation())));                    // (B, 1 + M, C)
        var always = Tensor.full(Shape.of(z.size(0), 1), 1, DType.BOOL, z.device());
        var mask = Tensor.concat(1, always, before.present()).unsqueeze(1).unsqueeze(1);               // (B, 1, 1, T)
        var places = Tensor.arange(0, 1, new Spec(Shape.of(x.size(1)), x.dtype()), x.device());
        for (var block : blocks) {
            x = block.forward(x, told, places, mask);
        }
        return output.forward(norm.forward(x.slice(1, 0, 1)));                                         // (B, 1, D)
    }

    @Override
    public String toString() {
        return summary();
    }
}
