package org.sfumato.models.transformer;

import org.sfumato.models.transformer.Conditioning.Modulation;
import org.sfumato.models.transformer.TransformerConfig.Placement;
import org.sfumato.nn.Attention;
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
/// @param modulation of both halves by the conditioning, 6C: shift, scale and gate of each; or `null`
public record Block(Norm attentionNorm, Attention attention, Norm mlpNorm, Mlp mlp, Linear modulation,
        Placement placement, Dropout dropout) implements Layer {
    /// Applies it.
    ///
    /// @param condition what the conditioning made, or `null`
    Tensor forward(Tensor x, Tensor condition, Sight sight, KeyValues past, Pass pass) {
        if (modulation != null) {
            return modulated(x, new Modulation(modulation.forward(condition), x.size(-1)), sight, past, pass);
        }
        if (placement == Placement.POST) {
            x = attentionNorm.forward(x.add(
                    dropout.forward(sight.attend(attention, x, past, pass.part(2)), pass.part(0))));
            return mlpNorm.forward(x.add(dropout.forward(mlp.forward(x, pass.part(3)), pass.part(1))));
        }
        var read = attentionNorm == null ? x : attentionNorm.forward(x);
        x = x.add(dropout.forward(sight.attend(attention, read, past, pass.part(2)), pass.part(0)));
        return x.add(dropout.forward(mlp.forward(mlpNorm.forward(x), pass.part(3)), pass.part(1)));
    }

    private Tensor modulated(Tensor x, Modulation by, Sight sight, KeyValues past, Pass pass) {
        var read = by.modulate(attentionNorm == null ? x : attentionNorm.forward(x), 0);
        x = by.gate(x, dropout.forward(sight.attend(attention, read, past, pass.part(2)), pass.part(0)), 2);
        read = by.modulate(mlpNorm.forward(x), 3);
        return by.gate(x, dropout.forward(mlp.forward(read, pass.part(3)), pass.part(1)), 5);
    }
}
