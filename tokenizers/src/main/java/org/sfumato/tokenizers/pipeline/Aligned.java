package org.sfumato.tokenizers.pipeline;

import java.util.function.IntPredicate;

/// A text under change, each of whose `char`s knows the range `[start, end)` of the original that it stands for.
///
/// Source of the rules: `NormalizedString` of Hugging Face's `tokenizers`, so that offsets agree.
public final class Aligned {
    /// What a text may become: no character known to Unicode becomes more than 18, and no file needs more by far.
    static final int GROWTH = 256;
    private static final int ALWAYS = 4096;

    private String text;
    /// Range of each char, absent while the text is a piece of the original unchanged.
    private int[] starts;
    private int[] ends;
    /// Where this piece begins in the original.
    private final int shift;
    private final long longest;

    private Aligned(String text, int[] starts, int[] ends, int shift, long longest) {
        this.text = text;
        this.starts = starts;
        this.ends = ends;
        this.shift = shift;
        this.longest = longest;
    }

    /// The original itself.
    public static Aligned of(String original) {
        return new Aligned(original, null, null, 0, longest(original));
    }

    /// How long a text may become. A normalizer that doubles each letter forty times would fill any memory.
    static long longest(String original) {
        return ALWAYS + (long) GROWTH * original.length();
    }

    static IllegalArgumentException tooLong(long longest) {
        return new IllegalArgumentException("tokenizer: its normalizer makes more than " + longest
                + " characters of a text\nhint: the file of the tokenizer is damaged, or made to do harm");
    }

    /// As it is now.
    public String text() {
        return text;
    }

    int shift() {
        return shift;
    }

    int start(int i) {
        if (starts != null) {
            return starts[i];
        }
        return shift + i - (insidePair(i) ? 1 : 0);
    }

    int end(int i) {
        if (ends != null) {
            return ends[i];
        }
        return shift + i + 1 + (i + 1 < text.length() && insidePair(i + 1) ? 1 : 0);
    }

    private boolean insidePair(int i) {
        return i > 0 && Character.isLowSurrogate(text.charAt(i)) && Character.isHighSurrogate(text.charAt(i - 1));
    }

    /// The piece `[from, to)`, which does not change when this does.
    Aligned slice(int from, int to) {
        if (from == 0 && to == text.length()) {
            return new Aligned(text, starts, ends, starts == null || to == 0 ? shift : starts[0], longest);
        }
        var part = text.substring(from, to);
        if (starts == null) {
            return new Aligned(part, null, null, shift + from, longest);
        }
        int length = to - from;
        var s = new int[length];
        var e = new int[length];
        System.arraycopy(starts, from, s, 0, length);
        System.arraycopy(ends, from, e, 0, length);
        return new Aligned(part, s, e, length == 0 ? shift : s[0], longest);
    }

    /// Characters with, for each, what it does to the text: 0 takes the place of one character, `-k` of `1 + k`,
    /// 1 or more is inserted and shares the range of the character before.
    static final class Edits {
        private final Ints items = new Ints(64);

        void add(int c, int change) {
            items.add(c);
            items.add(change);
        }

        /// The last character stands for `more` others besides; nothing where there is none.
        void lastTakes(int more) {
            if (items.size() > 0) {
                items.set(items.size() - 1, items.get(items.size() - 1) - more);
            }
        }

        int size() {
            return items.size() / 2;
        }

        int character(int i) {
            return items.get(2 * i);
        }

        int change(int i) {
            return items.get(2 * i + 1);
        }
    }

    /// The whole text becomes `edits`; `skip` characters at its start are dropped first.
    void transform(Edits edits, int skip) {
        var out = new Builder(text.length());
        int at = forward(0, skip);
        for (int i = 0; i < edits.size(); i++) {
            int change = edits.change(i);
            if (change > 0) {
                out.add(edits.character(i), at < 1 ? shift : start(at - 1), at < 1 ? shift : end(at - 1));
            } else {
                int from = Math.min(at, text.length() - 1);
                out.add(edits.character(i), start(from), end(from));
                at = forward(at, 1 - change);
            }
        }
        take(out);
    }

    private int forward(int at, int characters) {
        for (int i = 0; i < characters && at < text.length(); i++) {
            at += Character.charCount(text.codePointAt(at));
        }
        return at;
    }

    /// Puts `content` for each of the ranges of `matches` that match.
    void replace(Spans matches, String content) {
        if (!matches.anyMatch()) {
            return;
        }
        var out = new Builder(text.length());
        for (int i = 0; i < matches.size(); i++) {
            if (matches.matches(i)) {
                int last = matches.end(i) - 1;
                int s = last < 0 ? shift : start(last);
                int e = last < 0 ? shift : end(last);
                content.codePoints().forEach(c -> out.add(c, s, e));
            } else {
                copy(out, matches.start(i), matches.end(i));
            }
        }
        take(out);
    }

    /// Puts `content` in front, as part of the first character; nothing happens to an empty text.
    void prepend(String content) {
        if (text.isEmpty()) {
            return;
        }
        var out = new Builder(text.length() + content.length());
        int s = start(0);
        int e = end(0);
        content.codePoints().forEach(c -> out.add(c, s, e));
        copy(out, 0, text.length());
        take(out);
    }

    /// Keeps what `keep` says.
    void filter(IntPredicate keep) {
        if (text.codePoints().allMatch(keep)) {
            return;
        }
        var out = new Builder(text.length());
        for (int i = 0; i < text.length();) {
            int c = text.codePointAt(i);
            if (keep.test(c)) {
                out.add(c, start(i), end(i));
            }
            i += Character.charCount(c);
        }
        take(out);
    }

    /// A character to the characters that it becomes.
    interface Mapping {
        void map(int character, Edits edits);
    }

    /// Each character becomes what `mapping` adds for it.
    void map(Mapping mapping) {
        var edits = new Edits();
        text.codePoints().forEach(c -> mapping.map(c, edits));
        transform(edits, 0);
    }

    private void copy(Builder out, int from, int to) {
        for (int i = from; i < to; i++) {
            out.unit(text.charAt(i), start(i), end(i));
        }
    }

    private void take(Builder out) {
        text = out.text.toString();
        starts = out.starts.toArray();
        ends = out.ends.toArray();
    }

    private final class Builder {
        final StringBuilder text;
        final Ints starts;
        final Ints ends;

        Builder(int capacity) {
            text = new StringBuilder(capacity);
            starts = new Ints(capacity);
            ends = new Ints(capacity);
        }

        void add(int c, int start, int end) {
            if (text.length() > longest) {
                throw tooLong(longest);
            }
            text.appendCodePoint(c);
            for (int i = Character.charCount(c); i > 0; i--) {
                starts.add(start);
                ends.add(end);
            }
        }

        void unit(char c, int start, int end) {
            text.append(c);
            starts.add(start);
            ends.add(end);
        }
    }
}
