package org.sfumato.tokenizers.pipeline;

import java.text.Normalizer.Form;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.sfumato.tokenizers.pipeline.Aligned.Edits;

/// The four normalization forms of Unicode (Standard Annex 15), with what each step does to the ranges.
///
/// Which characters decompose, and the combining classes, come from [UnicodeTables]; what they decompose into does not
/// change between versions of Unicode and comes from Java.
final class Composition {
    /// First and second character, 21 bits each, to the character composed of them.
    private static final Map<Long, Integer> PAIRS = pairs();
    private static final int SYLLABLES = 0xAC00;
    private static final int LEADS = 0x1100;
    private static final int VOWELS = 0x1161;
    private static final int TAILS = 0x11A7;

    private record Item(int combiningClass, int character, int change) { }

    private Composition() {
    }

    static void normalize(Aligned text, Form form) {
        var string = text.text();
        if (string.chars().allMatch(c -> c < 0x80)) {
            return;
        }
        var edits = decomposed(string, form);
        text.transform(form == Form.NFC || form == Form.NFKC ? composed(edits) : edits, 0);
    }

    private static Map<Long, Integer> pairs() {
        var pairs = new HashMap<Long, Integer>();
        UnicodeTables.CANONICAL.stream().filter(c -> c < SYLLABLES || c > 0xD7A3).forEach(c -> {
            var whole = Character.toString(c);
            var parts = java.text.Normalizer.normalize(whole, Form.NFD);
            int last = parts.offsetByCodePoints(parts.length(), -1);
            if (last > 0 && java.text.Normalizer.normalize(parts, Form.NFC).equals(whole)) {
                int first = java.text.Normalizer.normalize(parts.substring(0, last), Form.NFC).codePointAt(0);
                pairs.put(key(first, parts.codePointAt(last)), c);
            }
        });
        return pairs;
    }

    private static long key(int first, int second) {
        return (long) first << 21 | second;
    }

    static Edits decomposed(String text, Form form) {
        BitSet changing = form == Form.NFC || form == Form.NFD ? UnicodeTables.CANONICAL : UnicodeTables.COMPATIBLE;
        var decomposing = form == Form.NFC ? Form.NFD : form == Form.NFKC ? Form.NFKD : form;
        var out = new Edits();
        var pending = new ArrayList<Item>();
        for (int i = 0; i < text.length();) {
            int c = text.codePointAt(i);
            i += Character.charCount(c);
            if (!changing.get(c)) {
                push(c, 0, pending, out);
            } else {
                var parts = java.text.Normalizer.normalize(Character.toString(c), decomposing).codePoints().toArray();
                for (int k = 0; k < parts.length; k++) {
                    push(parts[k], k == 0 ? 0 : 1, pending, out);
                }
            }
        }
        flush(pending, out);
        return out;
    }

    private static void push(int c, int change, List<Item> pending, Edits out) {
        int combining = UnicodeTables.combiningClass(c);
        if (combining == 0) {
            flush(pending, out);
            out.add(c, change);
        } else {
            pending.add(new Item(combining, c, change));
        }
    }

    private static void flush(List<Item> pending, Edits out) {
        pending.sort(java.util.Comparator.comparingInt(Item::combiningClass));
        pending.forEach(item -> out.add(item.character, item.change));
        pending.clear();
    }

    /// Composes pairs. A character that has taken in others stands for all of theirs: its change is the sum, less one
    /// for each.
    private static Edits composed(Edits in) {
        var out = new Edits();
        var waiting = new ArrayDeque<Item>();
        int starter = -1;
        int change = 0;
        int last = -1;                                  // class of the mark before, -1 where none stands between
        for (int i = 0; i < in.size(); i++) {
            int c = in.character(i);
            int combining = UnicodeTables.combiningClass(c);
            if (starter < 0) {
                if (combining != 0) {
                    out.add(c, in.change(i));
                } else {
                    starter = c;
                    change = in.change(i);
                }
                continue;
            }
            int whole = last < combining ? compose(starter, c) : -1;
            if (whole >= 0) {
                starter = whole;
                change += in.change(i) - 1;
            } else if (combining == 0) {
                out.add(starter, change);
                waiting.forEach(item -> out.add(item.character, item.change));
                waiting.clear();
                starter = c;
                change = in.change(i);
                last = -1;
            } else {
                waiting.add(new Item(combining, c, in.change(i)));
                last = combining;
            }
        }
        if (starter >= 0) {
            out.add(starter, change);
        }
        waiting.forEach(item -> out.add(item.character, item.change));
        return out;
    }

    private static int compose(int first, int second) {
        if (first >= LEADS && first < LEADS + 19 && second >= VOWELS && second < VOWELS + 21) {
            return SYLLABLES + ((first - LEADS) * 21 + second - VOWELS) * 28;
        }
        if (first >= SYLLABLES && first <= 0xD7A3 && (first - SYLLABLES) % 28 == 0 && second > TAILS
                && second < TAILS + 28) {
            return first + second - TAILS;
        }
        return PAIRS.getOrDefault(key(first, second), -1);
    }
}
