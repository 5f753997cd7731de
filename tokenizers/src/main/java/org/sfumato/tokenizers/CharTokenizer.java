package org.sfumato.tokenizers;

import java.util.Arrays;
import java.util.BitSet;
import tools.jackson.databind.json.JsonMapper;

/// One id for each character (Unicode code point) of a vocabulary.
///
/// {@snippet :
/// var tokenizer = CharTokenizer.fromText("to be or not to be");
/// int[] ids = tokenizer.encode("bet");             // 1, 2, 6: the vocabulary is " benort"
/// String text = tokenizer.decode(ids);             // "bet"
/// }
///
/// From a text, ids go by code point: the vocabulary of tiny-shakespeare has 65 characters, a line feed is 0, a space
/// 1. Source: nanoGPT, the character-level preparation of its data.
public final class CharTokenizer implements Tokenizer {
    static final String NAME = "characters";
    private static final int ABSENT = -1;

    private final String vocabulary;
    private final Unknown unknown;
    /// Code point of each id.
    private final int[] characters;
    /// Id of each code point below 2^16, ABSENT where there is none; only as long as needed.
    private final int[] ids;
    /// Code points from 2^16 on, ascending, and the id of each.
    private final int[] rare;
    private final int[] rareIds;
    /// Id for an unknown character under [Unknown.Replace].
    private final int replacement;

    private CharTokenizer(String vocabulary, Unknown unknown) {
        this.vocabulary = vocabulary;
        this.unknown = unknown;
        characters = vocabulary.codePoints().toArray();
        rare = Arrays.stream(characters).filter(Character::isSupplementaryCodePoint).sorted().toArray();
        rareIds = new int[rare.length];
        int length = Arrays.stream(characters).filter(Character::isBmpCodePoint).max().orElse(ABSENT) + 1;
        ids = new int[length];
        Arrays.fill(ids, ABSENT);
        for (int id = 0; id < characters.length; id++) {
            if (Character.isBmpCodePoint(characters[id])) {
                ids[characters[id]] = id;
            } else {
                rareIds[Arrays.binarySearch(rare, characters[id])] = id;
            }
        }
        replacement = switch (unknown) {
            case Unknown.Refuse _, Unknown.Skip _ -> ABSENT;
            case Unknown.Replace r -> requireId(r.character().codePointAt(0));
        };
    }

    /// The distinct characters of `text`, ascending by code point.
    ///
    /// Throws [IllegalArgumentException] if the text is empty, [UnknownTokenException] if it holds half of a surrogate
    /// pair.
    public static CharTokenizer fromText(String text) {
        var present = new BitSet();
        for (int i = 0; i < text.length();) {
            int c = text.codePointAt(i);
            requireCharacter("fromText", c, i);
            present.set(c);
            i += Character.charCount(c);
        }
        if (present.isEmpty()) {
            throw new IllegalArgumentException("fromText: the text is empty\nhint: a vocabulary needs a corpus");
        }
        var sorted = new StringBuilder();
        present.stream().forEach(sorted::appendCodePoint);
        return new CharTokenizer(sorted.toString(), new Unknown.Refuse());
    }

    /// A given vocabulary: the character at position `k`, counted in code points, has id `k`.
    ///
    /// Throws [IllegalArgumentException] if `characters` is empty or has a character twice, [UnknownTokenException] if
    /// it holds half of a surrogate pair.
    public static CharTokenizer ofVocabulary(String characters) {
        return of(characters, new Unknown.Refuse());
    }

    static CharTokenizer of(String characters, Unknown unknown) {
        if (characters.isEmpty()) {
            throw new IllegalArgumentException("ofVocabulary: the vocabulary is empty");
        }
        var seen = new BitSet();
        for (int i = 0; i < characters.length();) {
            int c = characters.codePointAt(i);
            requireCharacter("ofVocabulary", c, i);
            if (seen.get(c)) {
                throw new IllegalArgumentException("ofVocabulary: character " + UnknownTokenException.quoted(c)
                        + " comes again at index " + i);
            }
            seen.set(c);
            i += Character.charCount(c);
        }
        return new CharTokenizer(characters, unknown);
    }

    /// This vocabulary with another way to treat unknown characters.
    ///
    /// Throws [IllegalArgumentException] if the character of [Unknown.Replace] is not in the vocabulary.
    public CharTokenizer withUnknown(Unknown unknown) {
        return new CharTokenizer(vocabulary, unknown);
    }

    /// The characters in the order of their ids.
    public String vocabulary() {
        return vocabulary;
    }

    /// What is done with a character outside the vocabulary.
    public Unknown unknown() {
        return unknown;
    }

    @Override
    public int[] encode(String text) {
        int length = text.length();
        var out = new int[length];
        int n = 0;
        for (int i = 0; i < length; i++) {
            char c = text.charAt(i);
            int id = c < ids.length ? ids[c] : ABSENT;
            if (id == ABSENT) {                         // rare: beyond 2^16, or unknown
                int codePoint = text.codePointAt(i);
                id = idOrPolicy(codePoint, i);
                i += Character.charCount(codePoint) - 1;
                if (id == ABSENT) {
                    continue;
                }
            }
            out[n++] = id;
        }
        return n == length ? out : Arrays.copyOf(out, n);
    }

    @Override
    public String decode(int... ids) {
        var out = new char[ids.length];
        int n = 0;
        for (int i = 0; i < ids.length; i++) {
            int id = ids[i];
            if (id < 0 || id >= characters.length) {
                throw UnknownTokenException.id(id, i, characters.length);
            }
            int c = characters[id];
            if (Character.isSupplementaryCodePoint(c)) {
                if (n + ids.length - i == out.length) {     // the first of two chars: room for all that follow to be so
                    out = Arrays.copyOf(out, n + 2 * (ids.length - i));
                }
                Character.toChars(c, out, n);
                n += 2;
            } else {
                out[n++] = (char) c;
            }
        }
        return new String(out, 0, n);
    }

    @Override
    public int vocabularySize() {
        return characters.length;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String toJson() {
        var mapper = JsonMapper.shared();
        var node = mapper.createObjectNode().put("kind", NAME).put("vocabulary", vocabulary);
        switch (unknown) {
            case Unknown.Refuse _ -> node.put("unknown", "refuse");
            case Unknown.Skip _ -> node.put("unknown", "skip");
            case Unknown.Replace r -> node.put("unknown", "replace").put("replacement", r.character());
        }
        return mapper.writeValueAsString(node);
    }

    /// Equal where vocabulary, order and the treatment of unknown characters are.
    @Override
    public boolean equals(Object other) {
        return other instanceof CharTokenizer t && vocabulary.equals(t.vocabulary) && unknown.equals(t.unknown);
    }

    @Override
    public int hashCode() {
        return 31 * vocabulary.hashCode() + unknown.hashCode();
    }

    @Override
    public String toString() {
        return NAME + "(" + characters.length + ")";
    }

    private int idOrPolicy(int codePoint, int index) {
        int at = Arrays.binarySearch(rare, codePoint);
        if (at >= 0) {
            return rareIds[at];
        }
        if (unknown instanceof Unknown.Refuse) {
            throw UnknownTokenException.character(codePoint, index, characters.length);
        }
        return replacement;
    }

    private int requireId(int codePoint) {
        for (int id = 0; id < characters.length; id++) {
            if (characters[id] == codePoint) {
                return id;
            }
        }
        throw new IllegalArgumentException("withUnknown: replacement " + UnknownTokenException.quoted(codePoint)
                + " is not in the vocabulary of " + characters.length + " characters");
    }

    private static void requireCharacter(String operation, int codePoint, int index) {
        if (Character.getType(codePoint) == Character.SURROGATE) {
            throw UnknownTokenException.surrogate(operation, codePoint, index);
        }
    }
}
