package org.sfumato.models.reverse;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.sfumato.models.latent.Spans;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.transformer.Transformer.Input;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// One vector for each text: the mean of the hidden states that an encoder has at its tokens.
///
/// @param network the encoder
/// @param reader the ids of a text
/// @param length tokens of a text at most; the rest is left out
/// @param pooling over which positions
public record MeanPooling(Transformer network, Function<String, int[]> reader, int length, Pooling pooling) {
    private static final int ROWS = 32;

    /// Over which positions the mean goes.
    public enum Pooling {
        /// Those where there is a token; padding is seen by nobody.
        TOKENS,
        /// All of them, padding among them, which is read as if it were text: what the Reverse Transformer's authors
        /// do, kept for the baseline.
        ALL
    }

    /// Checks the length.
    public MeanPooling {
        if (length < 1 || length > network.config().length()) {
            throw new IllegalArgumentException("mean pooling: length " + length + " is outside [1, "
                    + network.config().length() + "], what the encoder takes");
        }
    }

    /// The ids that another network's tokenizer gives, those that this one's table does not have becoming its last one:
    /// a defect of the Reverse Transformer's authors, kept for the baseline.
    public static Function<String, int[]> wrongTokenizer(Function<String, int[]> other, int vocabulary) {
        return text -> Arrays.stream(other.apply(text)).map(id -> Math.min(id, vocabulary - 1)).toArray();
    }

    /// The vectors of `texts`, in the current scope. Shape: (B, 1, C).
    ///
    /// @throws IllegalArgumentException if there is no text, or one has no token
    public Tensor encode(List<String> texts) {
        var ids = new ArrayList<int[]>();
        for (var text : texts) {
            var read = reader.apply(text);
            if (read.length == 0) {
                throw new IllegalArgumentException("mean pooling: text " + ids.size() + " has no token");
            }
            ids.add(read.length > length ? Arrays.copyOf(read, length) : read);
        }
        if (ids.isEmpty()) {
            throw new IllegalArgumentException("mean pooling: there is no text");
        }
        var parts = new ArrayList<Tensor>();
        for (int from = 0; from < ids.size(); from += ROWS) {
            var rows = ids.subList(from, Math.min(ids.size(), from + ROWS));
            parts.add(Scope.result(() -> Dispatch.unrecorded(() -> pooled(rows))));
        }
        return Tensor.concat(0, parts.toArray(Tensor[]::new));
    }

    private Tensor pooled(List<int[]> rows) {
        int width = pooling == Pooling.ALL ? length : rows.stream().mapToInt(row -> row.length).max().orElseThrow();
        var spans = Spans.padded(rows, width);
        return switch (pooling) {
            case ALL -> network.hidden(Input.of(spans.ids()), Pass.INFERENCE).mean(true, 1);               // (B, 1, C)
            case TOKENS -> ofTokens(network, spans);
        };
    }

    /// The mean of the hidden states of `network` at the tokens of each row. Shapes: (B, T) -> (B, 1, C).
    public static Tensor ofTokens(Transformer network, Spans spans) {
        var hidden = network.hidden(new Input(spans.ids(), null, null, spans.present()), Pass.INFERENCE);
        var share = spans.present().cast(hidden.dtype());
        share = share.div(share.sum(true, 1)).unsqueeze(1);                                                // (B, 1, T)
        return share.matmul(hidden);                                                                       // (B, 1, C)
    }
}
