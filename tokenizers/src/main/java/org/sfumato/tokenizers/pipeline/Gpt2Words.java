package org.sfumato.tokenizers.pipeline;

/// GPT-2's rule for words, by hand because every text goes through it:
///
///     's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
public final class Gpt2Words {
    private static final byte LETTER = 0;
    private static final byte NUMBER = 1;
    private static final byte SPACE = 2;
    private static final byte OTHER = 3;
    private static final byte PAIR = 4;
    /// The kind of each char; PAIR for surrogates.
    private static final byte[] KINDS = new byte[1 << 16];

    static {
        for (int c = 0; c < KINDS.length; c++) {
            KINDS[c] = Character.isSurrogate((char) c) ? PAIR : kind(c);
        }
    }

    private Gpt2Words() {
    }

    private static byte kind(int c) {
        return switch (Character.getType(c)) {
            case Character.UPPERCASE_LETTER, Character.LOWERCASE_LETTER, Character.TITLECASE_LETTER,
                    Character.MODIFIER_LETTER, Character.OTHER_LETTER -> LETTER;
            case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER -> NUMBER;
            default -> UnicodeTables.isSpace(c) ? SPACE : OTHER;
        };
    }

    private static byte kindAt(String text, int i) {
        byte kind = KINDS[text.charAt(i)];
        return kind == PAIR ? kind(text.codePointAt(i)) : kind;
    }

    static Spans find(String text) {
        var out = new Spans();
        for (int i = 0; i < text.length();) {
            int end = next(text, i);
            out.add(i, end, true);
            i = end;
        }
        return out;
    }

    /// The end of the word that begins at `from`.
    public static int next(String text, int from) {
        int length = text.length();
        char c = text.charAt(from);
        if (c == '\'') {
            int suffix = contraction(text, from + 1);
            if (suffix > 0) {
                return from + 1 + suffix;
            }
        }
        int first = c == ' ' ? from + 1 : from;
        if (first < length) {
            byte kind = kindAt(text, first);
            if (kind != SPACE) {
                return run(text, first, kind);
            }
        }
        int end = run(text, from, SPACE);
        // white space before a word leaves its last character to that word
        return end < length && end - from > 1 ? end - 1 : end;
    }

    private static int run(String text, int from, byte kind) {
        int i = from;
        while (i < text.length() && kindAt(text, i) == kind) {
            i += KINDS[text.charAt(i)] == PAIR ? Character.charCount(text.codePointAt(i)) : 1;
        }
        return i;
    }

    private static int contraction(String text, int at) {
        if (at >= text.length()) {
            return 0;
        }
        char second = at + 1 < text.length() ? text.charAt(at + 1) : 0;
        return switch (text.charAt(at)) {
            case 's', 't', 'm', 'd' -> 1;
            case 'r', 'v' -> second == 'e' ? 2 : 0;
            case 'l' -> second == 'l' ? 2 : 0;
            default -> 0;
        };
    }
}
