package org.sfumato.tokenizers.pipeline;

import java.nio.charset.StandardCharsets;
import java.util.List;

/// The cut of a word whose tokens have the largest sum of scores, by Viterbi. A character without a token costs 10 more
/// than the worst token; neighbours of that kind become one. Source: Kudo 2018, arXiv 1804.10959, section 3.2.
public final class Unigram implements Model {
    /// What a character without a token costs beyond the worst token.
    private static final double UNKNOWN_PENALTY = 10;
    private final Vocabulary vocabulary;
    private final double[] scores;
    private final int unknown;
    private final boolean byteFallback;
    private final double unknownScore;
    private final CharTrie trie;

    /// @param unknown the id of the token for what has none, -1 where there is none
    public Unigram(Vocabulary vocabulary, double[] scores, int unknown, boolean byteFallback) {
        this.vocabulary = vocabulary;
        this.scores = scores;
        this.unknown = unknown;
        this.byteFallback = byteFallback;
        double least = Double.POSITIVE_INFINITY;
        for (double score : scores) {
            least = Math.min(least, score);
        }
        unknownScore = least - UNKNOWN_PENALTY;
        trie = new CharTrie(scores.length);
        vocabulary.ids().forEach((token, id) -> {
            if (!token.isEmpty()) {
                trie.put(token, id);
            }
        });
    }

    @Override
    public Vocabulary vocabulary() {
        return vocabulary;
    }

    @Override
    public void tokenize(String word, Tokens out) {
        int length = word.length();
        var best = new double[length + 1];
        var from = new int[length + 1];
        var id = new int[length + 1];
        java.util.Arrays.fill(from, -1);
        for (int at = 0; at < length;) {
            int next = at + Character.charCount(word.codePointAt(at));
            boolean single = false;
            int node = 0;
            for (int i = at; i < length; i++) {
                node = trie.child(node, word.charAt(i));
                if (node < 0) {
                    break;
                }
                int value = trie.value(node);
                if (value >= 0) {
                    relax(best, from, id, new int[] {at, i + 1, value}, scores[value]);
                    single |= i + 1 == next;
                }
            }
            if (!single) {
                if (unknown < 0) {
                    throw new IllegalArgumentException("encode: "
                            + word.substring(at, next) + " has no token, and the model no unk_id");
                }
                relax(best, from, id, new int[] {at, next, unknown}, unknownScore);
            }
            at = next;
        }
        var cuts = new java.util.ArrayDeque<Integer>();
        for (int end = length; end > 0;) {
            cuts.push(end);
            int start = from[end];
            while (id[end] == unknown && start > 0 && id[start] == unknown) {
                start = from[start];
            }
            end = start;
        }
        int start = 0;
        for (int end : cuts) {
            piece(word.substring(start, end), start, end, out);
            start = end;
        }
    }

    /// step: start, end, token
    private static void relax(double[] best, int[] from, int[] id, int[] step, double score) {
        double candidate = best[step[0]] + score;
        if (from[step[1]] < 0 || candidate > best[step[1]]) {
            best[step[1]] = candidate;
            from[step[1]] = step[0];
            id[step[1]] = step[2];
        }
    }

    private void piece(String piece, int start, int end, Tokens out) {
        int id = vocabulary.id(piece);
        if (id < 0 && byteFallback) {
            var names = List.of(ByteTokens.names(piece.getBytes(StandardCharsets.UTF_8)));
            if (names.stream().allMatch(name -> vocabulary.id(name) >= 0)) {
                names.forEach(name -> out.add(vocabulary.id(name), name, start, end));
                return;
            }
        }
        out.add(id < 0 ? unknown : id, piece, start, end);
    }
}
