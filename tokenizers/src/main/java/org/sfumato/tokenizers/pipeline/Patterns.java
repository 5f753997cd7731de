package org.sfumato.tokenizers.pipeline;

import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/// Regular expressions as Oniguruma has them (Ruby's syntax) in Java's.
///
/// Classes are Unicode's, `^` and `$` are of lines, `.` is anything but a line feed.
final class Patterns {
    private static final int FLAGS = Pattern.UNICODE_CHARACTER_CLASS | Pattern.MULTILINE | Pattern.UNIX_LINES;
    private static final Pattern REPETITION = Pattern.compile("\\{\\s*([0-9]{1,9})");
    private static final long MOST_REPETITIONS = 10_000;
    private static final Set<String> CATEGORIES = Set.of("C", "Cc", "Cf", "Cn", "Co", "Cs", "L", "LC", "Ll", "Lm", "Lo",
            "Lt", "Lu", "M", "Mc", "Me", "Mn", "N", "Nd", "Nl", "No", "P", "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps",
            "S", "Sc", "Sk", "Sm", "So", "Z", "Zl", "Zp", "Zs");
    private static final Map<String, String> NAMES = Map.ofEntries(Map.entry("alpha", "IsAlphabetic"),
            Map.entry("digit", "Nd"), Map.entry("alnum", "Alnum"), Map.entry("upper", "IsUppercase"),
            Map.entry("lower", "IsLowercase"), Map.entry("space", "IsWhite_Space"), Map.entry("punct", "IsPunctuation"),
            Map.entry("cntrl", "Cc"), Map.entry("xdigit", "XDigit"), Map.entry("blank", "Blank"),
            Map.entry("letter", "L"), Map.entry("number", "N"), Map.entry("punctuation", "P"),
            Map.entry("mark", "M"), Map.entry("symbol", "S"), Map.entry("separator", "Z"));

    private Patterns() {
    }

    /// Throws [IllegalArgumentException] where the expression is none, or none that Java has, or repeats too often.
    static Pattern compile(String expression) {
        var java = translated(expression);
        requireFewRepetitions(expression);
        try {
            return Pattern.compile(java, FLAGS);
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException("regular expression \"" + expression + "\": " + e.getDescription(), e);
        }
    }

    /// Nested repetitions of nothing take time that no look at the text betrays: `(?:(?:){9999}){9999}`.
    private static void requireFewRepetitions(String expression) {
        var counts = REPETITION.matcher(expression);
        long product = 1;
        while (counts.find()) {
            product *= Math.max(1, Long.parseLong(counts.group(1)));
            if (product > MOST_REPETITIONS) {
                throw new IllegalArgumentException("regular expression \"" + expression
                        + "\": its repetitions multiply to more than " + MOST_REPETITIONS);
            }
        }
    }

    private static String translated(String in) {
        var out = new StringBuilder(in.length() + 16);
        int depth = 0;
        for (int i = 0; i < in.length();) {
            char c = in.charAt(i);
            if (c == '\\' && i + 1 < in.length()) {
                i = escape(in, i, out, depth > 0);
            } else if (depth > 0 && in.startsWith("[:", i) && in.indexOf(":]", i) > 0) {
                int end = in.indexOf(":]", i);
                var name = in.substring(i + 2, end);
                boolean not = name.startsWith("^");
                out.append(property(not ? name.substring(1) : name, not));
                i = end + 2;
            } else {
                depth += c == '[' ? 1 : c == ']' && depth > 0 ? -1 : 0;
                out.append(c);
                i++;
            }
        }
        return out.toString();
    }

    private static int escape(String in, int at, StringBuilder out, boolean inClass) {
        char c = in.charAt(at + 1);
        if (c == 'h' || c == 'H') {
            out.append(c == 'h' ? inClass ? "0-9a-fA-F" : "[0-9a-fA-F]" : "[^0-9a-fA-F]");
            return at + 2;
        }
        int close = in.indexOf('}', at);
        if ((c == 'p' || c == 'P') && in.startsWith("{", at + 2) && close > 0) {
            var name = in.substring(at + 3, close);
            boolean not = name.startsWith("^");
            out.append(property(not ? name.substring(1) : name, c == 'P' != not));
            return close + 1;
        }
        out.append(in, at, at + 2);
        return at + 2;
    }

    private static String property(String name, boolean not) {
        var plain = name.toLowerCase(java.util.Locale.ROOT);
        var known = CATEGORIES.contains(name) ? name : NAMES.getOrDefault(plain, "Is" + name);
        return (not ? "\\P{" : "\\p{") + known + "}";
    }
}
