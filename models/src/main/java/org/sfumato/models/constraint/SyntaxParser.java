package org.sfumato.models.constraint;

import java.util.ArrayList;
import java.util.List;
import org.sfumato.models.constraint.Syntax.Range;

/// Reads the part of the syntax of [java.util.regex.Pattern] that describes regular languages.
final class SyntaxParser {
    private static final int LAST = Character.MAX_CODE_POINT;
    private static final int DEPTH = 100;
    private static final int TIMES = 1000;
    private static final List<Range> DIGIT = List.of(new Range('0', '9'));
    private static final List<Range> WORD =
            List.of(new Range('0', '9'), new Range('A', 'Z'), new Range('_', '_'), new Range('a', 'z'));
    private static final List<Range> SPACE = List.of(new Range('\t', '\r'), new Range(' ', ' '));

    private final String text;
    private final int[] code;
    private int at;
    private int depth;

    private SyntaxParser(String text) {
        this.text = text;
        this.code = text.codePoints().toArray();
    }

    static Syntax parse(String text) {
        var parser = new SyntaxParser(text);
        var whole = parser.either();
        if (parser.at < parser.code.length) {
            throw parser.wrong("a ) without its (", "write \\) for the character");
        }
        return whole;
    }

    private Syntax either() {
        var options = new ArrayList<Syntax>();
        do {
            options.add(sequence());
        } while (accept('|'));
        return options.size() == 1 ? options.getFirst() : new Syntax.Either(options);
    }

    private Syntax sequence() {
        var parts = new ArrayList<Syntax>();
        while (at < code.length && code[at] != '|' && code[at] != ')') {
            parts.add(repeated(atom()));
        }
        return new Syntax.Sequence(parts);
    }

    private Syntax repeated(Syntax part) {
        int least;
        int most;
        if (accept('*')) {
            least = 0;
            most = Syntax.Repeat.UNBOUNDED;
        } else if (accept('+')) {
            least = 1;
            most = Syntax.Repeat.UNBOUNDED;
        } else if (accept('?')) {
            least = 0;
            most = 1;
        } else if (accept('{')) {
            least = number();
            most = !accept(',') ? least : at < code.length && code[at] == '}' ? Syntax.Repeat.UNBOUNDED : number();
            expect('}');
            if (most < least) {
                throw wrong("{" + least + "," + most + "} falls", "the smaller number first");
            }
        } else {
            return part;
        }
        if (at < code.length && (code[at] == '*' || code[at] == '+' || code[at] == '?' || code[at] == '{')) {
            throw wrong("a repetition of a repetition", "put the inner one into ( )");
        }
        return new Syntax.Repeat(part, least, most);
    }

    private int number() {
        int from = at;
        int value = 0;
        while (at < code.length && code[at] >= '0' && code[at] <= '9' && value <= TIMES) {
            value = 10 * value + code[at++] - '0';
        }
        if (from == at || value > TIMES) {
            throw wrong("no number from 0 to " + TIMES, "write {2}, {2,} or {2,5}");
        }
        return value;
    }

    private Syntax atom() {
        int c = code[at++];
        return switch (c) {
            case '(' -> group();
            case '[' -> new Syntax.Characters(characterClass());
            case '.' -> new Syntax.Characters(complement(List.of(new Range('\n', '\n'))));
            case '\\' -> new Syntax.Characters(escape());
            case '*', '+', '?', '{' -> throw wrong("nothing before " + Character.toString(c) + " to repeat",
                    "write \\" + Character.toString(c) + " for the character");
            case '^', '$' -> throw wrong("the anchor " + Character.toString(c),
                    "the whole text is matched anyhow; write \\" + Character.toString(c) + " for the character");
            default -> one(c);
        };
    }

    private Syntax group() {
        if (++depth > DEPTH) {
            throw wrong("groups deeper than " + DEPTH, "a simpler expression");
        }
        if (accept('?') && !accept(':')) {
            throw wrong("a group that looks around or has options", "only ( ) and (?: ) are known");
        }
        var inner = either();
        expect(')');
        depth--;
        return inner;
    }

    private List<Range> characterClass() {
        boolean negated = accept('^');
        var ranges = new ArrayList<Range>();
        do {
            if (at >= code.length) {
                throw wrong("a [ without its ]", "write \\[ for the character");
            }
            int c = code[at++];
            if (c == '[' || c == '&' && at < code.length && code[at] == '&') {
                throw wrong("a class within a class", "write \\[ and \\& for the characters");
            }
            var first = c == '\\' ? escape() : List.of(new Range(c, c));
            if (at + 1 < code.length && code[at] == '-' && code[at + 1] != ']') {
                at++;
                int d = code[at++];
                var last = d == '\\' ? escape() : List.of(new Range(d, d));
                int low = single(first);
                int high = single(last);
                if (high < low) {
                    throw wrong("the range falls", "the smaller character first");
                }
                ranges.add(new Range(low, high));
            } else {
                ranges.addAll(first);
            }
        } while (!accept(']'));
        return negated ? complement(ranges) : ranges;
    }

    private int single(List<Range> ranges) {
        if (ranges.size() != 1 || ranges.getFirst().first() != ranges.getFirst().last()) {
            throw wrong("a range from or to several characters", "write \\- for the character");
        }
        return ranges.getFirst().first();
    }

    private List<Range> escape() {
        if (at >= code.length) {
            throw wrong("nothing after \\", "write \\\\ for the character");
        }
        int c = code[at++];
        return switch (c) {
            case 'd' -> DIGIT;
            case 'D' -> complement(DIGIT);
            case 'w' -> WORD;
            case 'W' -> complement(WORD);
            case 's' -> SPACE;
            case 'S' -> complement(SPACE);
            case 'n' -> List.of(new Range('\n', '\n'));
            case 't' -> List.of(new Range('\t', '\t'));
            case 'r' -> List.of(new Range('\r', '\r'));
            default -> {
                if (Character.isLetterOrDigit(c)) {
                    throw wrong("\\" + Character.toString(c) + " is not known", "known are \\d \\w \\s, \\D \\W \\S, "
                            + "\\n \\t \\r, and \\ before what is no letter and no digit");
                }
                yield List.of(new Range(c, c));
            }
        };
    }

    private static List<Range> complement(List<Range> ranges) {
        var found = new ArrayList<Range>();
        int from = 0;
        for (var range : ranges.stream().sorted((a, b) -> Integer.compare(a.first(), b.first())).toList()) {
            if (range.first() > from) {
                found.add(new Range(from, range.first() - 1));
            }
            from = Math.max(from, range.last() + 1);
        }
        if (from <= LAST) {
            found.add(new Range(from, LAST));
        }
        return found;
    }

    private static Syntax one(int c) {
        return new Syntax.Characters(List.of(new Range(c, c)));
    }

    private boolean accept(int c) {
        boolean is = at < code.length && code[at] == c;
        at += is ? 1 : 0;
        return is;
    }

    private void expect(int c) {
        if (!accept(c)) {
            throw wrong("no " + Character.toString(c), "write it, or \\ before the character that it belongs to");
        }
    }

    private IllegalArgumentException wrong(String what, String hint) {
        return new IllegalArgumentException("regular expression: " + what + ", at character " + at + " of \"" + text
                + "\"\nhint: " + hint);
    }
}
