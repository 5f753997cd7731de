package org.sfumato.tokenizers.pipeline;

import java.util.ArrayList;
import java.util.List;

/// What a model makes of a word: ids, tokens, and the range of the word that each covers.
public final class Tokens {
    final Ints ids = new Ints(16);
    final Ints starts = new Ints(16);
    final Ints ends = new Ints(16);
    final List<String> values = new ArrayList<>();

    void add(int id, String value, int start, int end) {
        ids.add(id);
        values.add(value);
        starts.add(start);
        ends.add(end);
    }

    /// The ids.
    public int[] ids() {
        return ids.toArray();
    }
}
