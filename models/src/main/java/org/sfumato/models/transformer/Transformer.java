package org.sfumato.models.transformer;

import java.util.List;
import org.sfumato.models.Denoiser;
import org.sfumato.models.transformer.TransformerConfig.Encoding;
import org.sfumato.models.transformer.TransformerConfig.Placement;
import org.sfumato.models.transformer.TransformerConfig.Start;
import org.sfumato.nn.Attention;
import org.sfumato.nn.Dropout;
import org.sfumato.nn.Embedding;
import org.sfumato.nn.Layer;
import org.sfumato.nn.Linear;
import org.sfumato.nn.Mlp;
import org.sfumato.nn.Norm;
import org.sfumato.nn.Pass;
import org.sfumato.nn.Rotary;
import org.sfumato.nn.RotaryScaling;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Settings;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Tensor;

/// A transformer: one class for what the families of language models share, told apart by [TransformerConfig].
///
/// `h = token[ids] + position + type`, normalised if so configured; then for each block, pre-norm,
/// `h = h + attention(norm(h))`, `h = h + mlp(norm(h))`, or, post-norm, `h = norm(h + attention(h))`,
/// `h = norm(h + mlp(h))`; and `logits = head(norm(h))`. Shapes: ids (B, T) i64 -> logits (B, T, V). Sources: Vaswani et
/// al. 2017, arXiv 1706.03762; Devlin et al. 2019, arXiv 1810.04805 (post-norm, types, the transform before the head);
/// Warner et al. 2024, arXiv 2412.13663 (local layers).
///
/// @param position (T, C), or `null` with rotary positions
/// @param type (types, C), or `null`
/// @param embeddingNorm after the embeddings, or `null`
/// @param norm before the head, or `null`
/// @param transform before the head, or `null`
/// @param transformNorm after the transform and its activation, or `null`
/// @param head to the vocabulary; its matrix is the token table if they are tied
public record Transformer(TransformerConfig config, Embedding token, Tensor position, Tensor type, Norm embeddingNorm,
        List<Block> blocks, Norm norm, Linear transform, Norm transformNorm, Linear head) implements Layer, Denoiser {
    /// One block. Shapes: (B, T, C) -> (B, T, C). Source: Xiong et al. 2020, arXiv 2002.04745, figure 1.
    ///
    /// @param attentionNorm before the attention or after it, or `null`
    public record Block(Norm attentionNorm, Attention attention, Norm mlpNorm, Mlp mlp, Placement placement,
            Dropout dropout) implements Layer {
        /// Applies it.
        public Tensor forward(Tensor x, Rotary rotary, Tensor mask, boolean causal, Pass pass) {
            if (placement == Placement.POST) {
                x = attentionNorm.forward(x.add(
                        dropout.forward(attention.forward(x, rotary, mask, causal), pass.part(0))));
                return mlpNorm.forward(x.add(dropout.forward(mlp.forward(x), pass.part(1))));
            }
            var read = attentionNorm == null ? x : attentionNorm.forward(x);
            x = x.add(dropout.forward(attention.forward(read, rotary, mask, causal), pass.part(0)));
            return x.add(dropout.forward(mlp.forward(mlpNorm.forward(x)), pass.part(1)));
        }
    }

    /// What a network reads.
    ///
    /// @param ids tokens (B, T) i64
    /// @param types segment types (B, T) i64, or `null`: all 0
    /// @param attentionMask (B, T) bool, false at padding, which nobody sees; or `null`: no padding
    public record Input(Tensor ids, Tensor types, Tensor attentionMask) {
        /// Tokens alone.
        public static Input of(Tensor ids) {
            return new Input(ids, null, null);
        }
    }

    /// A network with fresh parameters in the current scope.
    public static Transformer init(TransformerConfig config, Rng rng) {
        return new TransformerStart(config).network(rng);
    }

    /// A network in the current scope whose matrices are zero, for parameters that come from elsewhere: drawing the
    /// first values of a large network takes longer than reading them.
    public static Transformer zero(TransformerConfig config) {
        var zero = init(config.withStart(Start.ZERO), Rng.of(0));
        return new Transformer(config, zero.token, zero.position, zero.type, zero.embeddingNorm, zero.blocks, zero.norm,
                zero.transform, zero.transformNorm, zero.head);
    }

    /// The logits of every position.
    ///
    /// @throws ShapeException if the sequence is longer than the network allows
    /// @throws IndexOutOfBoundsException if an id is outside the vocabulary
    @Override
    public Tensor forward(Tensor ids, Pass pass) {
        return forward(Input.of(ids), pass);
    }

    /// The logits of every position. Shapes: (B, T) -> (B, T, V).
    ///
    /// @throws ShapeException if the sequence is longer than the network allows, or types or mask have another shape
    /// @throws IndexOutOfBoundsException if an id or a type is outside its table
    public Tensor forward(Input input, Pass pass) {
        return head.forward(transformed(hidden(input, pass)));
    }

    /// The logits are made of the positions that count, some at a time.
    @Override
    public Tensor crossEntropy(Tensor ids, Tensor targets, long never, Pass pass) {
        var h = transformed(hidden(Input.of(ids), pass));
        var without = Denoiser.without(never, config.vocabulary(), h.dtype(), h.device());
        var bias = head.bias() == null ? without : head.bias().add(without);
        return h.linearCrossEntropy(head.weight(), bias, targets, IGNORED);
    }

    private Tensor transformed(Tensor h) {
        return transform == null ? h
                : transformNorm.forward(config.activation().ungated().apply(transform.forward(h)));
    }

    /// The stream after the last block and its norm. Shapes: (B, T) -> (B, T, C).
    public Tensor hidden(Input input, Pass pass) {
        check(input);
        long t = input.ids.size(1);
        var x = token.forward(input.ids);                                                              // (B, T, C)
        x = position == null ? x : x.add(position.slice(0, 0, t));
        if (type != null) {
            x = x.add(input.types == null ? type.slice(0, 0, 1).squeeze(0) : type.embedding(input.types));
        }
        x = embeddingNorm == null ? x : embeddingNorm.forward(x);
        x = new Dropout(config.dropout()).forward(x, pass.part(0));
        var pattern = config.pattern();
        var global = new Sight(input.attentionMask, t, 0, pattern.causal(), rotary(config.positions().base(), config.positions().scaling(), t, x));
        var local = pattern.window() == 0 ? global
                : new Sight(input.attentionMask, t, pattern.window(), pattern.causal(),
                        rotary(config.positions().localBase(), localScaling(), t, x));
        for (int i = 0; i < blocks.size(); i++) {
            var sight = pattern.isLocal(i) ? local : global;
            x = blocks.get(i).forward(x, sight.rotary, sight.mask, pattern.causal(), pass.part(1 + i));
        }
        return norm == null ? x : norm.forward(x);
    }

    private void check(Input input) {
        var ids = input.ids;
        if (ids.shape().rank() != 2 || ids.size(1) > config.length()) {
            throw new ShapeException("transformer: needs ids (B, T) with T at most " + config.length() + ", got "
                    + ids.shape());
        }
        if (input.types != null && (type == null || !input.types.shape().equals(ids.shape()))) {
            throw new ShapeException(type == null ? "transformer: this network has no segment types"
                    : "transformer: types must be " + ids.shape() + " as the ids, got " + input.types.shape());
        }
        if (input.attentionMask != null && (input.attentionMask.dtype() != DType.BOOL
                || !input.attentionMask.shape().equals(ids.shape()))) {
            throw new ShapeException("transformer: the attention mask must be bool " + ids.shape() + ", got "
                    + input.attentionMask.spec());
        }
    }

    private Rotary rotary(double base, RotaryScaling scaling, long t, Tensor x) {
        return config.positions().kind() == Encoding.LEARNED ? null
                : Rotary.of(t, config.heads().size(), base, scaling, x.dtype(), x.device());
    }

    // Where all layers are local, as Mistral's, their angles are the network's.
    private RotaryScaling localScaling() {
        return config.pattern().globalEvery() == 0 ? config.positions().scaling() : RotaryScaling.NONE;
    }

    /// What the layers of one kind see, and the angles of their positions.
    private record Sight(Tensor mask, Rotary rotary) {
        Sight(Tensor present, long t, int window, boolean causal, Rotary rotary) {
            this(mask(present, t, window, causal), rotary);
        }

        /// Broadcastable to (B, H, T, T), or `null` if nothing is hidden. What is later is not hidden here.
        private static Tensor mask(Tensor present, long t, int window, boolean causal) {
            var keys = present == null ? null : present.unsqueeze(1).unsqueeze(1);                     // (B, 1, 1, T)
            if (window == 0 || t <= (causal ? window : window / 2)) {
                return keys;
            }
            var device = present == null ? Settings.current().device() : present.device();
            var place = Tensor.arange(t, device);
            var distance = place.unsqueeze(1).sub(place);                                  // of key j from query i
            var near = causal ? distance.lt(window) : distance.abs().le(window / 2);                   // (T, T)
            return keys == null ? near : keys.and(near);
        }
    }

    /// Floating-point operations of one forward pass over `batch` sequences of `length` tokens: two for each weight of
    /// a matrix and token, and the scores and sums of attention.
    public double forwardFlops(long batch, long length) {
        double matrices = head.weight().shape().count() + parameters().entrySet().stream()
                .filter(e -> e.getKey().startsWith("blocks.") || e.getKey().startsWith("transform."))
                .filter(e -> e.getValue().shape().rank() == 2)
                .mapToDouble(e -> e.getValue().shape().count()).sum();
        double heads = (double) config.heads().query() * config.heads().size();
        return 2 * matrices * batch * length + 4.0 * config.layers() * heads * length * length * batch;
    }
}
