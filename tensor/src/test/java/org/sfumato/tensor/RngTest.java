package org.sfumato.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.HashSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RngTest {
    /// Of 1000 correct generators one would fail a chi-square test of `k` degrees of freedom at this value.
    private static final double CHI2_2 = 13.82;
    private static final double CHI2_9 = 27.88;
    private static final double CHI2_23 = 49.73;

    private final Rng rng = Rng.of(20_26);

    @Test
    void drawsAreValuesOfTheirIndex() {
        assertThat(Rng.of(5)).isEqualTo(new Rng(5, 0));
        assertThat(Rng.of(5).normal(17)).isEqualTo(Rng.of(5).normal(17)).isNotEqualTo(Rng.of(6).normal(17));
        assertThat(Rng.of(5).bits(17)).isNotEqualTo(new Rng(5, 1).bits(17));
    }

    /// The published vector of Philox4x32-10 for an all-zero counter and key: 6627e8d5 e169c58d bc57ac4c 9b00dbd8.
    @Test
    void conversionsKeepTheHighBits() {
        var zero = Rng.of(0);
        assertThat(zero.bits(0)).isEqualTo(0xe169c58d_6627e8d5L);
        assertThat(zero.bits(1)).isEqualTo(0x9b00dbd8_bc57ac4cL);
        assertThat(zero.uniform(0)).isEqualTo(0x6627e8 / 16777216f);
        assertThat(zero.uniform(3)).isEqualTo(0x9b00db / 16777216f);
        assertThat(zero.uniformDouble(0)).isEqualTo((0xe169c58d_6627e8d5L >>> 11) / 9007199254740992.0);
        assertThat(zero.below(0, 1L << 16)).isEqualTo(0xe169);
        assertThat(zero.bernoulli(0, 0x6627e8 / 16777216.0)).isFalse();
        assertThat(zero.bernoulli(0, 0x6627e9 / 16777216.0)).isTrue();
    }

    @Test
    void childrenAreDistinctAndApartFromDraws() {
        int n = 1000;
        var seen = new HashSet<Long>();
        for (int i = 0; i < n; i++) {
            seen.add(rng.fold(i).stream());
            seen.add(rng.fold(i).fold(i).stream());
            seen.add(rng.split(1)[0].fold(i).stream());
            seen.add(rng.bits(i));
        }
        for (var child : rng.split(n)) {
            seen.add(child.stream());
            assertThat(child.seed()).isEqualTo(rng.seed());
        }
        assertThat(seen).hasSize(5 * n);
        assertThat(rng.split(3)).startsWith(rng.split(2));
    }

    @Test
    void belowIsUniform() {
        var counts = new int[10];
        for (int i = 0; i < 20_000; i++) {
            counts[(int) rng.below(i, 10)]++;
        }
        assertThat(chiSquare(counts)).isLessThan(CHI2_9);
        assertThat(rng.below(3, 1)).isZero();
    }

    /// For bound 3 * 2^61 a quarter of all draws must be repeated: without that, the residue 2 modulo 3 would come up
    /// with probability 1/4 instead of 1/3.
    @Test
    void belowIsUniformForBoundsNearThePowerOfTwo() {
        var counts = new int[3];
        for (int i = 0; i < 30_000; i++) {
            long x = rng.below(i, 3L << 61);
            assertThat(x).isBetween(0L, (3L << 61) - 1);
            counts[(int) (x % 3)]++;
        }
        assertThat(chiSquare(counts)).isLessThan(CHI2_2);
    }

    @Test
    void everyPermutationIsEquallyLikely() {
        var counts = new int[24];
        for (int i = 0; i < 12_000; i++) {
            var p = rng.fold(i).permutation(4);
            assertThat(Arrays.stream(p).sorted()).containsExactly(0, 1, 2, 3);
            int rank = 0;
            for (int a = 0; a < 4; a++) {
                int smaller = 0;
                for (int b = a + 1; b < 4; b++) {
                    smaller += p[b] < p[a] ? 1 : 0;
                }
                rank = rank * (4 - a) + smaller;
            }
            counts[rank]++;
        }
        assertThat(chiSquare(counts)).isLessThan(CHI2_23);
        assertThat(rng.permutation(0)).isEmpty();
    }

    @Test
    void categoricalFollowsTheWeights() {
        double[] weights = {0, 1, 0, 3, 0};
        int threes = 0;
        for (int i = 0; i < 10_000; i++) {
            int k = rng.categorical(i, weights);
            assertThat(weights[k]).isPositive();
            threes += k == 3 ? 1 : 0;
        }
        assertThat(threes).isBetween(7350, 7650);          // 7500, standard deviation 43
        assertThat(rng.categorical(0, new double[] {Double.MIN_VALUE})).isZero();
    }

    @Test
    void mistakesAreRefused() {
        assertThatThrownBy(() -> rng.bits(-1)).hasMessage("bits: index is negative, -1");
        assertThatThrownBy(() -> rng.fold(-5)).hasMessage("fold: index is negative, -5");
        assertThatThrownBy(() -> rng.split(-1)).hasMessage("split: number of generators is negative, -1");
        assertThatThrownBy(() -> rng.below(0, 0)).hasMessage("below: bound is not positive, 0");
        assertThatThrownBy(() -> rng.bernoulli(0, Double.NaN)).hasMessageContaining("outside [0, 1], NaN");
        assertThatThrownBy(() -> rng.permutation(-2)).hasMessage("permutation: length is negative, -2");
        assertThatThrownBy(() -> rng.categorical(0, new double[] {1, -1})).hasMessageContaining("weight 1 is negative");
        assertThatThrownBy(() -> rng.categorical(0, new double[] {0, 0})).hasMessageContaining("2 weights sum to 0.0");
    }

    private static double chiSquare(int[] counts) {
        double expected = IntStream.of(counts).sum() / (double) counts.length;
        return IntStream.of(counts).mapToDouble(c -> (c - expected) * (c - expected) / expected).sum();
    }
}
