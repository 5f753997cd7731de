package org.sfumato.tokenizers.pipeline;

/// A word is a token, or `unknown`.
public record WordLevel(Vocabulary vocabulary, String unknown) implements Model {
    @Override
    public void tokenize(String word, Tokens out) {
        int id = vocabulary.id(word);
        if (id >= 0) {
            out.add(id, word, 0, word.length());
            return;
        }
        int unknownId = vocabulary.id(unknown);
        if (unknownId < 0) {
            throw new IllegalArgumentException("encode: \"" + word + "\" is not in the vocabulary, nor is the token for"
                    + " unknown words, \"" + unknown + "\"");
        }
        out.add(unknownId, unknown, 0, word.length());
    }
}
