package org.sfumato.models.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

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

    @Test
    void mistakesAreRefused() {
        var two = Tokens.of(0, 1);
        assertThatThrownBy(() -> NGramEntropy.of(two, Tokens.of(1), 2)).hasMessageContaining("validation has 1 tokens");
        assertThatThrownBy(() -> NGramEntropy.of(two, two, 1))
                .hasMessageContaining("id 1 at 1 of train is outside 0..0");
        assertThatThrownBy(() -> NGramEntropy.of(two, two, 50_257)).hasMessageContaining("50257 is outside 1..8192");
    }
}
