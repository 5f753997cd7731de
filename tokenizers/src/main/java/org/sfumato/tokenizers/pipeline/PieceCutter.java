package org.sfumato.tokenizers.pipeline;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.PriorityQueue;
import org.sfumato.tokenizers.pipeline.PieceModel.Kind;
import org.sfumato.tokenizers.pipeline.PieceModel.Type;

/// Cuts normalized text into pieces as SentencePiece does. Scores are summed in single precision, as there.
///
/// Source: `unigram_model.cc` (`EncodeOptimized`) and `bpe_model.cc` of google/sentencepiece.
public final class PieceCutter {
    private static final float UNKNOWN_PENALTY = 10;
    private final PieceModel model;
    private final CharTrie trie;
    private final CharTrie userDefined;
    private final int unknown;
    private final float least;
    private final float most;

    /// Of one model.
    public PieceCutter(PieceModel model) {
        this.model = model;
        int n = model.pieces().size();
        trie = new CharTrie(n);
        userDefined = new CharTrie(16);
        int unknownId = 0;
        float low = Float.POSITIVE_INFINITY;
        float high = Float.NEGATIVE_INFINITY;
        for (int id = 0; id < n; id++) {
            var piece = model.pieces().get(id);
            switch (piece.type()) {
                case NORMAL -> {
                    low = Math.min(low, piece.score());
                    high = Math.max(high, piece.score());
                    trie.put(piece.text(), id);
                }
                case USER_DEFINED -> {
                    trie.put(piece.text(), id);
                    userDefined.put(piece.text(), id);
                }
                case UNUSED -> trie.put(piece.text(), id);
                case UNKNOWN -> unknownId = id;
                case CONTROL, BYTE -> { }
            }
        }
        unknown = unknownId;
        least = low;
        most = high;
    }

    /// The pieces of users.
    public CharTrie userDefined() {
        return userDefined;
    }

    /// The id of the unknown piece.
    public int unknown() {
        return unknown;
    }

    /// Ids and ends of the pieces of `text`, in turn.
    public int[] cut(String text) {
        if (text.isEmpty()) {
            return new int[0];
        }
        return model.kind() == Kind.UNIGRAM ? unigram(text) : bytePairs(text);
    }

    private boolean is(int id, Type type) {
        return model.pieces().get(id).type() == type;
    }

    private int[] unigram(String text) {
        int length = text.length();
        var best = new float[length + 1];
        var from = new int[length + 1];
        var ids = new int[length + 1];
        Arrays.fill(from, -1);
        for (int at = 0; at < length;) {
            int next = at + Character.charCount(text.codePointAt(at));
            boolean single = false;
            int node = 0;
            for (int i = at; i < length; i++) {
                node = trie.child(node, text.charAt(i));
                if (node < 0) {
                    break;
                }
                int id = trie.value(node);
                if (id < 0 || is(id, Type.UNUSED)) {
                    continue;
                }
                double score = model.pieces().get(id).score();
                if (is(id, Type.USER_DEFINED)) {
                    int bytes = text.substring(at, i + 1).getBytes(java.nio.charset.StandardCharsets.UTF_8).length;
                    score = bytes * most - 0.1;
                }
                float candidate = (float) score + best[at];
                if (from[i + 1] < 0 || candidate > best[i + 1]) {
                    best[i + 1] = candidate;
                    from[i + 1] = at;
                    ids[i + 1] = id;
                }
                single |= i + 1 == next;
            }
            if (!single) {
                float candidate = least - UNKNOWN_PENALTY + best[at];
                if (from[next] < 0 || candidate > best[next]) {
                    best[next] = candidate;
                    from[next] = at;
                    ids[next] = unknown;
                }
            }
            at = next;
        }
        var stack = new ArrayDeque<Integer>();
        for (int end = length; end > 0; end = from[end]) {
            stack.push(end);
        }
        var out = new Ints(2 * stack.size());
        for (int end : stack) {
            out.add(ids[end]);
            out.add(end);
        }
        return out.toArray();
    }

    private record Candidate(float score, int left, int length) implements Comparable<Candidate> {
        @Override
        public int compareTo(Candidate other) {
            int order = Float.compare(other.score, score);
            return order != 0 ? order : Integer.compare(left, other.left);
        }
    }

    /// Symbols by where they begin: the end of each, -1 for none, and where the one before begins.
    private final class Merging {
        final String text;
        final int[] ends;
        final int[] before;
        final boolean[] frozen;
        final PriorityQueue<Candidate> heap = new PriorityQueue<>();
        /// Pieces that are not to be used, and where their first part ends.
        final Map<String, Integer> unused = new HashMap<>();

        Merging(String text) {
            this.text = text;
            ends = new int[text.length()];
            before = new int[text.length() + 1];
            frozen = new boolean[text.length()];
            Arrays.fill(ends, -1);
            int last = -1;
            for (int at = 0; at < text.length();) {
                int end = userDefined.longest(text, at);
                frozen[at] = end > at;
                ends[at] = end > at ? end : at + Character.charCount(text.codePointAt(at));
                before[at] = last;
                last = at;
                at = ends[at];
            }
            for (int at = 0; at < text.length(); at = ends[at]) {
                push(at);
            }
        }

        void push(int left) {
            int right = left < 0 ? text.length() : ends[left];
            if (right >= text.length() || frozen[left] || frozen[right]) {
                return;
            }
            int id = trie.get(text, left, ends[right]);
            if (id >= 0) {
                heap.add(new Candidate(model.pieces().get(id).score(), left, ends[right] - left));
                if (is(id, Type.UNUSED)) {
                    unused.put(text.substring(left, ends[right]), right - left);
                }
            }
        }

        void run() {
            for (var top = heap.poll(); top != null; top = heap.poll()) {
                int left = top.left;
                int right = ends[left];
                if (right < 0 || right >= text.length() || ends[right] - left != top.length) {
                    continue;
                }
                ends[left] = ends[right];
                ends[right] = -1;
                if (ends[left] < text.length()) {
                    before[ends[left]] = left;
                }
                push(before[left]);
                push(left);
            }
        }

        void emit(int from, int to, Ints out) {
            int id = trie.get(text, from, to);
            var first = id >= 0 && is(id, Type.UNUSED) ? unused.get(text.substring(from, to)) : null;
            if (first != null) {
                emit(from, from + first, out);
                emit(from + first, to, out);
            } else {
                out.add(id < 0 ? unknown : id);
                out.add(to);
            }
        }
    }

    private int[] bytePairs(String text) {
        var merging = new Merging(text);
        merging.run();
        var out = new Ints(text.length());
        for (int at = 0; at < text.length(); at = merging.ends[at]) {
            merging.emit(at, merging.ends[at], out);
        }
        return out.toArray();
    }
}
