package org.sfumato.tokenizers.pipeline;

/// A text that can be looked at only so often: backtracking may take a time that grows exponentially with the length
/// of a text, and the regular expression of a file is anybody's.
final class Measured implements CharSequence {
    /// Looks at characters for a whole text, and for each character of it. Expressions in use take 5 to 60 for each.
    static final long LOOKS = 2000;
    static final long LOOKS_PER_CHARACTER = 1000;

    private final String text;
    private long left;

    /// The text was looked at too often.
    static final class Spent extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Spent() {
            super("too many steps", null, false, false);
        }
    }

    Measured(String text) {
        this.text = text;
        left = LOOKS + LOOKS_PER_CHARACTER * text.length();
    }

    @Override
    public char charAt(int index) {
        if (--left < 0) {
            throw new Spent();
        }
        return text.charAt(index);
    }

    @Override
    public int length() {
        return text.length();
    }

    @Override
    public CharSequence subSequence(int start, int end) {
        return text.substring(start, end);
    }

    @Override
    public String toString() {
        return text;
    }
}
