package org.sfumato.models.transformer;

import java.util.ArrayList;
import java.util.List;
import org.sfumato.models.BlockDenoiser;
import org.sfumato.models.Denoiser;
import org.sfumato.models.Noisy;
import org.sfumato.models.SoftDenoiser;
import org.sfumato.models.SoftTokens;
import org.sfumato.models.transformer.Conditioning.Modulation;
import org.sfumato.models.transformer.Sight.Span;
import org.sfumato.models.transformer.TransformerConfig.Pattern;
import org.sfumato.models.transformer.TransformerConfig.Start;
import org.sfumato.nn.Attention.Given;
import org.sfumato.nn.Dropout;
import org.sfumato.nn.Embedding;
import org.sfumato.nn.KeyValues;
import org.sfumato.nn.Layer;
import org.sfumato.nn.Linear;
import org.sfumato.nn.LinearMap;
import org.sfumato.nn.Linears;
import org.sfumato.nn.Norm;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Tensor;

/// A transformer: one class for what the families of language models share, told apart by [TransformerConfig].
///
/// `h = token[ids] + position + type`, normalised if so configured; then for each block, pre-norm,
/// `h = h + attention(norm(h))`, `h = h + mlp(norm(h))`, or, post-norm, `h = norm(h + attention(h))`,
/// `h = norm(h + mlp(h))`; and `logits = head(norm(h))`. Shapes: ids (B, T) i64 -> logits (B, T, V). Sources: Vaswani
/// et al. 2017, arXiv 1706.03762; Devlin et al. 2019, arXiv 1810.04805 (post-norm, types, the transform before the
/// head); Warner et al. 2024, arXiv 2412.13663 (local layers).
///
/// @param position (T, C), or `null` with rotary positions
/// @param type (types, C), or `null`
/// @param embeddingNorm after the embeddings, or `null`
/// @param conditioning on the share of signal, or `null`
/// @param norm before the head, or `null`
/// @param modulation of what that norm makes, 2C, or `null`
/// @param transform before the head, or `null`
/// @param transformNorm after the transform and its activation, or `null`
/// @param head to the vocabulary; its matrix is the token table if they are tied
public record Transformer(TransformerConfig config, Embedding token, Tensor position, Tensor type, Norm embeddingNorm,
        Conditioning conditioning, List<Block> blocks, Norm norm, Linear modulation, LinearMap transform,
        Norm transformNorm, LinearMap head) implements Layer, SoftDenoiser, BlockDenoiser, CausalNetwork {
    /// What a network reads.
    ///
    /// @param ids tokens (B, T) i64; `null` if there are embeddings
    /// @param embeddings what stands in the place of tokens (B, T, C), or `null`
    /// @param types segment types (B, T) i64, or `null`: all 0
    /// @param places where each token stands in its text (B, T) i64, for learned positions; `null`: one after another.
    ///     Rotary angles tell distances alone and do not read it
    /// @param attentionMask (B, S) bool, false at padding, which nobody sees, for the T positions and those of the
    ///     cache before them; or `null`: no padding
    /// @param alpha the share of signal (B, 1) or (B, T), for a network that is conditioned on it; or `null`
    /// @param given M keys and values of each layer that stand before the positions, or `null`: none. They take up M
    ///     places of the length, of the mask and of the cache
    /// @param paired true if the ids are noisy tokens and then the same tokens clean, for a network of blocks
    public record Input(Tensor ids, Tensor embeddings, Tensor types, Tensor places, Tensor attentionMask,
            Tensor alpha, List<Given> given, boolean paired) {
        /// Tokens with types, places and mask, each of which may be `null`.
        public Input(Tensor ids, Tensor types, Tensor places, Tensor attentionMask) {
            this(ids, null, types, places, attentionMask, null, null, false);
        }

        /// Tokens alone.
        public static Input of(Tensor ids) {
            return new Input(ids, null, null, null);
        }

        /// Noisy tokens.
        public static Input of(Noisy noisy) {
            return new Input(noisy.ids(), null, null, null, null, noisy.alpha(), null, false);
        }

        /// Vectors in the place of embeddings, with places and mask, each of which may be `null`.
        public static Input ofEmbeddings(Tensor embeddings, Tensor places, Tensor attentionMask) {
            return new Input(null, embeddings, null, places, attentionMask, null, null, false);
        }

        /// The same behind keys and values of each layer.
        public Input behind(List<Given> given) {
            return new Input(ids, embeddings, types, places, attentionMask, alpha, given, paired);
        }

        /// (B, T).
        Shape shape() {
            return ids != null ? ids.shape() : embeddings.shape().range(0, embeddings.shape().rank() - 1);
        }
    }

    /// A network with fresh parameters in the current scope.
    public static Transformer init(TransformerConfig config, Rng rng) {
        return new TransformerStart(config, false).network(rng);
    }

    /// A network in the current scope whose matrices are zero, for parameters that come from elsewhere: drawing the
    /// first values of a large network takes longer than reading them.
    public static Transformer zero(TransformerConfig config) {
        return zero(config, false);
    }

    /// The same, but a matrix takes no memory and cannot be written to: for readers that put others in their place.
    public static Transformer outline(TransformerConfig config) {
        return zero(config, true);
    }

    private static Transformer zero(TransformerConfig config, boolean outline) {
        return new TransformerStart(config.withStart(Start.ZERO), outline).network(Rng.of(0)).with(config);
    }

    /// The same network, all tensors shared, whose positions see as `pattern` says: a decoder that looks both ways.
    public Transformer seeing(Pattern pattern) {
        return with(config.withPattern(pattern));
    }

    /// The same network, all else shared, with as many other blocks.
    ///
    /// @throws IllegalArgumentException if there are more or fewer
    public Transformer withBlocks(List<Block> others) {
        if (others.size() != blocks.size()) {
            throw new IllegalArgumentException("transformer: " + others.size() + " blocks in place of "
                    + blocks.size());
        }
        return new Transformer(config, token, position, type, embeddingNorm, conditioning, List.copyOf(others), norm,
                modulation, transform, transformNorm, head);
    }

    private Transformer with(TransformerConfig other) {
        return new Transformer(other, token, position, type, embeddingNorm, conditioning, blocks, norm, modulation,
                transform, transformNorm, head);
    }

    /// The logits of every position.
    ///
    /// @throws ShapeException if the sequence is longer than the network allows
    /// @throws IndexOutOfBoundsException if an id is outside the vocabulary
    public Tensor forward(Tensor ids, Pass pass) {
        return forward(Input.of(ids), pass);
    }

    /// The logits of every position.
    ///
    /// @throws IllegalArgumentException if the network is conditioned on the share of signal and it is not known
    @Override
    public Tensor forward(Noisy noisy, Pass pass) {
        return forward(Input.of(noisy), pass);
    }

    /// @throws IllegalArgumentException if the network is conditioned on the share of signal and it is not known
    /// @throws ShapeException if the sequence is too long, or there is not one weight for each token
    @Override
    public Tensor forward(SoftTokens soft, Pass pass) {
        var table = token.weight();
        var mean = soft.mean(table.cast(table.dtype().compute()));                                    // (B, T, C)
        return logits(hidden(new Input(null, mean, null, null, null, soft.alpha(), null, false), pass), pass);
    }

    /// The logits of every position. Shapes: (B, T) -> (B, T, V).
    ///
    /// @throws ShapeException if the sequence is longer than the network allows, or types or mask have another shape
    /// @throws IndexOutOfBoundsException if an id or a type is outside its table
    public Tensor forward(Input input, Pass pass) {
        return logits(hidden(input, pass), pass);
    }

    /// The logits of positions that come after those in `cache`, to which they are added. Shapes: (B, T) -> (B, T, V).
    ///
    /// @throws ShapeException as [#forward(Input, Pass)], or if the cache is full
    public Tensor forward(Input input, Cache cache) {
        return logits(hidden(input, cache, Pass.INFERENCE), Pass.INFERENCE);
    }

    /// What predicts noisy positions that come after those in `cache`, which stays as it is.
    public Denoiser after(Cache cache) {
        return (noisy, _) -> {
            int before = cache.length();
            try {
                return forward(Input.of(noisy), cache);
            } finally {
                cache.layers.forEach(layer -> layer.truncate(before));
            }
        };
    }

    /// As [#forward(Input, Cache)], of the last position only. Shapes: (B, T) -> (B, V).
    @Override
    public Tensor lastLogits(Input input, Cache cache) {
        long t = input.shape().size(1);
        return logits(hidden(input, cache, Pass.INFERENCE).slice(1, t - 1, t).squeeze(1), Pass.INFERENCE);
    }

    @Override
    public Tensor crossEntropy(Noisy noisy, Tensor targets, long never, Pass pass) {
        return crossEntropy(hidden(Input.of(noisy), pass), targets, never, pass);
    }

    /// As of noisy tokens, from the stream after the last block. Of a head whose matrix is at hand, the logits are made
    /// of the positions that count, some at a time. Shapes: stream (B, T, C), targets (B, T) i64 -> (B, T).
    public Tensor crossEntropy(Tensor stream, Tensor targets, long never, Pass pass) {
        if (!(head instanceof Linear dense)) {
            var logits = logits(stream, pass);
            return logits.add(Denoiser.without(never, config.vocabulary(), logits.dtype(), logits.device()))
                    .crossEntropy(targets, IGNORED, null);
        }
        var h = transformed(stream, pass);
        var without = Denoiser.without(never, config.vocabulary(), h.dtype(), h.device());
        var bias = dense.bias() == null ? without : dense.bias().add(without);
        return h.linearCrossEntropy(dense.weight(), bias, targets, IGNORED);
    }

    /// From the stream after the last block. Shapes: (B, T, C) -> (B, T, V).
    public Tensor logits(Tensor h, Pass pass) {
        return head.forward(transformed(h, pass), pass.part(2 + blocks.size()));
    }

    private Tensor transformed(Tensor h, Pass pass) {
        return transform == null ? h : transformNorm.forward(config.activation().ungated()
                .apply(transform.forward(h, pass.part(1 + blocks.size()))));
    }

    /// The stream after the last block and its norm. Shapes: (B, T) -> (B, T, C).
    public Tensor hidden(Input input, Pass pass) {
        return hidden(input, null, null, pass);
    }

    /// The same where position t stands at `places[t]` of its text in every row, for learned positions and for angles,
    /// whatever was before it: several may stand at one place. Who sees whom follows their order all the same.
    ///
    /// @throws IndexOutOfBoundsException if a place is outside the network's length
    public Tensor hidden(Input input, long[] places, Pass pass) {
        var at = Tensor.of(places, places.length).to(token.weight().device());
        var placed = new Input(input.ids, input.embeddings, input.types, at.unsqueeze(0).expand(input.shape()),
                input.attentionMask, input.alpha, input.given, false);
        return hidden(placed, null, at, pass);
    }

    /// The same of positions that come after those in `cache`, to which they are added.
    public Tensor hidden(Input input, Cache cache) {
        return hidden(input, cache, Pass.INFERENCE);
    }

    private Tensor hidden(Input input, Cache cache, Pass pass) {
        return hidden(input, cache, null, pass);
    }

    private Tensor hidden(Input input, Cache cache, Tensor at, Pass pass) {
        var span = Span.of(config, input, cache);
        var x = input.embeddings != null ? input.embeddings : token.forward(input.ids);                // (B, T, C)
        if (position != null) {
            x = x.add(positions(input, span));
        }
        if (type != null) {
            x = x.add(input.types == null ? type.slice(0, 0, 1).squeeze(0) : type.embedding(input.types));
        }
        x = embeddingNorm == null ? x : embeddingNorm.forward(x);
        x = new Dropout(config.dropout()).forward(x, pass.part(0));
        var tables = cache != null ? cache.tables() : at == null ? Sight.Tables.of(config, span.held(), x)
                : Sight.Tables.of(config, config.length(), x).at(at);
        var condition = condition(input.alpha);
        var global = input.paired ? Sight.ofPairs(config, x.size(1) / 2, tables, x.device())
                : Sight.of(config, false, input.attentionMask, span, tables, x.device());
        var local = config.pattern().window() == 0 ? global
                : Sight.of(config, true, input.attentionMask, span, tables, x.device());
        for (int i = 0; i < blocks.size(); i++) {
            x = blocks.get(i).forward(x, condition, config.pattern().isLocal(i) ? local : global,
                    input.given == null ? null : input.given.get(i), cache == null ? null : cache.layers().get(i),
                    pass.part(1 + i));
        }
        x = norm == null ? x : norm.forward(x);
        return modulation == null ? x : new Modulation(modulation.forward(condition), x.size(-1)).modulate(x, 0);
    }

    private Tensor positions(Input input, Span span) {
        if (input.paired) {
            var half = position.slice(0, 0, input.shape().size(1) / 2);
            return Tensor.concat(0, half, half);
        }
        return input.places == null ? position.slice(0, span.from(), span.to()) : position.embedding(input.places);
    }

    /// What blocks are told of the noise, (B, 1, W) or (B, T, W), or `null`.
    private Tensor condition(Tensor alpha) {
        if (conditioning != null && alpha == null) {
            throw new IllegalArgumentException("transformer: this network must be told the share of signal alpha"
                    + "\nhint: call it with a Noisy that knows it");
        }
        return conditioning == null ? null : conditioning.forward(alpha);
    }

    /// @throws IllegalStateException if this is no network of blocks
    @Override
    public int block() {
        if (config.pattern().block() == 0) {
            throw new IllegalStateException("transformer: this is no network of blocks\nhint: Pattern.blocks(size)");
        }
        return config.pattern().block();
    }

    /// Both copies of the text go through in one pass, twice as long. Source: Arriola 2025, arXiv 2503.09573, 3.2.
    ///
    /// @throws IllegalStateException if this is no network of blocks
    @Override
    public Denoiser given(Tensor clean) {
        block();
        return new Paired(this, clean);
    }

    /// An empty cache for `batch` sequences of up to `capacity` positions, in the current scope. Later positions see
    /// earlier ones through it: only a network that is causal computes with it what it computes without.
    ///
    /// @throws IllegalArgumentException if the network is not causal, or the capacity not in 1 .. its length
    @Override
    public Cache cache(long batch, int capacity) {
        if (!config.pattern().isCacheable()) {
            throw new IllegalArgumentException("transformer: a cache needs a causal network, in this one every "
                    + "position sees the later ones too");
        }
        return looseCache(batch, capacity);
    }

    /// An empty cache for a network of any pattern. In one that sees both ways every position would have to be computed
    /// anew after each change; with this cache some are ([Cache#seek]), and the others are as they were when they were
    /// computed last: an approximation.
    ///
    /// @throws IllegalArgumentException if the capacity is not in 1 .. the network's length
    public Cache looseCache(long batch, int capacity) {
        if (capacity < 1 || capacity > config.length()) {
            throw new IllegalArgumentException("transformer: a cache of " + capacity + " positions, allowed are 1 to "
                    + config.length());
        }
        var like = token.weight();
        var layers = new ArrayList<KeyValues>();
        for (int i = 0; i < config.layers(); i++) {
            layers.add(new KeyValues(batch, config.heads().key(), capacity, config.heads().size(),
                    like.dtype().compute(), like.device()));
        }
        return new Cache(List.copyOf(layers), Sight.Tables.of(config, capacity, like));
    }

    /// What a network keeps of the positions that it has read.
    public static final class Cache {
        private final List<KeyValues> layers;
        private final Sight.Tables tables;

        private Cache(List<KeyValues> layers, Sight.Tables tables) {
            this.layers = layers;
            this.tables = tables;
        }

        /// Positions held.
        public int length() {
            return layers.isEmpty() ? 0 : layers.getFirst().length();
        }

        /// Where the next positions go.
        public int next() {
            return layers.isEmpty() ? 0 : layers.getFirst().next();
        }

        /// Lets the next positions be computed from `place` on, over those that are there.
        ///
        /// @throws IllegalArgumentException if there are not so many
        public void seek(int place) {
            layers.forEach(layer -> layer.seek(place));
        }

        /// Keys and values of each layer.
        public List<KeyValues> layers() {
            return layers;
        }

        /// The same in memory of the current scope, each sequence `times` times; this one is freed.
        public Cache repeat(int times) {
            var more = layers.stream().map(layer -> layer.repeat(times)).toList();
            layers.forEach(KeyValues::close);
            return new Cache(more, tables);
        }

        private Sight.Tables tables() {
            return tables;
        }
    }

    /// Floating-point operations of one forward pass over `batch` sequences of `length` tokens: two for each weight of
    /// a matrix and token, and the scores and sums of attention.
    public double forwardFlops(long batch, long length) {
        double matrices = Linears.of(this).values().stream().mapToDouble(map -> (double) map.in() * map.out()).sum();
        double heads = (double) config.heads().query() * config.heads().size();
        return 2 * matrices * batch * length + 4.0 * config.layers() * heads * length * length * batch;
    }

    @Override
    public String toString() {
        return summary();
    }
}
