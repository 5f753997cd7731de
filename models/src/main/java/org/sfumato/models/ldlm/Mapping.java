package org.sfumato.models.ldlm;

import org.sfumato.nn.Activation;
import org.sfumato.nn.Layer;
import org.sfumato.nn.Linear;
import org.sfumato.nn.Mlp;
import org.sfumato.nn.RmsNorm;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// What blocks are told of the noise: a vector of the time's waves, through one residual part. Shapes: (B, C) -> (B,
/// C).
/// Source: crowsonkb/LDLM, branch context.
public record Mapping(Linear input, RmsNorm inputNorm, RmsNorm mlpNorm, Mlp mlp, RmsNorm norm) implements Layer {
    static final double EPSILON = 1e-6;

    /// Fresh values; the residual part adds nothing at first.
    public static Mapping init(ContextLdlmConfig config, Rng rng) {
        var parts = rng.split(2);
        int c = config.hidden();
        return new Mapping(Linear.init(c, c, false, parts[0]), RmsNorm.init(c, EPSILON), RmsNorm.init(c, EPSILON),
                gated(config, parts[1]), RmsNorm.init(c, EPSILON));
    }

    /// A gated feed-forward part without biases that adds nothing at first.
    static Mlp gated(ContextLdlmConfig config, Rng rng) {
        return new Mlp(Linear.init(config.hidden(), 2L * config.inner(), false, rng),
                Linear.zero(config.inner(), config.hidden()), Activation.GEGLU);
    }

    /// Applies it.
    public Tensor forward(Tensor waves) {
        var x = inputNorm.forward(input.forward(waves));
        return norm.forward(x.add(mlp.forward(mlpNorm.forward(x))));
    }
}
