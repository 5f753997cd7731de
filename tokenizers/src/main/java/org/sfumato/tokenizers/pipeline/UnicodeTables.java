package org.sfumato.tokenizers.pipeline;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/// What the original takes for punctuation, marks, digits and so on. Its tables are of several versions of Unicode,
/// none of them that of the running Java, so they are data: `unicode.txt`, written by `make_unicode.py`.
final class UnicodeTables {
    static final BitSet PUNCTUATION;
    static final BitSet MARK;
    static final BitSet NONSPACING;
    static final BitSet CONTROL;
    static final BitSet NUMERIC;
    /// Characters of a script; the others are of the script of what stands before them.
    static final BitSet SCRIPTED;
    /// Characters with a canonical decomposition, Hangul syllables among them.
    static final BitSet CANONICAL;
    static final BitSet COMPATIBLE;
    private static final Map<Integer, Integer> CLASSES = new HashMap<>();
    private static final Map<Integer, Integer> LOWER = new HashMap<>();

    static {
        var sets = new HashMap<String, BitSet>();
        try (var in = UnicodeTables.class.getResourceAsStream("unicode.txt");
                var lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.US_ASCII))) {
            for (var line = lines.readLine(); line != null; line = lines.readLine()) {
                var words = line.split(" ");
                if (words[0].equals("lower")) {
                    for (int i = 1; i < words.length; i++) {
                        var pair = words[i].split("=");
                        LOWER.put(Integer.parseInt(pair[0], 16), Integer.parseInt(pair[1], 16));
                    }
                } else if (!words[0].equals("#")) {
                    sets.put(words[0], ranges(words));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        PUNCTUATION = sets.get("punctuation");
        MARK = sets.get("mark");
        NONSPACING = sets.get("nonspacing");
        CONTROL = sets.get("control");
        NUMERIC = sets.get("numeric");
        SCRIPTED = sets.get("scripted");
        CANONICAL = sets.get("canonical");
        COMPATIBLE = sets.get("compatible");
        sets.forEach((name, set) -> {
            if (name.startsWith("class")) {
                int value = Integer.parseInt(name.substring("class".length()));
                set.stream().forEach(c -> CLASSES.put(c, value));
            }
        });
    }

    private UnicodeTables() {
    }

    private static BitSet ranges(String[] words) {
        var set = new BitSet();
        for (int i = 1; i < words.length; i++) {
            int dash = words[i].indexOf('-');
            int from = Integer.parseInt(dash < 0 ? words[i] : words[i].substring(0, dash), 16);
            set.set(from, dash < 0 ? from + 1 : Integer.parseInt(words[i].substring(dash + 1), 16) + 1);
        }
        return set;
    }

    /// Canonical combining class; 0 for starters.
    static int combiningClass(int c) {
        return c < 0x300 ? 0 : CLASSES.getOrDefault(c, 0);
    }

    /// The lower case of one character, which may be two.
    static String lower(int c) {
        if (c < 0x80) {
            return Character.toString(c >= 'A' && c <= 'Z' ? c + 32 : c);
        }
        var other = LOWER.get(c);
        return other != null ? Character.toString(other) : c == 0x130 ? "i\u0307"
                : Character.toString(Character.toLowerCase(c));
    }

    /// The property White_Space, the same in all versions of Unicode in question.
    static boolean isSpace(int c) {
        return c == ' ' || c >= 9 && c <= 13 || c == 0x85 || c == 0xA0 || c == 0x1680 || c >= 0x2000 && c <= 0x200A
                || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
    }

    static boolean isPunctuation(int c) {
        return PUNCTUATION.get(c);
    }

    /// The blocks that BERT takes for Chinese: each of their characters is a word.
    static boolean isChinese(int c) {
        return c >= 0x3400 && (c >= 0x4E00 && c <= 0x9FFF || c <= 0x4DBF || c >= 0x20000 && c <= 0x2A6DF
                || c >= 0x2A700 && c <= 0x2B81F || c >= 0x2B920 && c <= 0x2CEAF || c >= 0xF900 && c <= 0xFAFF
                || c >= 0x2F800 && c <= 0x2FA1F);
    }
}
