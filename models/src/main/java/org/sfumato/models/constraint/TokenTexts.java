package org.sfumato.models.constraint;

import java.util.stream.IntStream;
import org.sfumato.tokenizers.Tokenizer;
import org.sfumato.tokenizers.UnknownTokenException;

/// What each token adds to a text, or `null` where that is not certain: a part of a character, or nothing at all.
///
/// @param first at the beginning of a text
/// @param later after other tokens
record TokenTexts(String[] first, String[] later) {
    private static final char BROKEN = '\uFFFD';

    static TokenTexts of(Tokenizer tokenizer) {
        int size = tokenizer.vocabularySize();
        var first = new String[size];
        var later = new String[size];
        for (int v = 0; v < size; v++) {
            first[v] = certain(decoded(tokenizer, v));
        }
        int before = IntStream.range(0, size).filter(v -> first[v] != null).findFirst().orElse(-1);
        for (int v = 0; v < size && before >= 0; v++) {
            var both = decoded(tokenizer, before, v);
            later[v] = both.startsWith(first[before]) ? certain(both.substring(first[before].length())) : null;
        }
        return new TokenTexts(first, later);
    }

    private static String decoded(Tokenizer tokenizer, int... ids) {
        try {
            return tokenizer.decode(ids);
        } catch (UnknownTokenException unused) {                        // some files leave ids without a token
            return "";
        }
    }

    private static String certain(String text) {
        return text.isEmpty() || text.indexOf(BROKEN) >= 0 ? null : text;
    }
}
