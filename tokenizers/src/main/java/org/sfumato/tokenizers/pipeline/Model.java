package org.sfumato.tokenizers.pipeline;

/// The third step: a word becomes tokens.
public sealed interface Model permits BytePair, WordPiece, Unigram, WordLevel {
    /// Appends the tokens of `word`, which is not empty.
    void tokenize(String word, Tokens out);

    /// The tokens and their ids.
    Vocabulary vocabulary();
}
