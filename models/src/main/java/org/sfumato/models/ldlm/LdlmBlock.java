package org.sfumato.models.ldlm;

import org.sfumato.nn.Activation;
import org.sfumato.nn.Layer;
import org.sfumato.nn.LayerNorm;
import org.sfumato.nn.Linear;
import org.sfumato.nn.Mlp;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// `x + attention(norm(x))`, then `x + mlp(norm(x))`; queries and keys are normalised over all heads together. Shapes:
/// x (B, T, D), mask (B, 1, T, T) -> (B, T, D). Source: crowsonkb/LDLM.
public record LdlmBlock(LayerNorm attentionNorm, Linear query, Linear key, Linear value, LayerNorm queryNorm,
        LayerNorm keyNorm, Linear output, LayerNorm mlpNorm, Mlp mlp, int heads) implements Layer {
    static final double EPSILON = 1e-5;

    /// PyTorch's first values.
    public static LdlmBlock init(LdlmConfig config, Rng rng) {
        var parts = rng.split(6);
        int d = config.hidden();
        return new LdlmBlock(LayerNorm.init(d, EPSILON), Linear.init(d, d, true, parts[0]),
                Linear.init(d, d, true, parts[1]), Linear.init(d, d, true, parts[2]), LayerNorm.init(d, EPSILON),
                LayerNorm.init(d, EPSILON), Linear.init(d, d, true, parts[3]), LayerNorm.init(d, EPSILON),
                new Mlp(Linear.init(d, 8L * d, true, parts[4]), Linear.init(4L * d, d, true, parts[5]),
                        Activation.GEGLU), config.heads());
    }

    /// Applies it.
    public Tensor forward(Tensor x, Tensor mask) {
        var h = attentionNorm.forward(x);
        var mixed = byHeads(queryNorm.forward(query.forward(h)))
                .attention(byHeads(keyNorm.forward(key.forward(h))), byHeads(value.forward(h)), mask, false);
        x = x.add(output.forward(mixed.permute(0, 2, 1, 3).reshape(x.shape())));
        return x.add(mlp.forward(mlpNorm.forward(x)));
    }

    private Tensor byHeads(Tensor x) {
        return x.reshape(x.size(0), x.size(1), heads, x.size(2) / heads).permute(0, 2, 1, 3);          // (B, H, T, d)
    }
}
