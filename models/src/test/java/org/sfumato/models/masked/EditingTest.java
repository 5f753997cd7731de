package org.sfumato.models.masked;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.sfumato.models.Denoiser;
import org.sfumato.models.diffusion.Canvas;
import org.sfumato.models.diffusion.Sampler;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.transformer.TransformerConfig;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// Tokens that are replaced, and texts that end, with networks made of tables.
class EditingTest {
    private static final int MASK = 3;
    private static final MaskedProcess PROCESS = MaskedProcess.of(MASK);

    /// One row of probabilities of three words for each place.
    private interface Table {
        double[][] at(long[] ids);
    }

    private static Denoiser network(Table table, List<long[]> seen) {
        return (noisy, _) -> {
            var ids = noisy.ids().toLongs();
            seen.add(ids);
            var rows = table.at(ids);
            var logits = new float[rows.length * 4];
            for (int i = 0; i < rows.length; i++) {
                for (int v = 0; v < 3; v++) {
                    logits[4 * i + v] = (float) Math.log(rows[i][v]);
                }
            }
            return Tensor.of(logits, 1, rows.length, 4);
        };
    }

    /// Sure of 0 everywhere at first; where place 2 holds 0 it is sure that all should be 1, the prompt too.
    private static double[][] changeOfMind(long[] ids) {
        double[][] rows = new double[ids.length][];
        double[] first = {.8, .15, .05};
        double[] second = {.04, .95, .01};
        Arrays.fill(rows, ids[2] == MASK ? first : second);
        return rows;
    }

    private static Sampler editing(Denoiser network, double write, double edit, int passes, int block) {
        return new EditingSampler(network, PROCESS, new Editing(write, edit, passes), block, 0, List.of());
    }

    @Test
    void whatTheNetworkIsSureToBeWrongIsReplacedAndThePromptIsNot() {
        var seen = new ArrayList<long[]>();
        var steps = new ArrayList<Sampler.Step>();
        var filled = editing(network(EditingTest::changeOfMind, seen), .7, .9, 4, 8)
                .fill(Canvas.after(new int[] {2, 0}, 3), Rng.of(1), steps::add);
        assertThat(filled).containsExactly(2, 0, 1, 1, 1);
        // all three masks at once, then all edited, then nothing to edit
        assertThat(seen).containsExactly(new long[] {2, 0, 3, 3, 3}, new long[] {2, 0, 0, 0, 0},
                new long[] {2, 0, 1, 1, 1});
        assertThat(steps).hasSize(2).allMatch(step -> step.choices().size() == 3 && step.number() <= step.most());
    }

    @Test
    void whatIsSureEnoughStays() {
        var filled = editing(network(EditingTest::changeOfMind, new ArrayList<>()), .7, .96, 4, 8)
                .fill(Canvas.after(new int[] {2, 0}, 3), Rng.of(1), Sampler.Observer.NONE);
        assertThat(filled).containsExactly(2, 0, 0, 0, 0);
    }

    @Test
    void aNetworkThatNeverAgreesWithItselfIsAskedABoundedNumberOfTimes() {
        Table contrary = ids -> Arrays.stream(ids).mapToObj(id -> id == 0 ? new double[] {.01, .98, .01}
                : new double[] {.98, .01, .01}).toArray(double[][]::new);
        for (int passes : new int[] {0, 1, 5}) {
            var seen = new ArrayList<long[]>();
            editing(network(contrary, seen), .5, .9, passes, 2).fill(Canvas.after(new int[0], 4), Rng.of(1),
                    step -> assertThat(step.number()).isLessThanOrEqualTo(step.most()));
            assertThat(seen).hasSize(2 * (1 + passes));                     // two blocks, each written in one pass
        }
    }

    @Test
    void withoutEditsItIsDecodingByThreshold() {
        try (var scope = Scope.open("test")) {
            scope.run(() -> {
                var network = Transformer.init(TransformerConfig.classic(9, 24, 16, 2, 2), Rng.of(11));
                var process = MaskedProcess.of(8);
                var canvas = Canvas.after(new int[] {1, 2}, 14);
                for (double threshold : new double[] {.12, .13, 1}) {
                    var plain = new MaskedSampler(network, process,
                            Sampling.of(new Unmasking.Threshold(threshold), 0).withBlock(5));
                    var edited = new EditingSampler(network, process, new Editing(threshold, 1, 3), 5, 0, List.of());
                    assertThat(edited.fill(canvas, Rng.of(1), Sampler.Observer.NONE))
                            .isEqualTo(plain.fill(canvas, Rng.of(1), Sampler.Observer.NONE));
                }
            });
        }
    }

    /// Sure of 2, the end, most at the last place, and of 0 before place 3.
    private static double[][] ends(long[] ids) {
        var rows = new double[ids.length][];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = i < 3 ? new double[] {.5, .3, .2} : new double[] {.1 / i, .1 / i, 1 - .2 / i};
        }
        return rows;
    }

    private static List<long[]> canvases(Ending ending, int block) {
        var seen = new ArrayList<long[]>();
        var sampler = new MaskedSampler(network(EditingTest::ends, seen), PROCESS,
                Sampling.oneByOne(Order.CONFIDENCE, 0).withBlock(block).withEnding(ending));
        assertThat(sampler.fill(Canvas.after(new int[] {2}, 9), Rng.of(1), Sampler.Observer.NONE))
                .containsExactly(2, 0, 0, 2, 2, 2, 2, 2, 2, 2);
        return seen;
    }

    @Test
    void afterTheEndNothingIsComputed() {
        assertThat(canvases(new Ending.None(), 9)).hasSize(9);
        // from the back to place 3, then places 1 and 2: all passes are needed
        assertThat(canvases(new Ending.Stop(2, false), 9)).hasSize(9);
        // the end is written last: two other tokens, then the likeliest ends are those far off, seven passes
        assertThat(canvases(new Ending.Stop(2, true), 9).get(2)).containsExactly(2, 0, 0, 3, 3, 3, 3, 3, 3, 3);
        // blocks of three: places 1, 2 and 3, and the text is over; the end in the prompt does not count
        assertThat(canvases(new Ending.Stop(2, true), 3)).hasSize(3);
        assertThat(canvases(new Ending.Stop(2, false), 3)).hasSize(3);
    }
}
