package org.sfumato.models.transformer;

import org.sfumato.models.transformer.Conditioning.Modulation;
import org.sfumato.models.transformer.TransformerConfig.Placement;
import org.sfumato.nn.Attention;
import org.sfumato.nn.Attention.Given;
import org.sfumato.nn.Bottleneck;
import org.sfumato.nn.Dropout;
import org.sfumato.nn.KeyValues;
import org.sfumato.nn.Layer;
import org.sfumato.nn.Linear;
import org.sfumato.nn.Mlp;
import org.sfumato.nn.Norm;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Tensor;

/// One block of a [Transformer]. Shapes: (B, T, C) -> (B, T, C). Source: Xiong et al. 2020, arXiv 2002.04745, figure 1.
///
/// @param attentionNorm before the attention or after it, or `null`
/// @param adapter beside the MLP of a pre-norm block, reading the stream as it is: `h = h + adapter(h) + mlp(norm(h))`;
///     or `null`
/// @param modulation of both halves by the conditioning, 6C: shift, scale and gate of each; or `null`
public record Block(Norm attentionNorm, Attention attention, Norm mlpNorm, Mlp mlp, Bottleneck adapter,
        Linear modulation, Placement placement, Dropout dropout) implements Layer {
    /// The same with another adapter.
    public Block withAdapter(Bottleneck other) {
        return new Block(attentionNorm, attention, mlpNorm, mlp, other, modulation, placement, dropout);
    }

    /// Applies it.
    ///
    /// @param condition what the conditioning made, or `null`
    /// @param given keys and values before the positions, or `null`
    Tensor forward(Tensor x, Tensor condition, Sight sight, Given given, KeyValues past, Pass pass) {
        if (modulation != null) {
            var by = new Modulation(modulation.forward(condition), x.size(-1));
            var read = by.modulate(attentionNorm == null ? x : attentionNorm.forward(x), 0);
            x = by.gate(x, dropout.forward(sight.attend(attention, read, given, past, pass.part(2)), pass.part(0)), 2);
            read = by.modulate(mlpNorm.forward(x), 3);
            return by.gate(x, dropout.forward(mlp.forward(read, pass.part(3)), pass.part(1)), 5);
        }
        if (placement == Placement.POST) {
            x = attentionNorm.forward(x.add(
                    dropout.forward(sight.attend(attention, x, given, past, pass.part(2)), pass.part(0))));
            return mlpNorm.forward(x.add(dropout.forward(mlp.forward(x, pass.part(3)), pass.part(1))));
        }
        var read = attentionNorm == null ? x : attentionNorm.forward(x);
        x = x.add(dropout.forward(sight.attend(attention, read, given, past, pass.part(2)), pass.part(0)));
        var more = dropout.forward(mlp.forward(mlpNorm.forward(x), pass.part(3)), pass.part(1));
        return (adapter == null ? x : x.add(adapter.forward(x))).add(more);
    }
}
