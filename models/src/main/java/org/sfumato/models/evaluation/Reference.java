package org.sfumato.models.evaluation;

import it.unimi.dsi.fastutil.longs.LongOpenHashSet;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.sfumato.models.data.Tokens;
import org.sfumato.tokenizers.Tokenizer;

/// A text to which samples are compared: its words, and its runs of so many tokens, known by 64-bit digests (two
/// different ones of ten million have the same with a probability of 3e-6).
public final class Reference {
    private static final Pattern WORD = Pattern.compile("\\p{L}+");
    private static final int PIECE = 1 << 16;

    private final Set<String> words = new HashSet<>();
    private final LongOpenHashSet runs = new LongOpenHashSet();
    private final int length;

    /// Reads all of `tokens`.
    ///
    /// @param length tokens of a run
    /// @throws IllegalArgumentException unless it is positive
    public Reference(Tokens tokens, Tokenizer tokenizer, int length) {
        if (length < 1) {
            throw new IllegalArgumentException("reference: runs of " + length + " tokens");
        }
        this.length = length;
        for (long from = 0; from < tokens.size(); from += PIECE) {
            int width = (int) Math.min(PIECE + length - 1, tokens.size() - from);
            var ids = new int[width];
            for (int i = 0; i < width; i++) {
                ids[i] = tokens.at(from + i);
            }
            for (int i = 0; i + length <= width; i++) {
                runs.add(digest(ids, i, length));
            }
            words(tokenizer.decode(ids)).forEach(words::add);
        }
    }

    /// The words of a text: runs of letters, in lower case.
    static Stream<String> words(String text) {
        return WORD.matcher(text).results().map(found -> found.group().toLowerCase(Locale.ROOT));
    }

    /// Whether `word`, in lower case, occurs.
    boolean hasWord(String word) {
        return words.contains(word);
    }

    /// Tokens of a run.
    int length() {
        return length;
    }

    /// Whether the run of `ids` that begins at `from` occurs.
    boolean hasRun(int[] ids, int from) {
        return runs.contains(digest(ids, from, length));
    }

    /// A digest of `count` ids: the finishing steps of splitmix64 after each.
    static long digest(int[] ids, int from, int count) {
        long hash = count;
        for (int i = from; i < from + count; i++) {
            hash = (hash + ids[i] + 1) * 0x9E3779B97F4A7C15L;
            hash = (hash ^ hash >>> 30) * 0xBF58476D1CE4E5B9L;
            hash ^= hash >>> 31;
        }
        return hash;
    }
}
