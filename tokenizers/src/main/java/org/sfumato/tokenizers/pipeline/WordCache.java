package org.sfumato.tokenizers.pipeline;

/// The ids of words seen lately. One entry for each value of a hash; the newest stays.
///
/// Threads share it without locks: an entry is immutable, and whether a thread sees another's does not change what it
/// returns.
final class WordCache {
    private static final int SIZE = 1 << 16;
    /// Longer words are rare and not kept.
    private static final int LONGEST = 32;

    private record Entry(String word, int[] ids) { }

    private final Entry[] entries = new Entry[SIZE];
    private final BytePair model;

    WordCache(BytePair model) {
        this.model = model;
    }

    /// The ids of `text[from, to)`, whose bytes the model knows as characters of [ByteAlphabet].
    int[] ids(String text, int from, int to) {
        int length = to - from;
        if (length > LONGEST) {
            return model.ids(ByteAlphabet.write(text.substring(from, to)));
        }
        int hash = 0;
        for (int i = from; i < to; i++) {
            hash = 31 * hash + text.charAt(i);
        }
        int slot = (hash ^ hash >>> 16) & SIZE - 1;
        var entry = entries[slot];
        if (entry != null && entry.word.length() == length && text.startsWith(entry.word, from)) {
            return entry.ids;
        }
        var word = text.substring(from, to);
        entry = new Entry(word, model.ids(ByteAlphabet.write(word)));
        entries[slot] = entry;
        return entry.ids;
    }
}
