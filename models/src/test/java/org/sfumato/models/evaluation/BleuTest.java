package org.sfumato.models.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class BleuTest {
    private static final double SACREBLEU_ALL = 47.23372604936903;
    private static final double SACREBLEU_FIRST = 59.4603557501361;
    private static final double SACREBLEU_TURNED = 45.98557909146341;

    private static final List<int[]> WRITTEN = List.of(new int[] {1, 2, 3, 4, 5, 6, 7, 8},
            new int[] {2, 3, 4, 5, 9, 9, 9}, new int[] {7, 7, 7, 7, 7});
    private static final List<int[]> REFERENCES = List.of(new int[] {1, 2, 3, 4, 5, 9, 7, 8},
            new int[] {1, 2, 3, 4, 5, 6, 9, 9}, new int[] {7, 7, 7, 8, 7, 7});

    /// Numbers by sacrebleu 2.6: `corpus_bleu(texts, [references], tokenize="none", smooth_method="none").score`, the
    /// ids as words. The second is of the first text alone, the third of texts and references changed about.
    @Test
    void itIsThatOfSacrebleu() {
        assertThat(100 * Bleu.of(WRITTEN, REFERENCES)).isCloseTo(SACREBLEU_ALL, within(1e-9));
        assertThat(100 * Bleu.of(WRITTEN.subList(0, 1), REFERENCES.subList(0, 1)))
                .isCloseTo(SACREBLEU_FIRST, within(1e-9));
        assertThat(100 * Bleu.of(REFERENCES, WRITTEN)).isCloseTo(SACREBLEU_TURNED, within(1e-9));
    }

    @Test
    void itsEndsAreNothingAndAll() {
        assertThat(Bleu.of(WRITTEN, WRITTEN)).isCloseTo(1, within(1e-15));
        assertThat(Bleu.of(List.of(new int[] {1, 2, 3, 4}), List.of(new int[] {1, 2, 3, 5}))).isZero();
        assertThat(Bleu.of(List.of(new int[] {1, 2, 3}), List.of(new int[] {1, 2, 3}))).isNaN();
        assertThatThrownBy(() -> Bleu.of(WRITTEN, List.of())).hasMessageContaining("3 texts for 0");
    }
}
