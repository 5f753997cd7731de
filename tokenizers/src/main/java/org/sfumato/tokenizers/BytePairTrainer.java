package org.sfumato.tokenizers;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeMap;
import org.sfumato.tokenizers.pipeline.ByteAlphabet;
import org.sfumato.tokenizers.pipeline.BytePair.Merge;
import org.sfumato.tokenizers.pipeline.Gpt2Words;

/// Learns a byte-level byte-pair encoding: the most frequent pair of neighbours becomes a token, again and again; of
/// pairs as frequent as each other the one with the smaller ids. The same texts give the same tokenizer.
///
/// Words are cut by GPT-2's rule. The ids are those of the special tokens, of the 256 bytes, of the merges.
///
/// {@snippet :
/// var tokenizer = new BytePairTrainer(8000, 2, List.of("<|endoftext|>")).train(Files.readAllLines(corpus));
/// }
///
/// Source: Sennrich et al. 2016, arXiv 1508.07909, algorithm 1; equal to `BpeTrainer` of Hugging Face's `tokenizers`.
///
/// @param vocabularySize how many tokens there are at most
/// @param minFrequency how often a pair must stand in the texts
/// @param specialTokens tokens that take the first ids
public record BytePairTrainer(int vocabularySize, int minFrequency, List<String> specialTokens) {
    private static final int BYTES = 256;

    /// Throws [IllegalArgumentException] where the vocabulary has no room for the bytes and special tokens.
    public BytePairTrainer {
        specialTokens = List.copyOf(specialTokens);
        if (vocabularySize < BYTES + specialTokens.size()) {
            throw new IllegalArgumentException("train: a vocabulary of " + vocabularySize + " tokens\nhint: 256 bytes"
                    + " and " + specialTokens.size() + " special tokens need " + (BYTES + specialTokens.size()));
        }
    }

    /// The tokenizer of `texts`; words do not cross from one text to the next.
    public SubwordTokenizer train(Iterable<String> texts) {
        var counts = new TreeMap<String, Long>();
        for (var text : texts) {
            SubwordTokenizer.requireText(text);
            for (int i = 0; i < text.length();) {
                int end = Gpt2Words.next(text, i);
                counts.merge(text.substring(i, end), 1L, Long::sum);
                i = end;
            }
        }
        return new Training(this, counts).run();
    }

    private static final class Training {
        /// A pair of ids, how often it stood in the words when it was queued, and in which words.
        private record Candidate(long pair, long count, Set<Integer> words) implements Comparable<Candidate> {
            @Override
            public int compareTo(Candidate other) {
                int order = Long.compare(other.count, count);
                return order != 0 ? order : Long.compare(pair, other.pair);
            }
        }

        private final BytePairTrainer trainer;
        private final Map<String, Integer> ids = new HashMap<>();
        private final List<String> tokens = new ArrayList<>();
        private final List<Merge> merges = new ArrayList<>();
        private final List<int[]> words = new ArrayList<>();
        private final List<Long> counts = new ArrayList<>();
        private final Map<Long, Long> pairs = new HashMap<>();
        private final Map<Long, Set<Integer>> fresh = new HashMap<>();
        private final PriorityQueue<Candidate> queue = new PriorityQueue<>();

        Training(BytePairTrainer trainer, Map<String, Long> frequencies) {
            this.trainer = trainer;
            trainer.specialTokens.forEach(this::id);
            var alphabet = new int[BYTES];
            for (int b = 0; b < BYTES; b++) {
                alphabet[b] = ByteAlphabet.character(b);
            }
            java.util.Arrays.stream(alphabet).sorted().forEach(c -> id(Character.toString(c)));
            frequencies.forEach((word, count) -> {
                words.add(ByteAlphabet.write(word).chars().map(c -> id(Character.toString(c))).toArray());
                counts.add(count);
            });
        }

        private int id(String token) {
            return ids.computeIfAbsent(token, t -> {
                tokens.add(t);
                return tokens.size() - 1;
            });
        }

        SubwordTokenizer run() {
            for (int w = 0; w < words.size(); w++) {
                var word = words.get(w);
                for (int i = 0; i + 1 < word.length; i++) {
                    count(word[i], word[i + 1], 1, w);
                }
            }
            enqueue();
            while (tokens.size() < trainer.vocabularySize && !queue.isEmpty()) {
                var top = queue.poll();
                long count = pairs.get(top.pair);
                if (top.count != count) {
                    queue.add(new Candidate(top.pair, count, top.words));
                    continue;
                }
                if (count < 1 || count < trainer.minFrequency) {
                    break;
                }
                int left = (int) (top.pair >>> 32);
                int right = (int) top.pair;
                var merge = new Merge(tokens.get(left), tokens.get(right));
                int merged = id(merge.left() + merge.right());
                merges.add(merge);
                top.words.forEach(w -> words.set(w, merged(w, left, right, merged)));
                enqueue();
            }
            return SubwordTokenizer.of(VocabularyFiles.gpt2(tokens, merges, trainer.specialTokens));
        }

        private void count(int left, int right, int change, int word) {
            long pair = (long) left << 32 | right;
            pairs.merge(pair, change * counts.get(word), Long::sum);
            if (change > 0) {
                fresh.computeIfAbsent(pair, _ -> new HashSet<>()).add(word);
            }
        }

        private void enqueue() {
            fresh.forEach((pair, where) -> {
                if (pairs.get(pair) > 0) {
                    queue.add(new Candidate(pair, pairs.get(pair), where));
                }
            });
            fresh.clear();
        }

        /// The word with each `left right` made one; the pairs around are counted anew.
        private int[] merged(int w, int left, int right, int merged) {
            var word = words.get(w);
            var out = new int[word.length];
            int n = 0;
            for (int i = 0; i < word.length; i++) {
                if (i + 1 == word.length || word[i] != left || word[i + 1] != right) {
                    out[n++] = word[i];
                    continue;
                }
                if (n > 0) {
                    count(out[n - 1], left, -1, w);
                    count(out[n - 1], merged, 1, w);
                }
                if (i + 2 < word.length) {
                    count(right, word[i + 2], -1, w);
                    count(merged, word[i + 2], 1, w);
                }
                out[n++] = merged;
                i++;
            }
            return java.util.Arrays.copyOf(out, n);
        }
    }
}
