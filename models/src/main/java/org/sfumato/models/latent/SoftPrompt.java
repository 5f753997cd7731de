package org.sfumato.models.latent;

import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.sfumato.models.transformer.CausalNetwork;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.transformer.Transformer.Cache;
import org.sfumato.models.transformer.Transformer.Input;
import org.sfumato.models.transformer.TransformerConfig;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Tensor;

/// A causal network in front of whose text soft tokens stand: vectors that need not be any token's embedding. Source:
/// Lester et al. 2021, arXiv 2104.08691.
///
/// @param soft (B, M, C), for each row its own
/// @param promptLength the places of the prompt, see [CausalNetwork#promptLength], which stand behind the soft tokens
///     whatever is padding in them; with 0 every text begins right after the soft tokens
public record SoftPrompt(Transformer network, Tensor soft, int promptLength) implements CausalNetwork {
    /// Checks the shapes.
    public SoftPrompt {
        if (soft.shape().rank() != 3 || soft.size(2) != network.config().width()) {
            throw new ShapeException("soft prompt: soft tokens must be (B, M, " + network.config().width() + "), got "
                    + soft.shape());
        }
    }

    private int tokens() {
        return Math.toIntExact(soft.size(1));
    }

    @Override
    public TransformerConfig config() {
        return network.config();
    }

    @Override
    public int length() {
        return network.length() - tokens();
    }

    @Override
    public Cache cache(long rows, int capacity) {
        if (rows != soft.size(0)) {
            throw new IllegalArgumentException("soft prompt: " + rows + " texts for the soft tokens of "
                    + soft.size(0));
        }
        var cache = network.cache(rows, capacity + tokens());
        if (promptLength > 0) {
            network.hidden(Input.ofEmbeddings(soft, null, null), cache);
        }
        return cache;
    }

    @Override
    public Tensor lastLogits(Input input, Cache cache) {
        if (promptLength > 0) {                                         // padding is behind the soft tokens
            return network.lastLogits(new Input(input.ids(), null, null, withSoft(input.attentionMask())), cache);
        }
        var places = input.places() == null ? null : input.places().add(tokens());
        var mask = input.attentionMask() == null ? null
                : Tensor.concat(1, input.attentionMask(), present(input.ids().size(0)));   // all padding is in front
        if (cache.length() > 0) {
            return network.lastLogits(new Input(input.ids(), null, places, mask), cache);
        }
        var padding = padding(input);
        var text = network.token().forward(input.ids());                                               // (B, T, C)
        var embeddings = eachRow(row -> Tensor.concat(1, row(text, row).slice(1, 0, padding[row]), row(soft, row),
                row(text, row).slice(1, padding[row], text.size(1))));                             // (B, M + T, C)
        var all = places == null ? null : eachRow(row -> Tensor.concat(1, row(places, row).slice(1, 0, padding[row]),
                Tensor.arange(tokens(), soft.device()).unsqueeze(0),
                row(places, row).slice(1, padding[row], text.size(1))));                               // (B, M + T)
        return network.lastLogits(Input.ofEmbeddings(embeddings, all, mask), cache);
    }

    /// Places of padding in front of each text.
    private long[] padding(Input input) {
        return input.attentionMask() == null ? new long[Math.toIntExact(soft.size(0))]
                : input.attentionMask().not().cast(DType.I64).sum(1).toLongs();
    }

    private Tensor eachRow(IntFunction<Tensor> part) {
        return Tensor.concat(0, IntStream.range(0, Math.toIntExact(soft.size(0))).mapToObj(part)
                .toArray(Tensor[]::new));
    }

    private static Tensor row(Tensor x, int row) {
        return x.slice(0, row, row + 1);
    }

    /// The stream behind the last block of all positions, soft tokens first. Shapes: ids (B, T) -> (B, M + T, C).
    public Tensor hidden(Spans spans, Pass pass) {
        var embeddings = Tensor.concat(1, soft, network.token().forward(spans.ids()));                 // (B, M + T, C)
        return network.hidden(Input.ofEmbeddings(embeddings, null, withSoft(spans.present())), pass);
    }

    /// `-log p(target | soft tokens, prefix)` of every token in nats, 0 where the target does not count. Shapes: prefix
    /// (B, P), read (B, T - 1), targets (B, T) i64 -> (B, T).
    ///
    /// @param prefix padded in front, if it is shorter than the prompt
    /// @param read what stands before each target but the first: as a rule the targets without the last
    /// @param never an id that is impossible, or [org.sfumato.models.Denoiser#NONE]
    /// @throws ShapeException if the prefix is longer than the prompt
    public Tensor crossEntropy(Spans prefix, Spans read, Tensor targets, long never, Pass pass) {
        if (prefix.length() > promptLength) {
            throw new ShapeException("soft prompt: a prefix of " + prefix.length() + " tokens, the prompt has "
                    + promptLength);
        }
        var whole = Spans.none(prefix.rows(), promptLength - prefix.length()).then(prefix).then(read);
        int first = tokens() + promptLength - 1;                        // what follows it is the target
        var stream = hidden(whole, pass).slice(1, first, first + targets.size(1));                        // (B, T, C)
        return network.crossEntropy(stream, targets, never, pass);
    }

    private Tensor withSoft(Tensor mask) {
        return mask == null ? null : Tensor.concat(1, present(mask.size(0)), mask);
    }

    private Tensor present(long rows) {
        return Tensor.full(Shape.of(rows, tokens()), 1, DType.BOOL, soft.device());
    }
}
