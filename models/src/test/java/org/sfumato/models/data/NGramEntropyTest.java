package org.sfumato.models.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.HashMap;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.sfumato.testing.SharedData;

class NGramEntropyTest {

    /// Train a a b a, validate a b b; by hand: n(a) = 3, n(b) = 1 of 4; pairs aa, ab, ba, so that n(a, .) = 2, n(b, .)
    /// = 1.
    @Test
    void aSmallExampleByHand() {
        var entropy = NGramEntropy.of(Tokens.of(0, 0, 1, 0), Tokens.of(0, 1, 1), 2);
        assertThat(entropy.uniform()).isCloseTo(Math.log(2), within(1e-15));
        assertThat(entropy.unigram()).isCloseTo(-(Math.log(3 / 4.0) + 2 * Math.log(1 / 4.0)) / 3, within(1e-15));
        assertThat(entropy.bigram()).isCloseTo(-(Math.log(1.1 / 2.2) + Math.log(0.1 / 1.2)) / 2, within(1e-15));
    }

    @Test
    void aTokenNeverSeenIsInfinitelySurprisingWithoutSmoothing() {
        var entropy = NGramEntropy.of(Tokens.of(0, 0), Tokens.of(0, 1), 2);
        assertThat(entropy.unigram()).isEqualTo(Double.POSITIVE_INFINITY);
        assertThat(entropy.bigram()).isCloseTo(-Math.log(0.1 / 1.2), within(1e-15));
    }

    /// The values known for this text and split, to their three decimals; a count in Python gives the same.
    @Test
    void tinyShakespeare() {
        var corpus = TextCorpus.ofCharacters(TextCorpus.read(SharedData.require("text-tinyshakespeare/input.txt")));
        assertThat(corpus.train().size()).isEqualTo(1_003_854);
        assertThat(corpus.validation().size()).isEqualTo(111_540);
        var entropy = NGramEntropy.of(corpus.train(), corpus.validation(), corpus.tokenizer().vocabularySize());
        assertThat(entropy.uniform()).isCloseTo(4.174, within(5e-4));
        assertThat(entropy.unigram()).isCloseTo(3.347, within(5e-4));
        assertThat(entropy.bigram()).isCloseTo(2.484, within(5e-4));
    }

    /// Counted in tables of all pairs.
    @Test
    void aLargeVocabularyIsCountedAsASmallOne() {
        int v = 200_000;
        var random = new Random(4);
        var train = random.ints(150_000, 0, 40).map(i -> i * i * 100).toArray();
        var validation = random.ints(70_000, 0, 41).map(i -> i * i * 100).toArray();
        var ids = new HashMap<Integer, Integer>();
        var left = new HashMap<Integer, Integer>();
        var pairs = new HashMap<List<Integer>, Integer>();
        for (int i = 0; i < train.length; i++) {
            ids.merge(train[i], 1, Integer::sum);
            if (i > 0) {
                left.merge(train[i - 1], 1, Integer::sum);
                pairs.merge(List.of(train[i - 1], train[i]), 1, Integer::sum);
            }
        }
        double bigram = 0;
        for (int i = 1; i < validation.length; i++) {
            var pair = List.of(validation[i - 1], validation[i]);
            bigram -= Math.log((pairs.getOrDefault(pair, 0) + .1) / (left.getOrDefault(pair.getFirst(), 0) + .1 * v));
        }
        var entropy = NGramEntropy.of(Tokens.of(train), Tokens.of(validation), v);
        assertThat(entropy.bigram()).isCloseTo(bigram / (validation.length - 1), within(1e-9));
        assertThat(entropy.unigram()).isEqualTo(Double.POSITIVE_INFINITY);
        assertThat(entropy.uniform()).isEqualTo(Math.log(v));
    }

    @Test
    void mistakesAreRefused() {
        var two = Tokens.of(0, 1);
        assertThatThrownBy(() -> NGramEntropy.of(two, Tokens.of(1), 2)).hasMessageContaining("validation has 1 tokens");
        assertThatThrownBy(() -> NGramEntropy.of(two, Tokens.of(0, 0), 1))
                .hasMessageContaining("id 1 at 1 of train is outside 0..0");
        assertThatThrownBy(() -> NGramEntropy.of(two, two, 0)).hasMessage("n-gram entropy: a vocabulary of 0");
    }
}
