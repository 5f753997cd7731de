package org.sfumato.models.transformer;

import java.util.ArrayList;
import java.util.List;
import org.sfumato.models.transformer.TransformerConfig.Encoding;
import org.sfumato.models.transformer.TransformerConfig.Normalization;
import org.sfumato.models.transformer.TransformerConfig.Start;
import org.sfumato.nn.Attention;
import org.sfumato.nn.Dropout;
import org.sfumato.nn.Embedding;
import org.sfumato.nn.Init;
import org.sfumato.nn.LayerNorm;
import org.sfumato.nn.Linear;
import org.sfumato.nn.Mlp;
import org.sfumato.nn.Norm;
import org.sfumato.nn.RmsNorm;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

/// The first parameters of a [Transformer], as [Start] says.
///
/// @param outline true if matrices take no memory, as [Transformer#outline] has them
record TransformerStart(TransformerConfig config, boolean outline) {
    Transformer network(Rng rng) {
        var blocks = new ArrayList<Block>();
        for (int i = 0; i < config.layers(); i++) {
            blocks.add(block(i, rng.fold(2 + i)));
        }
        var norms = config.norms();
        var output = config.output();
        var token = table(config.vocabulary(), rng.fold(0));
        var position = config.positions().kind() == Encoding.ROTARY ? null
                : config.start() == Start.TORCH ? Init.normal(1, rng.fold(1), config.length(), config.width())
                : zeros(config.length(), config.width());
        var type = config.positions().types() == 0 ? null
                : table(config.positions().types(), rng.fold(3 + config.layers())).weight();
        var transform = output.transform() ? linear(config.width(), config.width(), config.biases().transform(), false,
                rng.fold(4 + config.layers())) : null;
        boolean bias = config.biases().head();
        var head = output.tied() ? new Linear(token.weight(), bias ? Init.zeros(config.vocabulary()) : null)
                : linear(config.width(), config.vocabulary(), bias, config.start() == Start.ZERO_OUTPUTS,
                        rng.fold(2 + config.layers()));
        return new Transformer(config, token, position, type, norms.embedding() ? norm(config.width()) : null,
                conditioning(rng.fold(5 + config.layers())), List.copyOf(blocks),
                norms.last() ? norm(config.width()) : null, modulation(2), transform,
                output.transform() ? norm(config.width()) : null, head);
    }

    /// A matrix of zeros; as an outline, one zero seen many times.
    private Tensor zeros(long rows, long columns) {
        return outline ? Init.zeros(1, 1).expand(Shape.of(rows, columns)) : Init.zeros(rows, columns);
    }

    private Embedding table(long rows, Rng rng) {
        return switch (config.start()) {
            case ZERO -> new Embedding(zeros(rows, config.width()));
            case TORCH -> Embedding.init(rows, config.width(), 1, rng);
            case NORMAL, ZERO_OUTPUTS -> Embedding.init(rows, config.width(), .02, rng);
        };
    }

    private Block block(int layer, Rng rng) {
        int width = config.width();
        var heads = config.heads();
        boolean zero = config.start() == Start.ZERO_OUTPUTS && config.conditioning() == 0;  // else gates are 0
        var qkv = linear(width, (heads.query() + 2L * heads.key()) * heads.size(), config.biases().qkv(), false,
                rng.fold(0));
        var output = linear((long) heads.query() * heads.size(), width, config.biases().output(), zero, rng.fold(1));
        var attention = new Attention(qkv, output, heads.normalized() ? norm(heads.size()) : null,
                heads.normalized() ? norm(heads.size()) : null, heads.query(), heads.key());
        long up = (config.activation().isGated() ? 2L : 1L) * config.mlpWidth();
        var mlp = new Mlp(linear(width, up, config.biases().mlp(), false, rng.fold(2)),
                linear(config.mlpWidth(), width, config.biases().mlp(), zero, rng.fold(3)), config.activation());
        return new Block(layer == 0 && !config.norms().first() ? null : norm(width), attention, norm(width), mlp,
                null, modulation(6), config.norms().placement(), new Dropout(config.dropout()));
    }

    private Conditioning conditioning(Rng rng) {
        int width = config.conditioning();
        return width == 0 ? null : new Conditioning(linear(Conditioning.FREQUENCIES, width, true, false, rng.fold(0)),
                linear(width, width, true, false, rng.fold(1)));
    }

    /// Zeros: a block with its gates closed is the identity.
    private Linear modulation(int parts) {
        long width = (long) parts * config.width();
        return config.conditioning() == 0 ? null
                : new Linear(Init.zeros(width, config.conditioning()), Init.zeros(width));
    }

    private Norm norm(long width) {
        var norms = config.norms();
        if (norms.kind() == Normalization.RMS_NORM) {
            return RmsNorm.init(width, norms.eps());
        }
        return new LayerNorm(Init.ones(width), norms.bias() ? Init.zeros(width) : null, norms.eps());
    }

    private Linear linear(long in, long out, boolean bias, boolean zero, Rng rng) {
        if (config.start() == Start.TORCH) {
            return Linear.init(in, out, bias, rng);
        }
        return new Linear(zero || config.start() == Start.ZERO ? zeros(out, in) : Init.normal(.02, rng, out, in),
                bias ? Init.zeros(out) : null);
    }
}
