package org.sfumato.tokenizers.pipeline;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.PriorityQueue;

/// Byte-pair encoding: a word starts as characters; the pair of neighbours whose merge comes first in the list is
/// merged, the leftmost of equals first, until none is left. Source: Sennrich et al. 2016, arXiv 1508.07909.
public final class BytePair implements Model {
    private static final long NO_MERGE = Long.MAX_VALUE;
    /// From this many symbols on a heap finds the next merge.
    private static final int LONG_WORD = 48;

    /// What a file may say beside vocabulary and merges.
    ///
    /// @param unknown token for characters that have none; empty for none: they are left out
    /// @param prefix of tokens inside a word
    /// @param suffix of tokens that end a word
    /// @param fuseUnknown whether neighbours without tokens become one unknown token
    /// @param byteFallback whether a character without a token becomes the tokens of its bytes
    /// @param ignoreMerges whether a word that is a token is taken whole
    public record Options(String unknown, String prefix, String suffix, boolean fuseUnknown, boolean byteFallback,
            boolean ignoreMerges) { }

    /// A merge of the tokens `left` and `right`.
    public record Merge(String left, String right) { }

    private final Vocabulary vocabulary;
    private final Options options;
    /// left << 32 | right to rank << 32 | merged
    private final PairMap merges;
    /// Id of each char that is a token, -1 where it is none.
    private final int[] characters;

    /// Throws [IllegalArgumentException] where a merge names what is not in the vocabulary.
    public BytePair(Vocabulary vocabulary, List<Merge> merges, Options options) {
        this.vocabulary = vocabulary;
        this.options = options;
        this.merges = new PairMap(merges.size());
        for (int rank = 0; rank < merges.size(); rank++) {
            var merge = merges.get(rank);
            var right = merge.right.startsWith(options.prefix)
                    ? merge.right.substring(options.prefix.length()) : merge.right;
            long pair = (long) require(merge.left, rank) << 32 | require(merge.right, rank);
            this.merges.put(pair, (long) rank << 32 | require(merge.left + right, rank));
        }
        int most = vocabulary.ids().keySet().stream().filter(t -> t.length() == 1).mapToInt(t -> t.charAt(0)).max()
                .orElse(-1);
        characters = new int[most + 1];
        Arrays.fill(characters, -1);
        vocabulary.ids().forEach((token, id) -> {
            if (token.length() == 1) {
                characters[token.charAt(0)] = id;
            }
        });
    }

    private int require(String token, int rank) {
        int id = vocabulary.id(token);
        if (id < 0) {
            throw new IllegalArgumentException("merges: token \"" + token + "\" of merge " + rank
                    + " is not in the vocabulary");
        }
        return id;
    }

    @Override
    public Vocabulary vocabulary() {
        return vocabulary;
    }

    /// Symbols: id and length in bytes of UTF-8.
    private static final class Symbols {
        final int[] ids;
        final int[] lengths;
        int size;

        Symbols(int capacity) {
            ids = new int[capacity];
            lengths = new int[capacity];
        }

        void add(int id, int length) {
            ids[size] = id;
            lengths[size++] = length;
        }
    }

    @Override
    public void tokenize(String word, Tokens out) {
        if (options.ignoreMerges && vocabulary.id(word) >= 0) {
            out.add(vocabulary.id(word), word, 0, word.length());
            return;
        }
        var symbols = split(word);
        merge(symbols);
        // a symbol covers the characters that its bytes are part of
        int bytes = 0;
        var first = charOfByte(word, false);
        var last = charOfByte(word, true);
        for (int i = 0; i < symbols.size; i++) {
            int end = Math.min(bytes + symbols.lengths[i], first.length);
            int from = Math.min(bytes, first.length - 1);
            out.add(symbols.ids[i], vocabulary.token(symbols.ids[i]), first[from],
                    end > from ? last[end - 1] : first[from]);
            bytes = end;
        }
    }

    /// The ids alone.
    int[] ids(String word) {
        if (options.ignoreMerges && vocabulary.id(word) >= 0) {
            return new int[] {vocabulary.id(word)};
        }
        var symbols = split(word);
        merge(symbols);
        return Arrays.copyOf(symbols.ids, symbols.size);
    }

    private static int[] charOfByte(String word, boolean end) {
        var out = new Ints(word.length());
        for (int i = 0; i < word.length();) {
            int c = word.codePointAt(i);
            int next = i + Character.charCount(c);
            for (int k = utf8Length(c); k > 0; k--) {
                out.add(end ? next : i);
            }
            i = next;
        }
        return out.toArray();
    }

    private static int utf8Length(int c) {
        return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    }

    private Symbols split(String word) {
        boolean plain = options.prefix.isEmpty() && options.suffix.isEmpty();
        var symbols = new Symbols(options.byteFallback ? 4 * word.length() + options.suffix.length() * 3
                + options.prefix.length() * 3 * word.length() : word.length() + 1);
        int unknownLength = -1;                     // of the unknown symbol not yet added
        for (int i = 0; i < word.length();) {
            int c = word.codePointAt(i);
            int next = i + Character.charCount(c);
            var text = plain && c < characters.length ? null : symbol(word, i, next);
            int id = text == null ? characters[c] : vocabulary.id(text);
            if (id >= 0) {
                unknownLength = flush(symbols, unknownLength);
                symbols.add(id, utf8Length(c));
            } else if (!addBytes(text == null ? word.substring(i, next) : text, symbols)
                    && !options.unknown.isEmpty()) {
                if (unknownLength >= 0 && options.fuseUnknown) {
                    unknownLength += utf8Length(c);
                } else {
                    flush(symbols, unknownLength);
                    unknownLength = utf8Length(c);
                }
            }
            i = next;
        }
        flush(symbols, unknownLength);
        return symbols;
    }

    private String symbol(String word, int from, int to) {
        var prefix = from > 0 ? options.prefix : "";
        return prefix + word.substring(from, to) + (to == word.length() ? options.suffix : "");
    }

    private int flush(Symbols symbols, int length) {
        if (length >= 0) {
            int id = vocabulary.id(options.unknown);
            if (id < 0) {
                throw new IllegalArgumentException("encode: a character has no token, and unk_token \""
                        + options.unknown + "\" is not in the vocabulary");
            }
            symbols.add(id, length);
        }
        return -1;
    }

    private boolean addBytes(String text, Symbols symbols) {
        if (!options.byteFallback) {
            return false;
        }
        var names = ByteTokens.names(text.getBytes(StandardCharsets.UTF_8));
        for (var name : names) {
            if (vocabulary.id(name) < 0) {
                return false;
            }
        }
        for (var name : names) {
            symbols.add(vocabulary.id(name), 1);
        }
        return true;
    }

    private long rank(int left, int right) {
        return merges.get((long) left << 32 | right, NO_MERGE);
    }

    private void merge(Symbols s) {
        if (s.size >= LONG_WORD) {
            mergeByHeap(s);
            return;
        }
        var ranks = new long[s.size];
        for (int i = 0; i + 1 < s.size; i++) {
            ranks[i] = rank(s.ids[i], s.ids[i + 1]);
        }
        while (s.size > 1) {
            int at = 0;
            long least = ranks[0];
            for (int i = 1; i + 1 < s.size; i++) {
                if (ranks[i] < least) {
                    least = ranks[i];
                    at = i;
                }
            }
            if (least == NO_MERGE) {
                return;
            }
            s.ids[at] = (int) least;
            s.lengths[at] += s.lengths[at + 1];
            int moved = s.size - at - 2;
            System.arraycopy(s.ids, at + 2, s.ids, at + 1, moved);
            System.arraycopy(s.lengths, at + 2, s.lengths, at + 1, moved);
            System.arraycopy(ranks, at + 2, ranks, at + 1, moved);
            s.size--;
            if (at > 0) {
                ranks[at - 1] = rank(s.ids[at - 1], s.ids[at]);
            }
            if (at + 1 < s.size) {
                ranks[at] = rank(s.ids[at], s.ids[at + 1]);
            }
        }
    }

    private record Candidate(long rank, int at) implements Comparable<Candidate> {
        @Override
        public int compareTo(Candidate other) {
            int order = Long.compare(rank >>> 32, other.rank >>> 32);
            return order != 0 ? order : Integer.compare(at, other.at);
        }
    }

    /// The same merges in the same order. Symbols stay where they are, an id of -1 marks one that was taken in.
    private void mergeByHeap(Symbols s) {
        var next = new int[s.size];
        var before = new int[s.size];
        var heap = new PriorityQueue<Candidate>();
        for (int i = 0; i < s.size; i++) {
            next[i] = i + 1 < s.size ? i + 1 : -1;
            before[i] = i - 1;
            push(s, i, next[i], heap);
        }
        for (var top = heap.poll(); top != null; top = heap.poll()) {
            int left = top.at;
            int right = next[left];
            if (s.ids[left] < 0 || right < 0 || rank(s.ids[left], s.ids[right]) != top.rank) {
                continue;
            }
            s.ids[left] = (int) top.rank;
            s.lengths[left] += s.lengths[right];
            s.ids[right] = -1;
            next[left] = next[right];
            if (next[left] >= 0) {
                before[next[left]] = left;
            }
            if (before[left] >= 0) {
                push(s, before[left], left, heap);
            }
            push(s, left, next[left], heap);
        }
        int kept = 0;
        for (int i = 0; i >= 0 && s.size > 0; i = next[i]) {
            s.ids[kept] = s.ids[i];
            s.lengths[kept++] = s.lengths[i];
        }
        s.size = kept;
    }

    private void push(Symbols s, int left, int right, PriorityQueue<Candidate> heap) {
        long rank = right < 0 ? NO_MERGE : rank(s.ids[left], s.ids[right]);
        if (rank != NO_MERGE) {
            heap.add(new Candidate(rank, left));
        }
    }
}
