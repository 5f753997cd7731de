package org.sfumato.tokenizers.pipeline;

import java.util.Map;
import java.util.OptionalInt;

/// Tokens and their ids.
public final class Vocabulary {
    private final Map<String, Integer> ids;
    private final String[] tokens;

    /// Of tokens with ids at or above 0. Throws [IllegalArgumentException] where an id is out of all proportion to the
    /// number of tokens.
    public Vocabulary(Map<String, Integer> ids) {
        this.ids = ids;
        int most = ids.values().stream().mapToInt(Integer::intValue).max().orElse(-1);
        if (most > 16L * ids.size() + (1 << 16)) {
            throw new IllegalArgumentException("vocab: id " + most + " with only " + ids.size() + " tokens");
        }
        tokens = new String[most + 1];
        ids.forEach((token, id) -> tokens[id] = token);
    }

    /// The id of `token`, -1 where it has none.
    public int id(String token) {
        return ids.getOrDefault(token, -1);
    }

    /// The id of `token`, where it has one.
    public OptionalInt find(String token) {
        var id = ids.get(token);
        return id == null ? OptionalInt.empty() : OptionalInt.of(id);
    }

    /// The token of `id`, or null.
    public String token(int id) {
        return id >= 0 && id < tokens.length ? tokens[id] : null;
    }

    /// How many tokens there are.
    int count() {
        return ids.size();
    }

    /// The largest id and one.
    int limit() {
        return tokens.length;
    }

    Map<String, Integer> ids() {
        return ids;
    }
}
