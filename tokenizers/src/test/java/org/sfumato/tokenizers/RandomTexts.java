package org.sfumato.tokenizers;

import java.io.IOException;
import java.io.InputStream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The random texts of `make_fixtures.py`: characters of many ranges, and snippets, from `alphabet.json`.
final class RandomTexts {
    private final JsonNode alphabet = json("alphabet.json");
    private long state;

    RandomTexts(long seed) {
        state = seed;
    }

    private int next(int n) {
        state = state * 6364136223846793005L + 1442695040888963407L;     // Knuth's MMIX
        return (int) ((state >>> 33) % n);
    }

    String text() {
        var out = new StringBuilder();
        var snippets = alphabet.get("snippets");
        var ranges = alphabet.get("ranges");
        int parts = next(24);
        for (int i = 0; i < parts; i++) {
            if (next(3) == 0) {
                out.append(snippets.get(next(snippets.size())).stringValue());
                continue;
            }
            var range = ranges.get(next(ranges.size()));
            int low = range.get(0).intValue();
            int count = 1 + next(4);
            for (int k = 0; k < count; k++) {
                out.appendCodePoint(low + next(range.get(1).intValue() - low + 1));
            }
        }
        return out.toString();
    }

    static InputStream open(String name) {
        return RandomTexts.class.getResourceAsStream(name);
    }

    static JsonNode json(String name) {
        try (var in = open(name)) {
            return JsonMapper.shared().readTree(in.readAllBytes());
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
