package org.sfumato.tokenizers;

/// Text that has no id in a vocabulary, or an id that has no text.
public final class UnknownTokenException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    /// Where it stands: an index of the string (in `char`s) or of the array of ids.
    private final int index;

    private UnknownTokenException(String message, int index) {
        super(message);
        this.index = index;
    }

    static UnknownTokenException character(int codePoint, int index, int vocabularySize) {
        return new UnknownTokenException("encode: character " + quoted(codePoint) + " at index " + index
                + " is not in the vocabulary of " + vocabularySize + " characters\nhint: build the tokenizer from a"
                + " text that has it, or choose withUnknown(new Unknown.Skip()) or"
                + " withUnknown(new Unknown.Replace(\" \"))", index);
    }

    static UnknownTokenException surrogate(String operation, int codeUnit, int index) {
        return new UnknownTokenException(operation + ": half of a surrogate pair, " + quoted(codeUnit) + " at index "
                + index + ", is no character\nhint: the text was cut inside a character or read with a wrong charset",
                index);
    }

    static UnknownTokenException id(int id, int index, int vocabularySize) {
        return new UnknownTokenException("decode: id " + id + " at index " + index + " is outside 0.."
                + (vocabularySize - 1) + "\nhint: ids from " + vocabularySize
                + " on, such as a mask, have no text; take them out first", index);
    }

    /// Where the unknown thing stands: the index in the string, counted in `char`s, or in the array of ids.
    public int index() {
        return index;
    }

    /// The character as Java source would have it, and its code point: `'\u20AC' (U+20AC)`.
    static String quoted(int codePoint) {
        var text = switch (codePoint) {
            case '\n' -> "\\n";
            case '\r' -> "\\r";
            case '\t' -> "\\t";
            case '\'' -> "\\'";
            case '\\' -> "\\\\";
            default -> {
                var units = new StringBuilder();
                for (char unit : Character.toChars(codePoint)) {
                    units.append(unit >= ' ' && unit <= '~' ? String.valueOf(unit) : "\\u%04X".formatted((int) unit));
                }
                yield units.toString();
            }
        };
        return "'%s' (U+%04X)".formatted(text, codePoint);
    }
}
