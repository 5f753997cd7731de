package org.sfumato.tokenizers;

/// Text to token ids and back. Ids are `0 .. vocabularySize() - 1`.
///
/// A tokenizer knows text only. Tokens that stand for no text, such as the mask of masked diffusion, take the ids from
/// `vocabularySize()` on and belong to whoever needs them. A [SubwordTokenizer] has its own among its ids: `encode`
/// finds them in a text but adds none.
///
/// Tokenizers are immutable and safe for use by several threads.
public interface Tokenizer {
    /// The ids of `text`. Throws [UnknownTokenException] where the text holds something that has no id.
    int[] encode(String text);

    /// The text of `ids`. Throws [UnknownTokenException] where an id is not of the vocabulary.
    String decode(int... ids);

    /// How many ids there are.
    int vocabularySize();

    /// What kind of tokenizer this is, as [#toJson()] says it: `characters`, `bytes`, `tokenizer.json`,
    /// `sentencepiece`.
    String name();

    /// All that is needed to make this tokenizer again with [Tokenizers#fromJson(String)], so that a checkpoint can
    /// carry it.
    String toJson();
}
