package org.sfumato.models.transformer;

import java.util.ArrayList;
import java.util.List;
import org.sfumato.models.Denoiser;
import org.sfumato.models.transformer.TransformerConfig.Normalization;
import org.sfumato.models.transformer.TransformerConfig.Positions;
import org.sfumato.models.transformer.TransformerConfig.Start;
import org.sfumato.nn.Attention;
import org.sfumato.nn.Dropout;
import org.sfumato.nn.Embedding;
import org.sfumato.nn.Init;
import org.sfumato.nn.Layer;
import org.sfumato.nn.LayerNorm;
import org.sfumato.nn.Linear;
import org.sfumato.nn.Mlp;
import org.sfumato.nn.Norm;
import org.sfumato.nn.Pass;
import org.sfumato.nn.RmsNorm;
import org.sfumato.nn.Rotary;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Tensor;

/// A pre-norm transformer in which every position sees every other.
///
/// `h = token[ids] + position`, then for each block `h = h + attention(norm(h))`, `h = h + mlp(norm(h))`, and `logits =
/// head(norm(h))`. Shapes: ids (B, T) i64 -> logits (B, T, V). Source: Vaswani et al. 2017, arXiv 1706.03762, with the
/// variants of [TransformerConfig].
///
/// @param position (T, C), or `null` with rotary positions
/// @param norm before the head, or `null`
/// @param head to the vocabulary, or `null` if it is the token table
public record Transformer(TransformerConfig config, Embedding token, Tensor position, List<Block> blocks, Norm norm,
        Linear head)
        implements Layer, Denoiser {
    /// One block. Shapes: (B, T, C) -> (B, T, C). Source: Xiong et al. 2020, arXiv 2002.04745, figure 1(b).
    public record Block(Norm attentionNorm, Attention attention, Norm mlpNorm, Mlp mlp,
            Dropout dropout) implements Layer {
        /// Applies it.
        public Tensor forward(Tensor x, Rotary rotary, Pass pass) {
            x = x.add(dropout.forward(attention.forward(attentionNorm.forward(x), rotary, null, false), pass.part(0)));
            return x.add(dropout.forward(mlp.forward(mlpNorm.forward(x)), pass.part(1)));
        }
    }

    /// A network with fresh parameters in the current scope.
    public static Transformer init(TransformerConfig config, Rng rng) {
        var blocks = new ArrayList<Block>();
        for (int i = 0; i < config.layers(); i++) {
            blocks.add(block(config, rng.fold(2 + i)));
        }
        boolean torch = config.start() == Start.TORCH;
        var token = config.start() == Start.ZERO ? new Embedding(Init.zeros(config.vocabulary(), config.width()))
                : Embedding.init(config.vocabulary(), config.width(), torch ? 1 : .02, rng.fold(0));
        var position = switch (config.positions()) {
            case ROTARY -> null;
            case LEARNED -> torch ? Init.normal(1, rng.fold(1), config.length(), config.width())
                    : Init.zeros(config.length(), config.width());
        };
        var head = config.tied() ? null : linear(config, config.width(), config.vocabulary(), config.biases().head(),
                config.start() == Start.ZERO_OUTPUTS, rng.fold(2 + config.layers()));
        return new Transformer(config, token, position, List.copyOf(blocks), config.finalNorm()
                ? norm(config, config.width()) : null,
                head);
    }

    /// A network in the current scope whose matrices are zero, for parameters that come from elsewhere: drawing the
    /// first values of a large network takes longer than reading them.
    public static Transformer zero(TransformerConfig config) {
        var zero = init(config.withStart(Start.ZERO), Rng.of(0));
        return new Transformer(config, zero.token, zero.position, zero.blocks, zero.norm, zero.head);
    }

    private static Block block(TransformerConfig config, Rng rng) {
        int width = config.width();
        long size = width / config.heads();
        boolean zero = config.start() == Start.ZERO_OUTPUTS;
        var qkv = linear(config, width, (config.heads() + 2L * config.keyHeads()) * size, config.biases().qkv(), false,
                rng.fold(0));
        var output = linear(config, width, width, config.biases().output(), zero, rng.fold(1));
        var attention = new Attention(qkv, output, config.queryKeyNorm() ? norm(config, size) : null,
                config.queryKeyNorm() ? norm(config, size) : null, config.heads(), config.keyHeads());
        long up = (config.activation().isGated() ? 2L : 1L) * config.mlpWidth();
        var mlp = new Mlp(linear(config, width, up, config.biases().mlp(), false, rng.fold(2)),
                linear(config, config.mlpWidth(), width, config.biases().mlp(), zero, rng.fold(3)),
                        config.activation());
        return new Block(norm(config, width), attention, norm(config, width), mlp, new Dropout(config.dropout()));
    }

    private static Norm norm(TransformerConfig config, long width) {
        return config.norm() == Normalization.LAYER_NORM ? LayerNorm.init(width, config.eps())
                : RmsNorm.init(width, config.eps());
    }

    private static Linear linear(TransformerConfig config, long in, long out, boolean bias, boolean zero, Rng rng) {
        if (config.start() == Start.TORCH) {
            return Linear.init(in, out, bias, rng);
        }
        return new Linear(zero || config.start() == Start.ZERO ? Init.zeros(out, in) : Init.normal(.02, rng, out, in),
                bias ? Init.zeros(out) : null);
    }

    /// The logits of every position.
    ///
    /// @throws ShapeException if the sequence is longer than the network allows
    /// @throws IndexOutOfBoundsException if an id is outside the vocabulary
    @Override
    public Tensor forward(Tensor ids, Pass pass) {
        return hidden(ids, pass).linear(headWeight(), headBias());                                     // (B, T, V)
    }

    /// The logits are made of the positions that count, some at a time.
    @Override
    public Tensor crossEntropy(Tensor ids, Tensor targets, long never, Pass pass) {
        var h = hidden(ids, pass);
        var without = Denoiser.without(never, config.vocabulary(), h.dtype(), h.device());
        var bias = headBias() == null ? without : headBias().add(without);
        return h.linearCrossEntropy(headWeight(), bias, targets, IGNORED);
    }

    private Tensor headWeight() {
        return head == null ? token.weight() : head.weight();
    }

    private Tensor headBias() {
        return head == null ? null : head.bias();
    }

    /// What the head makes logits of. Shapes: ids (B, T) -> (B, T, C).
    private Tensor hidden(Tensor ids, Pass pass) {
        if (ids.shape().rank() != 2 || ids.size(1) > config.length()) {
            throw new ShapeException("transformer: needs ids (B, T) with T at most " + config.length() + ", got "
                    + ids.shape());
        }
        long t = ids.size(1);
        var x = token.forward(ids);                                                                    // (B, T, C)
        x = position == null ? x : x.add(position.slice(0, 0, t));
        x = new Dropout(config.dropout()).forward(x, pass.part(0));
        var rotary = config.positions() == Positions.ROTARY
                ? Rotary.of(t, config.width() / config.heads(), 10_000, x.dtype(), x.device()) : null;
        for (int i = 0; i < blocks.size(); i++) {
            x = blocks.get(i).forward(x, rotary, pass.part(1 + i));
        }
        return norm == null ? x : norm.forward(x);
    }

    /// Floating-point operations of one forward pass over `batch` sequences of `length` tokens: two for each weight of
    /// a matrix and token, and the scores and sums of attention.
    public double forwardFlops(long batch, long length) {
        double matrices = parameters().entrySet().stream()
                .filter(e -> e.getValue().shape().rank() == 2 && !e.getKey().equals("position"))
                .filter(e -> head == null || !e.getKey().equals("token.weight"))
                .mapToDouble(e -> e.getValue().shape().count()).sum();
        return 2 * matrices * batch * length + 4.0 * config.layers() * config.width() * length * length * batch;
    }
}
