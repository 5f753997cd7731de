package org.sfumato.models.masked;

/// What a token means after which a text is over. One that never shall be written is forbidden by
/// [org.sfumato.models.diffusion.LogitRule#forbid].
public sealed interface Ending {
    /// Nothing: it is a token as others are.
    record None() implements Ending { }

    /// Once it is written and everything before it, all open places after it get it too, without further passes.
    ///
    /// @param token that ends the text
    /// @param last true if among the tokens of a pass it is written after all others, however sure the network is.
    ///     Without that the ends of long canvases are filled with it first (Nie et al. 2025, LLaDA's options for
    ///     end-of-text tokens)
    record Stop(int token, boolean last) implements Ending { }
}
