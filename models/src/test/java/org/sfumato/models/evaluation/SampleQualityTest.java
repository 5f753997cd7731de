package org.sfumato.models.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.sfumato.models.data.Tokens;
import org.sfumato.tokenizers.CharTokenizer;

/// Measures of samples against counts made in another way.
class SampleQualityTest {
    private static final String TEXT = "the cat sat on the mat. The dog sat on the log, and the cat ran.";
    private static final CharTokenizer TOKENIZER = CharTokenizer.fromText(TEXT);
    private static final Reference REFERENCE =
            new Reference(Tokens.of(TOKENIZER.encode(TEXT)), TOKENIZER, 8);

    private static SampleQuality quality(String... samples) {
        return SampleQuality.of(Arrays.stream(samples).map(TOKENIZER::encode).toList(), ids -> ids.length, TOKENIZER,
                REFERENCE);
    }

    @Test
    void aPieceOfTheTextIsAllWordsAndAllCopied() {
        var quality = quality("the dog sat on the log, and the cat");         // but for the T of "The"
        assertThat(quality.words()).isEqualTo(1);
        assertThat(quality.copied()).isGreaterThan(.9);
        assertThat(quality("on the mat").copied()).isEqualTo(1);
        assertThat(quality("tac eht no tas").words()).isZero();
        assertThat(quality("tac eht no tas").copied()).isZero();
        assertThat(quality("....").words()).isEqualTo(1);
    }

    @Test
    void repetitionAndDifferenceAreCountedOverRunsOfFour() {
        var same = quality("aaaaaaaa");                                         // five runs, all the same
        assertThat(same.repetition()).isEqualTo(.8);
        assertThat(same.distinct()).isEqualTo(.2);
        assertThat(same.entropy()).isZero();
        var twice = quality("the cat ", "the cat ");
        assertThat(twice.repetition()).isZero();
        assertThat(twice.distinct()).isEqualTo(.5);
        assertThat(quality("atatatat").entropy()).isCloseTo(Math.log(2), within(1e-12));
    }

    /// Distinct runs by hand: of `abab` and `abc` there are a, b, c; ab, ba, bc; aba, bab, abc.
    @Test
    void distinctRunsAreCounted() {
        var samples = List.of(new int[] {1, 2, 1, 2}, new int[] {1, 2, 3});
        assertThat(SampleQuality.distinct(samples, 1)).isEqualTo(3 / 7.);
        assertThat(SampleQuality.distinct(samples, 2)).isEqualTo(3 / 5.);
        assertThat(SampleQuality.distinct(samples, 3)).isEqualTo(1);
        assertThat(SampleQuality.distinct(samples, 5)).isEqualTo(1);
        assertThatThrownBy(() -> SampleQuality.distinct(samples, 0)).hasMessageContaining("runs of 0");
    }

    @Test
    void theJudgeIsAveragedOverSamples() {
        var quality = quality("the cat", "the mat.");                         // 7 and 8
        assertThat(quality.nats()).isEqualTo(7.5);
        assertThat(quality.standardError()).isEqualTo(.5);
        assertThat(quality("the cat").standardError()).isNaN();
    }

    @Test
    void countsAreThoseOfSetsOfStrings() {
        var random = new Random(4);
        for (int n = 0; n < 50; n++) {
            var samples = random.ints(1 + random.nextInt(4), 0, 1000).mapToObj(seed -> new Random(seed)
                    .ints(4 + seed % 40, 0, 5).mapToObj(i -> "that".substring(i % 4, i % 4 + 1))
                    .collect(Collectors.joining())).toArray(String[]::new);
            var all = new HashSet<String>();
            int runs = 0;
            int repeated = 0;
            for (var sample : samples) {
                var own = new HashSet<String>();
                for (int i = 0; i + 4 <= sample.length(); i++) {
                    runs++;
                    repeated += own.add(sample.substring(i, i + 4)) ? 0 : 1;
                }
                all.addAll(own);
            }
            assertThat(quality(samples).distinct()).isEqualTo((double) all.size() / runs);
            assertThat(quality(samples).repetition()).isEqualTo((double) repeated / runs);
        }
    }

    @Test
    void tooLittleIsRefused() {
        assertThatThrownBy(() -> quality()).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> quality("cat")).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("4 tokens");
        assertThatThrownBy(() -> new Reference(Tokens.of(1, 2), TOKENIZER, 0))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
