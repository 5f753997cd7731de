package org.sfumato.tokenizers.pipeline;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.sfumato.tokenizers.Encoding;

/// The fourth step: adds special tokens and mends offsets.
public sealed interface PostProcessor {
    /// The encodings of the texts, one or two, as they become; they are joined in the end.
    ///
    /// @param originals the texts themselves
    List<Encoding> process(List<Encoding> texts, List<String> originals, boolean addSpecial);

    /// How many tokens are added to one text, or to a pair.
    default int added(boolean pair) {
        return 0;
    }

    /// One after another.
    record Sequence(List<PostProcessor> steps) implements PostProcessor {
        @Override
        public List<Encoding> process(List<Encoding> texts, List<String> originals, boolean addSpecial) {
            for (var step : steps) {
                texts = step.process(texts, originals, addSpecial);
            }
            return texts;
        }

        @Override
        public int added(boolean pair) {
            return steps.stream().mapToInt(step -> step.added(pair)).sum();
        }
    }

    /// Takes the spaces that a token begins or ends with out of its range.
    record Bytes(boolean prefixSpace, boolean trim) implements PostProcessor {
        @Override
        public List<Encoding> process(List<Encoding> texts, List<String> originals, boolean addSpecial) {
            if (!trim) {
                return texts;
            }
            var out = new ArrayList<Encoding>();
            for (int i = 0; i < texts.size(); i++) {
                // after a template there are more parts than texts, and those that are no text have no range
                var original = texts.size() == originals.size() ? originals.get(i) : "";
                out.add(trimmed(texts.get(i), original, prefixSpace));
            }
            return out;
        }

        static Encoding trimmed(Encoding text, String original, boolean prefixSpace) {
            var starts = text.starts().clone();
            var ends = text.ends().clone();
            for (int i = 0; i < starts.length; i++) {
                var token = text.tokens().get(i);
                int leading = 0;
                int trailing = 0;
                while (leading < token.length() && blank(token.charAt(leading))) {
                    leading++;
                }
                while (trailing < token.length() && blank(token.charAt(token.length() - 1 - trailing))) {
                    trailing++;
                }
                if (leading > 0) {
                    boolean own = leading == 1 && prefixSpace && (i == 0 || starts[i] == 0);
                    starts[i] = Math.min(moved(original, starts[i], own ? 0 : leading), ends[i]);
                }
                if (trailing > 0 && moved(original, ends[i], -trailing) >= 0) {
                    ends[i] = Math.max(moved(original, ends[i], -trailing), starts[i]);
                }
            }
            return text.withOffsets(starts, ends);
        }

        /// The index `characters` after `at`; below 0 where it is before the text.
        private static int moved(String original, int at, int characters) {
            int i = at;
            for (int k = Math.abs(characters); k > 0; k--) {
                boolean pair = characters > 0
                        ? i + 1 < original.length() && Character.isHighSurrogate(original.charAt(i))
                        : i > 1 && i <= original.length() && Character.isLowSurrogate(original.charAt(i - 1));
                i += Integer.signum(characters) * (pair ? 2 : 1);
            }
            return i;
        }

        private static boolean blank(char c) {
            return c == ByteAlphabet.character(' ') || UnicodeTables.isSpace(c);
        }
    }

    /// A special token: its name and id.
    record Special(String token, int id) {
        Encoding encoding(int type) {
            return Encoding.special(new int[] {id}, List.of(token), type);
        }
    }

    /// `cls A sep`, or `cls A sep B sep` where B is of type 1.
    record Bert(Special sep, Special cls) implements PostProcessor {
        @Override
        public List<Encoding> process(List<Encoding> texts, List<String> originals, boolean addSpecial) {
            if (!addSpecial) {
                return texts;
            }
            var out = new ArrayList<Encoding>();
            for (int i = 0; i < texts.size(); i++) {
                var parts = new ArrayList<Encoding>();
                if (i == 0) {
                    parts.add(cls.encoding(0));
                }
                parts.add(texts.get(i).withType(i));
                parts.add(sep.encoding(i));
                out.add(Encoding.concat(parts));
            }
            return out;
        }

        @Override
        public int added(boolean pair) {
            return pair ? 3 : 2;
        }
    }

    /// `cls A sep`, or `cls A sep sep B sep`; all of type 0.
    record Roberta(Special sep, Special cls, boolean trim, boolean prefixSpace) implements PostProcessor {
        @Override
        public List<Encoding> process(List<Encoding> texts, List<String> originals, boolean addSpecial) {
            var out = new ArrayList<Encoding>();
            for (int i = 0; i < texts.size(); i++) {
                var text = trim ? Bytes.trimmed(texts.get(i), originals.get(i), prefixSpace) : texts.get(i);
                text = text.withType(0);
                out.add(addSpecial ? Encoding.concat(List.of((i == 0 ? cls : sep).encoding(0), text, sep.encoding(0)))
                        : text);
            }
            return out;
        }

        @Override
        public int added(boolean pair) {
            return pair ? 4 : 2;
        }
    }

    /// A piece of a template: a special token, or where `token` is empty the text number `text`.
    record Slot(String token, int text, int type) { }

    /// Special tokens and texts in any order.
    ///
    /// @param special the ids and tokens that each name in the template stands for
    record Template(List<Slot> single, List<Slot> pair, Map<String, Encoding> special) implements PostProcessor {
        @Override
        public List<Encoding> process(List<Encoding> texts, List<String> originals, boolean addSpecial) {
            var out = new ArrayList<Encoding>();
            for (var slot : texts.size() == 2 ? pair : single) {
                if (slot.token.isEmpty()) {
                    out.add(texts.get(slot.text).withType(slot.type));
                } else if (addSpecial) {
                    out.add(special.get(slot.token).withType(slot.type));
                }
            }
            return out;
        }

        @Override
        public int added(boolean ofPair) {
            return (ofPair ? pair : single).stream().filter(slot -> !slot.token.isEmpty())
                    .mapToInt(slot -> special.get(slot.token).size()).sum();
        }
    }
}
