package org.sfumato.tokenizers.pipeline;

import java.nio.charset.StandardCharsets;
import java.text.Normalizer.Form;
import java.util.List;
import java.util.regex.Pattern;

/// The first step: changes characters before anything is cut.
public sealed interface Normalizer {
    /// Changes `text` in place.
    void normalize(Aligned text);

    /// What becomes of a string.
    default String apply(String text) {
        var aligned = Aligned.of(text);
        normalize(aligned);
        return aligned.text();
    }

    /// One after another.
    record Sequence(List<Normalizer> steps) implements Normalizer {
        @Override
        public void normalize(Aligned text) {
            steps.forEach(step -> step.normalize(text));
        }
    }

    /// NFC, NFD, NFKC or NFKD.
    record Unicode(Form form) implements Normalizer {
        @Override
        public void normalize(Aligned text) {
            Composition.normalize(text, form);
        }

        @Override
        public String apply(String text) {
            if (form == Form.NFC && java.text.Normalizer.isNormalized(text, form)) {
                return text;
            }
            return Normalizer.super.apply(text);
        }
    }

    /// Lower case, character by character: no rule looks at neighbours.
    record Lowercase() implements Normalizer {
        @Override
        public void normalize(Aligned text) {
            text.map((c, edits) -> {
                var lower = UnicodeTables.lower(c);
                edits.add(lower.codePointAt(0), 0);
                if (lower.length() > Character.charCount(lower.codePointAt(0))) {
                    edits.add(lower.codePointAt(1), 1);
                }
            });
        }
    }

    /// Drops marks. Composed characters keep theirs: NFD goes before.
    record StripAccents() implements Normalizer {
        @Override
        public void normalize(Aligned text) {
            text.filter(c -> !UnicodeTables.MARK.get(c));
        }
    }

    /// What BERT does: clean up, set Chinese characters apart, drop accents, lower case.
    record Bert(boolean cleanText, boolean chinese, boolean stripAccents, boolean lowercase) implements Normalizer {
        @Override
        public void normalize(Aligned text) {
            if (cleanText) {
                text.filter(c -> !UnicodeTables.CONTROL.get(c));
                text.map((c, edits) -> edits.add(UnicodeTables.isSpace(c) ? ' ' : c, 0));
            }
            if (chinese) {
                text.map((c, edits) -> {
                    if (UnicodeTables.isChinese(c)) {
                        edits.add(' ', 0);
                        edits.add(c, 1);
                        edits.add(' ', 1);
                    } else {
                        edits.add(c, 0);
                    }
                });
            }
            if (stripAccents) {
                Composition.normalize(text, Form.NFD);
                text.filter(c -> !UnicodeTables.NONSPACING.get(c));
            }
            if (lowercase) {
                new Lowercase().normalize(text);
            }
        }
    }

    /// Drops white space at the ends.
    record Strip(boolean left, boolean right) implements Normalizer {
        @Override
        public void normalize(Aligned text) {
            var string = text.text();
            int from = 0;
            int to = string.length();
            while (left && from < to && UnicodeTables.isSpace(string.charAt(from))) {
                from++;
            }
            while (right && to > from && UnicodeTables.isSpace(string.charAt(to - 1))) {
                to--;
            }
            if (from > 0 || to < string.length()) {
                var spans = new Spans();
                spans.add(0, from, true);
                spans.add(from, to, false);
                spans.add(to, string.length(), true);
                text.replace(spans, "");
            }
        }
    }

    /// Puts a string for each match.
    record Replace(Finder pattern, String content) implements Normalizer {
        @Override
        public void normalize(Aligned text) {
            text.replace(pattern.find(text.text()), content);
        }
    }

    /// Puts a string in front of a text that is not empty.
    record Prepend(String content) implements Normalizer {
        @Override
        public void normalize(Aligned text) {
            text.prepend(content);
        }
    }

    /// What the toolkit for machine translation "nmt" does: drops control characters, makes spaces of others.
    record Nmt() implements Normalizer {
        @Override
        public void normalize(Aligned text) {
            text.filter(c -> !(c >= 1 && c <= 8 || c == 0xB || c >= 0xE && c <= 0x1F || c == 0x7F || c == 0x8F
                    || c == 0x9F));
            text.map((c, edits) -> edits.add(spaced(c) ? ' ' : c, 0));
        }

        private static boolean spaced(int c) {
            return c >= 9 && c <= 0xD || c == 0x1680 || c >= 0x200B && c <= 0x200F || c == 0x2028 || c == 0x2029
                    || c == 0x2581 || c == 0xFEFF || c == 0xFFFD;
        }
    }

    /// Each byte of the text's UTF-8 form becomes a character of [ByteAlphabet].
    record Bytes() implements Normalizer {
        @Override
        public void normalize(Aligned text) {
            ByteAlphabet.write(text);
        }
    }

    /// A map of SentencePiece, applied to grapheme clusters of less than six bytes, else to characters.
    record Precompiled(CharsMap map) implements Normalizer {
        private static final Pattern CLUSTER = Pattern.compile("\\X");

        @Override
        public void normalize(Aligned text) {
            var edits = new Aligned.Edits();
            boolean changed = false;
            var string = text.text();
            var clusters = CLUSTER.matcher(string);
            for (int from = 0; from < string.length();) {
                clusters.find();
                while (splitAfterUnassigned(string, clusters.end())) {
                    clusters.find();
                }
                var cluster = string.substring(from, clusters.end());
                from = clusters.end();
                var becomes = cluster.getBytes(StandardCharsets.UTF_8).length < 6 ? map.shortest(cluster) : null;
                if (becomes != null) {
                    add(cluster, becomes, edits);
                    changed = true;
                    continue;
                }
                for (int c : cluster.codePoints().toArray()) {
                    var part = map.shortest(Character.toString(c));
                    if (part == null) {
                        edits.add(c, 0);
                    } else {
                        add(Character.toString(c), part, edits);
                        changed = true;
                    }
                }
            }
            if (changed) {
                text.transform(edits, 0);
            }
        }

        /// Java takes a character that is not assigned for a control character, which no mark can follow.
        private static boolean splitAfterUnassigned(String text, int at) {
            if (at >= text.length() || Character.getType(text.codePointBefore(at)) != Character.UNASSIGNED) {
                return false;
            }
            int type = Character.getType(text.codePointAt(at));
            return type == Character.NON_SPACING_MARK || type == Character.ENCLOSING_MARK
                    || type == Character.COMBINING_SPACING_MARK || text.codePointAt(at) == 0x200D;
        }

        /// Characters take the place of characters; what is left over at the end is inserted, or taken in by the last.
        private static void add(String from, String to, Aligned.Edits edits) {
            var characters = to.codePoints().toArray();
            int old = from.codePointCount(0, from.length());
            for (int i = 0; i < characters.length; i++) {
                edits.add(characters[i], i < old ? 0 : 1);
            }
            if (characters.length < old) {
                edits.lastTakes(old - characters.length);
            }
        }
    }
}
