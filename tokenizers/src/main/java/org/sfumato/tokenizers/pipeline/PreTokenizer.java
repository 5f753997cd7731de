package org.sfumato.tokenizers.pipeline;

import java.lang.Character.UnicodeScript;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/// The second step: cuts the text into the words that the model sees one at a time.
public sealed interface PreTokenizer {
    /// The pieces of one piece, in order, without empty ones.
    List<Aligned> cut(Aligned text);

    /// One after another.
    record Sequence(List<PreTokenizer> steps) implements PreTokenizer {
        @Override
        public List<Aligned> cut(Aligned text) {
            var pieces = List.of(text);
            for (var step : steps) {
                var next = new ArrayList<Aligned>();
                for (var piece : pieces) {
                    next.addAll(step.cut(piece));
                }
                pieces = next;
            }
            return pieces;
        }
    }

    /// GPT-2's: cuts by its rule, if `split`, and writes bytes as characters.
    record Bytes(boolean prefixSpace, boolean split) implements PreTokenizer {
        @Override
        public List<Aligned> cut(Aligned text) {
            if (prefixSpace && !text.text().startsWith(" ")) {
                text.prepend(" ");
            }
            var pieces = split ? Behaviour.ISOLATED.split(text, Gpt2Words.find(text.text())) : List.of(text);
            pieces.forEach(ByteAlphabet::write);
            return pieces;
        }
    }

    /// Any pattern; `invert` takes what does not match for the matches.
    record Split(Finder pattern, Behaviour behaviour, boolean invert) implements PreTokenizer {
        @Override
        public List<Aligned> cut(Aligned text) {
            var found = pattern.find(text.text());
            return behaviour.split(text, invert ? found.inverted() : found);
        }
    }

    /// White space is left out, punctuation set apart.
    record Bert() implements PreTokenizer {
        private static final Finder SPACE = new Finder.Kind(UnicodeTables::isSpace);
        private static final Finder PUNCTUATION = new Finder.Kind(UnicodeTables::isPunctuation);

        @Override
        public List<Aligned> cut(Aligned text) {
            var out = new ArrayList<Aligned>();
            for (var word : Behaviour.REMOVED.split(text, SPACE.find(text.text()))) {
                out.addAll(Behaviour.ISOLATED.split(word, PUNCTUATION.find(word.text())));
            }
            return out;
        }
    }

    /// Runs of word characters, and runs of what is neither that nor white space.
    record Whitespace() implements PreTokenizer {
        private static final Pattern WORDS = Patterns.compile("\\w+|[^\\w\\s]+");

        @Override
        public List<Aligned> cut(Aligned text) {
            return Behaviour.REMOVED.split(text, new Finder.Regex(WORDS).find(text.text()).inverted());
        }
    }

    /// Between white space.
    record WhitespaceSplit() implements PreTokenizer {
        @Override
        public List<Aligned> cut(Aligned text) {
            return Behaviour.REMOVED.split(text, new Finder.Kind(UnicodeTables::isSpace).find(text.text()));
        }
    }

    /// At one character, which is left out.
    record Delimiter(int character) implements PreTokenizer {
        @Override
        public List<Aligned> cut(Aligned text) {
            return Behaviour.REMOVED.split(text, new Finder.Kind(c -> c == character).find(text.text()));
        }
    }

    /// When [Metaspace] puts its character in front.
    enum Prefix { ALWAYS, FIRST, NEVER }

    /// SentencePiece's: spaces become `replacement`, and words begin with it.
    record Metaspace(String replacement, Prefix prefix, boolean split) implements PreTokenizer {
        @Override
        public List<Aligned> cut(Aligned text) {
            text.replace(new Finder.Literal(" ").find(text.text()), replacement);
            boolean front = prefix == Prefix.ALWAYS || prefix == Prefix.FIRST && text.shift() == 0;
            if (front && !text.text().startsWith(replacement)) {
                text.prepend(replacement);
            }
            if (!split) {
                return List.of(text);
            }
            return Behaviour.MERGED_WITH_NEXT.split(text, new Finder.Literal(replacement).find(text.text()));
        }
    }

    /// At punctuation.
    record Punctuation(Behaviour behaviour) implements PreTokenizer {
        @Override
        public List<Aligned> cut(Aligned text) {
            return behaviour.split(text, new Finder.Kind(UnicodeTables::isPunctuation).find(text.text()));
        }
    }

    /// At digits, each by itself or runs of them.
    record Digits(boolean individual) implements PreTokenizer {
        @Override
        public List<Aligned> cut(Aligned text) {
            var digits = new Finder.Kind(UnicodeTables.NUMERIC::get).find(text.text());
            return (individual ? Behaviour.ISOLATED : Behaviour.CONTIGUOUS).split(text, digits);
        }
    }

    /// Every `length` characters.
    record FixedLength(int length) implements PreTokenizer {
        @Override
        public List<Aligned> cut(Aligned text) {
            var string = text.text();
            var spans = new Spans();
            for (int i = 0; i < string.length();) {
                int next = i;
                for (int n = 0; n < length && next < string.length(); n++) {
                    next += Character.charCount(string.codePointAt(next));
                }
                spans.add(i, next, false);
                i = next;
            }
            return Behaviour.ISOLATED.split(text, spans);
        }
    }

    /// Where the script changes; Hiragana and Katakana count as Han, characters of no script as what is before. Those
    /// at the front of a text are left out, as in the original.
    record UnicodeScripts() implements PreTokenizer {
        @Override
        public List<Aligned> cut(Aligned text) {
            var string = text.text();
            var spans = new Spans();
            UnicodeScript last = null;
            int from = -1;
            for (int i = 0; i < string.length();) {
                int c = string.codePointAt(i);
                if (UnicodeTables.SCRIPTED.get(c)) {
                    var script = script(c);
                    if (script != last) {
                        if (from >= 0) {
                            spans.add(from, i, false);
                        }
                        from = i;
                    }
                    last = script;
                }
                i += Character.charCount(c);
            }
            if (from >= 0) {
                spans.add(from, string.length(), false);
            }
            return Behaviour.ISOLATED.split(text, spans);
        }

        /// As Unicode 9 has them, which placed five characters elsewhere.
        private static UnicodeScript script(int c) {
            return switch (c) {
                case 0x589, 0x61C -> UnicodeScript.COMMON;
                case 0x953, 0x954 -> UnicodeScript.DEVANAGARI;
                case 0x30FC -> UnicodeScript.HAN;
                default -> {
                    var script = UnicodeScript.of(c);
                    yield script == UnicodeScript.HIRAGANA || script == UnicodeScript.KATAKANA ? UnicodeScript.HAN
                            : script;
                }
            };
        }
    }
}
