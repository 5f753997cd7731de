package org.sfumato.tokenizers.pipeline;

/// A word is cut into the longest tokens from the left; those inside the word begin with `prefix`. A word that cannot
/// be cut, or is longer than `maxCharacters`, is `unknown`. Source: BERT's tokenization.
public final class WordPiece implements Model {
    private final Vocabulary vocabulary;
    private final String unknown;
    private final int maxCharacters;
    private final CharTrie first;
    private final CharTrie inside;

    /// Throws [IllegalArgumentException] if `unknown` is not in the vocabulary.
    public WordPiece(Vocabulary vocabulary, String unknown, String prefix, int maxCharacters) {
        this.vocabulary = vocabulary;
        this.unknown = unknown;
        this.maxCharacters = maxCharacters;
        first = new CharTrie(vocabulary.count());
        inside = new CharTrie(vocabulary.count());
        vocabulary.ids().forEach((token, id) -> {
            first.put(token, id);
            if (token.startsWith(prefix)) {
                inside.put(token.substring(prefix.length()), id);
            }
        });
    }

    @Override
    public Vocabulary vocabulary() {
        return vocabulary;
    }

    @Override
    public void tokenize(String word, Tokens out) {
        var found = new Ints(16);
        boolean bad = word.codePointCount(0, word.length()) > maxCharacters;
        for (int at = 0; at < word.length() && !bad;) {
            var trie = at == 0 ? first : inside;
            int end = trie.longest(word, at);
            bad = end <= at;
            if (!bad) {
                found.add(trie.get(word, at, end));
                found.add(end);
                at = end;
            }
        }
        if (bad) {
            int id = vocabulary.id(unknown);
            if (id < 0) {
                throw new IllegalArgumentException("encode: \"" + word + "\" has no tokens, and the token for unknown"
                        + " words, \"" + unknown + "\", is not in the vocabulary");
            }
            out.add(id, unknown, 0, word.length());
            return;
        }
        int start = 0;
        for (int i = 0; i < found.size(); i += 2) {
            out.add(found.get(i), vocabulary.token(found.get(i)), start, found.get(i + 1));
            start = found.get(i + 1);
        }
    }
}
