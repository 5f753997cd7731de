package org.sfumato.cli.shared;

/// Text of others, as names in a file, made fit for a terminal and one line.
public final class Printable {
    private Printable() { }

    /// `text` with control characters written as `\n`, `\t` or by their number.
    public static String of(String text) {
        var out = new StringBuilder();
        text.codePoints().forEach(c -> {
            switch (c) {
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    if (Character.isISOControl(c)) {
                        out.append("\\u%04x".formatted(c));
                    } else {
                        out.appendCodePoint(c);
                    }
                }
            }
        });
        return out.toString();
    }

    /// The same, at most `most` characters.
    public static String of(String text, int most) {
        var line = of(text);
        return line.length() <= most ? line : line.substring(0, most - 3) + "...";
    }
}
