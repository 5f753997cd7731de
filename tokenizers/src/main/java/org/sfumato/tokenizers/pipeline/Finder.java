package org.sfumato.tokenizers.pipeline;

import java.util.function.IntPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What cuts a text into matches and the rest.
public sealed interface Finder {
    /// All of `text`, in order; an empty text is one range that does not match.
    Spans find(String text);

    /// A string, taken literally.
    record Literal(String content) implements Finder {
        @Override
        public Spans find(String text) {
            var out = new Spans();
            int from = 0;
            if (!content.isEmpty()) {
                for (int at = text.indexOf(content); at >= 0; at = text.indexOf(content, from)) {
                    if (at > from) {
                        out.add(from, at, false);
                    }
                    from = at + content.length();
                    out.add(at, from, true);
                }
            }
            return rest(out, from, text);
        }
    }

    /// A regular expression, in time that is at most proportional to the length of the text, see [Measured].
    record Regex(Pattern pattern) implements Finder {
        /// Throws [IllegalArgumentException] where the expression takes more time or stack than a text may.
        @Override
        public Spans find(String text) {
            try {
                return matches(text);
            } catch (Measured.Spent | StackOverflowError e) {
                throw new IllegalArgumentException("tokenizer: the regular expression \"" + pattern
                        + "\" takes too " + (e instanceof Measured.Spent ? "long" : "much stack") + " on a text of "
                        + text.length() + " characters\nhint: a shorter text, or a tokenizer without nested repetition",
                        e);
            }
        }

        private Spans matches(String text) {
            var out = new Spans();
            Matcher matcher = pattern.matcher(new Measured(text));
            int from = 0;
            while (!text.isEmpty() && matcher.find()) {
                if (matcher.start() > from) {
                    out.add(from, matcher.start(), false);
                }
                from = matcher.end();
                out.add(matcher.start(), from, true);
            }
            return rest(out, from, text);
        }
    }

    /// Each character of a kind.
    record Kind(IntPredicate kind) implements Finder {
        @Override
        public Spans find(String text) {
            var out = new Spans();
            int from = 0;
            for (int i = 0; i < text.length();) {
                int c = text.codePointAt(i);
                int next = i + Character.charCount(c);
                if (kind.test(c)) {
                    if (i > from) {
                        out.add(from, i, false);
                    }
                    out.add(i, next, true);
                    from = next;
                }
                i = next;
            }
            return rest(out, from, text);
        }
    }

    private static Spans rest(Spans out, int from, String text) {
        if (from < text.length() || text.isEmpty()) {
            out.add(from, text.length(), false);
        }
        return out;
    }
}
