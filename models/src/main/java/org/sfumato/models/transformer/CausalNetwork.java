package org.sfumato.models.transformer;

import org.sfumato.models.transformer.Transformer.Cache;
import org.sfumato.models.transformer.Transformer.Input;
import org.sfumato.tensor.Tensor;

/// What reads tokens one after another and says what may follow: a causal [Transformer], or one that was told something
/// before the text begins.
public interface CausalNetwork {
    /// Of the network that reads; one that is not causal cannot be asked.
    TransformerConfig config();

    /// The most tokens of a text, prompt and all.
    default int length() {
        return config().length();
    }

    /// The fewest places that prompts take up: shorter ones are padded on the left, and may be empty. 0: none, a prompt
    /// has a token at least.
    default int promptLength() {
        return 0;
    }

    /// A cache for `rows` texts of up to `capacity` tokens, in the current scope, in which stands what comes before
    /// every text.
    Cache cache(long rows, int capacity);

    /// The logits of what follows the last of the tokens, which come after those in `cache` and are added to it.
    /// Shapes: (B, T) -> (B, V).
    ///
    /// @param input tokens; their places in their text, or `null`; and which of the tokens read so far are no padding,
    ///     or `null`
    Tensor lastLogits(Input input, Cache cache);
}
