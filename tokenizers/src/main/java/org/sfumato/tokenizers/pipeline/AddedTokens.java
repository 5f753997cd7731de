package org.sfumato.tokenizers.pipeline;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.sfumato.tokenizers.AddedToken;

/// Finds added tokens in a text: those that are not normalized in the text as it is, the others in what the normalizer
/// makes of the rest.
public final class AddedTokens {
    private static final Pattern WORD = Pattern.compile("\\w", Pattern.UNICODE_CHARACTER_CLASS);

    /// A piece of the text, and the token that it is, or null.
    public record Piece(Aligned text, AddedToken token) { }

    private final Map<Integer, AddedToken> byId = new HashMap<>();
    private final Map<String, AddedToken> byContent = new HashMap<>();
    private final Set<String> special = new HashSet<>();
    private final Matcher plain;
    private final Matcher normalized;

    /// Finds the longest of several strings.
    private record Matcher(CharTrie trie, List<AddedToken> tokens, BitSet first) {
        static Matcher of() {
            return new Matcher(new CharTrie(16), new ArrayList<>(), new BitSet());
        }

        void add(String content, AddedToken token) {
            if (!content.isEmpty() && trie.get(content, 0, content.length()) < 0) {
                trie.put(content, tokens.size());
                tokens.add(token);
                first.set(content.charAt(0));
            }
        }
    }

    /// Of `tokens`, in the order of the file; `model` may have ids for some, `normalizer` is applied to those that are
    /// normalized.
    public AddedTokens(List<AddedToken> tokens, Vocabulary model, Normalizer normalizer) {
        plain = Matcher.of();
        normalized = Matcher.of();
        int most = -1;
        for (var given : tokens) {
            var content = given.content();
            if (content.isEmpty()) {
                continue;
            }
            int known = byContent.containsKey(content) ? byContent.get(content).id() : model.id(content);
            int id = known >= 0 ? known : most >= model.count() || model.count() == 0 ? most + 1 : model.count();
            most = Math.max(most, id);
            var token = new AddedToken(id, content, given.singleWord(), given.stripLeft(), given.stripRight(),
                    given.normalized(), given.special());
            byId.put(id, token);
            byContent.put(content, token);
            if (given.special()) {
                special.add(content);
            }
        }
        for (boolean first : new boolean[] {true, false}) {
            for (var token : tokens) {
                if (special.contains(token.content()) == first && byContent.containsKey(token.content())) {
                    var own = byContent.get(token.content());
                    (own.normalized() ? normalized : plain).add(
                            own.normalized() ? normalizer.apply(own.content()) : own.content(), own);
                }
            }
        }
    }

    /// All, by id.
    public Map<Integer, AddedToken> byId() {
        return byId;
    }

    /// The token that `content` is, or null.
    public AddedToken find(String content) {
        return byContent.get(content);
    }

    /// Whether decoding leaves `token` out.
    public boolean isSpecial(String token) {
        return special.contains(token);
    }

    /// The pieces of `text`, those without a token normalized.
    public List<Piece> extract(String text, Normalizer normalizer) {
        var out = new ArrayList<Piece>();
        for (var piece : split(Aligned.of(text), plain)) {
            if (piece.token != null) {
                out.add(piece);
            } else {
                normalizer.normalize(piece.text);
                out.addAll(split(piece.text, normalized));
            }
        }
        return out;
    }

    /// A range of a string, and the token that it is, or null.
    record Cut(int from, int to, AddedToken token) { }

    /// The tokens that stand in a text as it is, or in a normalized one, and what lies between.
    List<Cut> cut(String text, boolean afterNormalizer) {
        return cut(text, afterNormalizer ? normalized : plain);
    }

    /// Where the next token begins, -1 where none is left.
    private static int next(String text, int from, Matcher matcher) {
        if (matcher.tokens.isEmpty()) {
            return -1;
        }
        for (int i = from; i < text.length(); i++) {
            if (matcher.first.get(text.charAt(i)) && matcher.trie.longest(text, i) > i) {
                return i;
            }
        }
        return -1;
    }

    private static List<Piece> split(Aligned whole, Matcher matcher) {
        return cut(whole.text(), matcher).stream()
                .map(cut -> new Piece(whole.slice(cut.from, cut.to), cut.token)).toList();
    }

    private static List<Cut> cut(String text, Matcher matcher) {
        var out = new ArrayList<Cut>();
        int done = 0;
        for (int at = next(text, 0, matcher); at >= 0;) {
            int end = matcher.trie.longest(text, at);
            var token = matcher.tokens.get(matcher.trie.get(text, at, end));
            if (!token.singleWord() || alone(text, at, end)) {
                int from = at;
                int to = end;
                while (token.stripLeft() && from > done && UnicodeTables.isSpace(text.charAt(from - 1))) {
                    from--;
                }
                while (token.stripRight() && to < text.length() && UnicodeTables.isSpace(text.charAt(to))) {
                    to++;
                }
                if (done < from) {
                    out.add(new Cut(done, from, null));
                }
                out.add(new Cut(from, to, token));
                done = to;
            }
            at = next(text, end, matcher);
        }
        if (done < text.length()) {
            out.add(new Cut(done, text.length(), null));
        }
        return out;
    }

    private static boolean alone(String text, int from, int to) {
        return (from == 0 || !isWord(text.codePointBefore(from)))
                && (to == text.length() || !isWord(text.codePointAt(to)));
    }

    private static boolean isWord(int c) {
        return WORD.matcher(Character.toString(c)).matches();
    }
}
