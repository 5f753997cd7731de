package org.sfumato.models.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.sfumato.tensor.Rng;

class TokensTest {
    private final Tokens tokens = Tokens.of(IntStream.range(100, 120).toArray());

    @Test
    void windowsAreRunsOfTheText() {
        assertThat(tokens.size()).isEqualTo(20);
        assertThat(tokens.at(19)).isEqualTo(119);
        assertThat(tokens.window(17, 3)).containsExactly(117, 118, 119);
        assertThat(tokens.consecutive(2, 2, 3)).containsExactly(102, 103, 104, 105, 106, 107);
        assertThat(tokens.window(20, 0)).isEmpty();
    }

    @Test
    void theBatchOfAStepIsAFunctionOfSeedAndStep() {
        var rng = Rng.of(1);
        var batch = tokens.windows(rng.fold(7), 4, 5);
        tokens.windows(rng.fold(8), 3, 2);
        assertThat(tokens.windows(rng.fold(7), 4, 5)).isEqualTo(batch).isNotEqualTo(tokens.windows(rng.fold(8), 4, 5));
        for (int b = 0; b < 4; b++) {
            var row = Arrays.copyOfRange(batch, 5 * b, 5 * b + 5);
            assertThat(row).isEqualTo(tokens.window(row[0] - 100, 5));
        }
    }

    /// 16 places for a window of 5; the chi-square statistic of 15 degrees of freedom is above 37.7 once in 1000
    /// samples.
    @Test
    void everyPlaceIsEquallyLikely() {
        var counts = new int[16];
        for (int step = 0; step < 1000; step++) {
            var batch = tokens.windows(Rng.of(1).fold(step), 16, 5);
            for (int b = 0; b < 16; b++) {
                counts[(int) batch[5 * b] - 100]++;
            }
        }
        assertThat(Arrays.stream(counts).mapToDouble(c -> (c - 1000.0) * (c - 1000.0) / 1000).sum()).isLessThan(37.7);
        assertThat(tokens.windows(Rng.of(3), 2, 20)).hasSize(40).startsWith(100);
    }

    @Test
    void nothingIsReadBeyondThePart() {
        var part = Tokens.of(0, 1, 2, 3, 4, 5).part(2, 4);
        assertThat(part.window(0, 2)).containsExactly(2, 3);
        assertThatThrownBy(() -> part.window(1, 2)).isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessage("tokens: no 1 windows of 2 at 1 among 2 tokens");
        assertThatThrownBy(() -> part.window(-1, 2)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> part.at(2)).hasMessage("tokens: no token 2 of 2");
        assertThatThrownBy(() -> part.consecutive(0, Integer.MAX_VALUE, Integer.MAX_VALUE))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> part.windows(Rng.of(1), 1, 3))
                .hasMessageStartingWith("windows: 3 tokens wanted, 2 there");
        assertThatThrownBy(() -> part.windows(Rng.of(1), 0, 3)).hasMessageContaining("not positive, 0 windows");
    }
}
