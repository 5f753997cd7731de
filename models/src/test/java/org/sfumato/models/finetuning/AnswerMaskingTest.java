package org.sfumato.models.finetuning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.sfumato.models.Denoiser;
import org.sfumato.models.masked.MaskedProcess;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// Against a joint distribution of four binary tokens, of which the first is the prompt.
class AnswerMaskingTest {
    private static final int MASK = 2;
    private static final int LENGTH = 4;
    private static final MaskedProcess PROCESS = MaskedProcess.of(MASK);
    private static final double[] JOINT = joint();

    private static double[] joint() {
        var rng = Rng.of(7);
        var p = IntStream.range(0, 1 << LENGTH).mapToDouble(i -> .05 + rng.uniformDouble(i)).toArray();
        double sum = Arrays.stream(p).sum();
        return Arrays.stream(p).map(x -> x / sum).toArray();
    }

    /// The probability that the tokens stand where `ids` is not [MASK].
    private static double marginal(long[] ids) {
        double sum = 0;
        for (int code = 0; code < JOINT.length; code++) {
            boolean fits = true;
            for (int i = 0; i < LENGTH; i++) {
                fits &= ids[i] == MASK || ids[i] == (code >> i & 1);
            }
            sum += fits ? JOINT[code] : 0;
        }
        return sum;
    }

    /// Knows the joint distribution.
    private static final Denoiser EXACT = (noisy, _) -> {
        var ids = noisy.ids().toLongs();
        int rows = ids.length / LENGTH;
        var logits = new float[ids.length * 3];
        for (int at = 0; at < ids.length; at++) {
            var row = Arrays.copyOfRange(ids, at / LENGTH * LENGTH, at / LENGTH * LENGTH + LENGTH);
            for (int v = 0; v < 2; v++) {
                row[at % LENGTH] = v;
                logits[at * 3 + v] = (float) Math.log(marginal(row));
            }
            logits[at * 3 + 2] = 3;                                          // the process must forbid [MASK] itself
        }
        return Tensor.of(logits, rows, LENGTH, 3);
    };

    /// Of the tokens after the first, given the first.
    private static double negativeLogLikelihood(int... ids) {
        var all = Arrays.stream(ids).asLongStream().toArray();
        var given = new long[] {ids[0], MASK, MASK, MASK};
        return -Math.log(marginal(all) / marginal(given));
    }

    private static PromptAnswer pair(int... ids) {
        return new PromptAnswer(Arrays.copyOf(ids, 1), Arrays.copyOfRange(ids, 1, ids.length));
    }

    @Test
    void theBoundOfExactConditionalsIsTheConditionalLikelihood() {
        for (var ids : List.of(new int[] {0, 1, 0, 1}, new int[] {1, 1, 1, 0})) {
            var estimate = new AnswerNelbo(EXACT, PROCESS).estimate(pair(ids), 3000, Rng.of(1));
            assertThat(estimate.tokens()).isEqualTo(3);
            assertThat(estimate.standardError()).isBetween(1e-5, .02);
            assertThat(estimate.nats()).isCloseTo(negativeLogLikelihood(ids) / 3, within(4 * estimate.standardError()));
        }
        assertThat(new AnswerNelbo(EXACT, PROCESS).estimate(pair(0, 1, 0, 1), 1, Rng.of(1)).standardError()).isNaN();
    }

    @Test
    void theVariableLossIsInExpectationTheMeanBoundOfATokenOfTheAnswer() {
        // The second answer is one token and two ends of text, whose id is 1.
        var batch = new AnswerBatch(List.of(pair(0, 1, 0, 1), pair(1, 0)), List.of(0L, 1L), 1);
        double wanted = (negativeLogLikelihood(0, 1, 0, 1) + negativeLogLikelihood(1, 0, 1, 1)) / 3 / 2;
        var losses = losses(new AnswerMasking.Variable(PROCESS), batch, 6000);
        double mean = Arrays.stream(losses).average().orElseThrow();
        double error = Math.sqrt(Arrays.stream(losses).map(x -> (x - mean) * (x - mean)).average().orElseThrow()
                / losses.length);
        assertThat(error).isLessThan(.03);
        assertThat(mean).isCloseTo(wanted, within(4 * error));
    }

    private static double[] losses(AnswerMasking masking, AnswerBatch batch, int count) {
        var losses = new double[count];
        for (int i = 0; i < count; i++) {
            var rng = Rng.of(3).fold(i);
            try (var scope = Scope.open("test")) {
                losses[i] = scope.call(() -> masking.loss(EXACT, batch, rng, Pass.INFERENCE).item());
            }
        }
        return losses;
    }

    private static AnswerBatch longRows(long... numbers) {
        var pairs = IntStream.range(0, numbers.length).mapToObj(row -> new PromptAnswer(new int[5 + row],
                new int[40 - 10 * row])).toList();
        return new AnswerBatch(pairs, Arrays.stream(numbers).boxed().toList(), 1);
    }

    @Test
    void onlyAnswersAreHidden() {
        var batch = longRows(4, 9);
        var variable = new AnswerMasking.Variable(PROCESS);
        var ends = new boolean[2];
        for (int step = 0; step < 200; step++) {
            for (var masking : List.of(variable, new AnswerMasking.Static(PROCESS, .15, .99, step),
                    new AnswerMasking.Fixed(PROCESS, .15))) {
                var hiding = masking.draw(batch, Rng.of(2).fold(step));
                for (int row = 0; row < 2; row++) {
                    for (int i = 0; i < batch.width(); i++) {
                        boolean hidden = hiding.hidden()[row * batch.width() + i];
                        assertThat(hiding.weight()[row * batch.width() + i] > 0).isEqualTo(hidden);
                        assertThat(hidden && i < batch.begin(row)).isFalse();
                        ends[masking == variable ? 1 : 0] |= hidden && i >= batch.over(row);
                    }
                }
            }
        }
        assertThat(ends).as("ends of text hidden by the baselines, by variable masks").containsExactly(false, true);
    }

    @Test
    void theVariableWeightsDivideByShareAndLength() {
        var batch = longRows(0);
        var hiding = new AnswerMasking.Variable(PROCESS).draw(batch, Rng.of(5));
        double p = 1 - hiding.alpha()[0];
        for (int i = 0; i < batch.width(); i++) {
            if (hiding.hidden()[i]) {
                assertThat((double) hiding.weight()[i]).isCloseTo(1 / p / 40, within(1e-6));
            }
        }
    }

    @Test
    void staticMasksBelongToThePairAndOthersAreFresh() {
        var fixed = new AnswerMasking.Fixed(PROCESS, .15);
        var still = new AnswerMasking.Static(PROCESS, .15, .99, 1);
        assertThat(still.draw(longRows(3), Rng.of(1)).hidden()).isEqualTo(still.draw(longRows(3), Rng.of(2)).hidden());
        assertThat(still.draw(longRows(3), Rng.of(1)).hidden())
                .isNotEqualTo(still.draw(longRows(4), Rng.of(1)).hidden());
        assertThat(fixed.draw(longRows(3), Rng.of(1)).hidden())
                .isNotEqualTo(fixed.draw(longRows(3), Rng.of(2)).hidden());
        for (int step = 0; step < 50; step++) {
            assertThat(count(fixed, longRows(1), step)).isEqualTo(6);                         // floor(.15 * 40)
            assertThat(count(still, longRows(step), step)).isBetween(6, 39);
            assertThat(count(fixed, new AnswerBatch(List.of(pair(0, 1)), List.of(0L), 1), step)).isEqualTo(1);
        }
    }

    private static int count(AnswerMasking masking, AnswerBatch batch, int step) {
        var hiding = masking.draw(batch, Rng.of(step));
        double sum = 0;
        for (float weight : hiding.weight()) {
            sum += weight;
        }
        assertThat(sum).isCloseTo(1, within(1e-6));
        return (int) IntStream.range(0, hiding.hidden().length).filter(i -> hiding.hidden()[i]).count();
    }

    @Test
    void wrongSettingsAreRefused() {
        assertThatThrownBy(() -> new PromptAnswer(new int[2], new int[0])).hasMessageContaining("no tokens");
        assertThatThrownBy(() -> new AnswerMasking.Static(PROCESS, .9, .1, 1)).hasMessageContaining("from 0.9 to 0.1");
        assertThatThrownBy(() -> new AnswerMasking.Fixed(PROCESS, 1.5)).hasMessageContaining("1.5 is outside");
        assertThatThrownBy(() -> new AnswerBatch(List.of(), List.of(), 1)).hasMessageContaining("0 pairs");
        assertThatThrownBy(() -> new AnswerNelbo(EXACT, PROCESS).estimate(pair(0, 1, 1, 1), 0, Rng.of(1)))
                .hasMessageContaining("samples = 0");
    }
}
