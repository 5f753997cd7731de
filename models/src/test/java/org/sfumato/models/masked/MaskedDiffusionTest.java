package org.sfumato.models.masked;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sfumato.models.Denoiser;
import org.sfumato.models.Noisy;
import org.sfumato.models.diffusion.Canvas;
import org.sfumato.models.diffusion.LogitRule;
import org.sfumato.models.diffusion.Nelbo;
import org.sfumato.models.diffusion.Sampler;
import org.sfumato.models.diffusion.Times;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.transformer.TransformerConfig;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// Masked diffusion against what can be computed by hand: a joint distribution of two words over two places.
class MaskedDiffusionTest {
    private static final double[][] JOINT = {{.4, .1}, {.2, .3}};
    private static final double ENTROPY = 1.2798542258;                      // -sum p log p of the table above
    private static final int MASK = 2;
    private static final MaskedProcess PROCESS = MaskedProcess.of(MASK);

    /// A denoiser that knows the joint distribution: the logits are exact conditional log-probabilities.
    private static Tensor exact(Tensor ids) {
        var in = ids.toLongs();
        int rows = (int) ids.size(0);
        var logits = new float[rows * 2 * 3];
        for (int r = 0; r < rows; r++) {
            for (int i = 0; i < 2; i++) {
                long other = in[2 * r + 1 - i];
                double sum = 0;
                var p = new double[2];
                for (int v = 0; v < 2; v++) {
                    for (int w = 0; w < 2; w++) {
                        p[v] += other != MASK && other != w ? 0 : i == 0 ? JOINT[v][w] : JOINT[w][v];
                    }
                    sum += p[v];
                }
                for (int v = 0; v < 2; v++) {
                    logits[(2 * r + i) * 3 + v] = (float) Math.log(p[v] / sum);
                }
                logits[(2 * r + i) * 3 + 2] = 5;                             // the process must forbid [MASK] itself
            }
        }
        return Tensor.of(logits, rows, 2, 3);
    }

    private static final Denoiser EXACT = (noisy, _) -> exact(noisy.ids());

    @Test
    void theBoundOfTheExactModelIsTheEntropyByEnumeration() {
        double bound = 0;
        for (int a = 0; a < 2; a++) {
            for (int b = 0; b < 2; b++) {
  // fixed count: l = 1 (either place hidden, weight 2, probability 1/2 each) and l = 2 (both, weight 1), l uniform
                double one = (loss(a, b, true, false) + loss(a, b, false, true)) / 2 * 2;
                double both = loss(a, b, true, true);
                bound += JOINT[a][b] * (one + both) / 2;
            }
        }
        assertThat(bound).isCloseTo(ENTROPY, within(1e-6));
    }

    private static double loss(int a, int b, boolean hideA, boolean hideB) {
        try (var scope = Scope.open("test")) {
            return scope.call(() -> {
                var noisy = Tensor.of(new long[] {hideA ? MASK : a, hideB ? MASK : b}, 1, 2);
                var losses = PROCESS.crossEntropy(EXACT, Noisy.of(noisy), Tensor.of(new long[] {a, b}, 1, 2),
                        Pass.INFERENCE).toDoubles();
                return (hideA ? losses[0] : 0) + (hideB ? losses[1] : 0);
            });
        }
    }

    @Test
    void bothEstimatorsAgreeWithTheEntropyWithinThreeStandardErrors() {
        // a text in the exact proportions of the joint distribution, so that its average is the entropy
        var ids = new ArrayList<Integer>();
        for (int a = 0; a < 2; a++) {
            for (int b = 0; b < 2; b++) {
                for (int n = 0; n < Math.round(10 * JOINT[a][b]); n++) {
                    ids.add(a);
                    ids.add(b);
                }
            }
        }
        var text = ids.stream().mapToInt(Integer::intValue).toArray();
        for (var bound : List.of(PROCESS, PROCESS.fixedCount())) {
            var estimate = new Nelbo<>(EXACT, bound, 2).estimate(text, 400, Rng.of(1));
            assertThat(estimate.tokens()).isEqualTo(20);
            assertThat(estimate.standardError()).isPositive().isLessThan(.05);
            assertThat(2 * estimate.nats()).isCloseTo(ENTROPY, within(2 * 3 * estimate.standardError()));
        }
        for (var reveal : ChainRule.Reveal.values()) {                     // of exact conditionals any order is exact
            assertThat(2 * new ChainRule(EXACT, PROCESS, 2).estimate(text, reveal).nats())
                    .isCloseTo(ENTROPY, within(1e-6));
        }
    }

    @Test
    void theChainRuleFollowsItsOrder() {
        try (var scope = Scope.open("test")) {
            scope.run(() -> {
                var network = network(9);
                var text = new int[] {1, 5, 2, 7, 0, 3, 3, 6, 4, 1, 2, 7, 5};          // a window of 8 and one of 5
                for (var reveal : ChainRule.Reveal.values()) {
                    double expected = 0;
                    for (int from = 0; from < text.length; from += 8) {
                        int width = Math.min(8, text.length - from);
                        var row = LongStream.generate(() -> 8).limit(width).toArray();
                        for (int step = 0; step < width; step++) {
                            var log = MaskedProcess.of(8).substitute(network.forward(Tensor.of(row, 1, width),
                                    Pass.INFERENCE)).logSoftmax(-1).toDoubles();
                            int place = -1;
                            for (int i = 0; i < width; i++) {
                                boolean sooner = place < 0 || reveal == ChainRule.Reveal.CONFIDENCE
                                        && largest(log, i) > largest(log, place);
                                place = row[i] == 8 && sooner ? i : place;
                            }
                            expected -= log[place * 9 + text[from + place]];
                            row[place] = text[from + place];
                        }
                    }
                    var estimate = new ChainRule(network, MaskedProcess.of(8), 8).estimate(text, reveal);
                    assertThat(estimate.nats()).isCloseTo(expected / text.length, within(1e-5));
                }
            });
        }
    }

    private static double largest(double[] log, int place) {
        return Arrays.stream(log, 9 * place, 9 * place + 9).max().orElseThrow();
    }

    @Test
    void aModelThatKnowsNothingHasTheUniformBound() {
        Denoiser uniform = (noisy, _) -> Tensor.zeros(noisy.ids().size(0), noisy.ids().size(1), 3);
        var estimate = new Nelbo<>(uniform, PROCESS.fixedCount(), 2)
                .estimate(new int[] {0, 1, 1, 0}, 64, Rng.of(3));
        assertThat(2 * estimate.nats()).isCloseTo(1.3862943611, within(1e-6));
    }

    @Test
    void theTrainingLossIsTheBoundInExpectation() {
        double sum = 0;
        int repeats = 300;
        for (int n = 0; n < repeats; n++) {
            try (var scope = Scope.open("test")) {
                int step = n;
                sum += scope.call(() -> PROCESS.loss(EXACT,
                        Tensor.of(new long[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1, 0,
                    1, 1, 1, 1, 1, 1}, 13, 2), Rng.of(step), Pass.INFERENCE).item());
            }
        }
        // frequencies 4, 2, 4, 3 of the four pairs under the model's conditionals: the cross-entropy of that text
        double expected = -(4 * Math.log(.4) + 2 * Math.log(.1) + 4 * Math.log(.2) + 3 * Math.log(.3)) / 26;
        assertThat(sum / repeats).isCloseTo(expected, within(.03));
    }

    @Test
    void stratifiedTimesCoverTheUnitInterval() {
        var times = Times.stratified(8, Rng.of(5));
        Arrays.sort(times);
        for (int b = 0; b < 8; b++) {
            assertThat((int) (times[b] * 8)).isEqualTo(b);
        }
    }

    private static Transformer network(int vocabulary) {
        var config = TransformerConfig.classic(vocabulary, 24, 16, 2, 2);
        var network = Transformer.init(config, Rng.of(11));
        network.parameters().values()
                .forEach(p -> p.assign(p.add(Tensor.normal(p.shape(), Rng.of(p.shape().count())).mul(.3))));
        return network;
    }

    @Test
    void oneStepForEachPositionInBlocksOfOneIsGreedyFromLeftToRight() {
        try (var scope = Scope.open("test")) {
            scope.run(() -> {
                var network = network(9);
                var process = MaskedProcess.of(8);
                var canvas = new int[] {1, 2, 8, 8, 8, 8, 8, 8, 3};
                var filled = new MaskedSampler(network, process, Sampling.oneByOne(Order.CONFIDENCE, 0).withBlock(1))
                        .fill(Canvas.of(canvas, 8), Rng.of(0), Sampler.Observer.NONE);
                var greedy = canvas.clone();
                for (int i = 2; i < 8; i++) {
                    var row = Arrays.stream(greedy).asLongStream().toArray();
                    var logits = process.substitute(network.forward(Tensor.of(row, 1, row.length), Pass.INFERENCE));
                    greedy[i] = (int) logits.argmax(-1).toLongs()[i];
                }
                assertThat(filled).isEqualTo(greedy);
                assertThat(filled).startsWith(1, 2).endsWith(3);
            });
        }
    }

    private static Stream<Unmasking> unmaskings() {
        return Stream.concat(Arrays.stream(Order.values()).flatMap(order -> Stream.of(new Unmasking.Quota(order, 1),
                new Unmasking.Quota(order, 3.5))), Stream.of(new Unmasking.Threshold(.5), new Unmasking.Factor(.7),
                new Unmasking.EntropyBound(.5)));
    }

    @ParameterizedTest
    @MethodSource("unmaskings")
    void everyOptionFillsAllAndNeverWritesMask(Unmasking unmasking) {
        try (var scope = Scope.open("test")) {
            scope.run(() -> {
                var network = network(9);
                var ids = IntStream.generate(() -> 8).limit(24).toArray();
                ids[4] = 2;
                var canvas = Canvas.of(ids, 8);
                for (int block : new int[] {5, 10, Sampling.WHOLE}) {
                    for (double temperature : new double[] {0, 1.5}) {
                        for (double guidance : new double[] {0, 1}) {
                            var sampler = new MaskedSampler(network, MaskedProcess.of(8),
                                    Sampling.of(unmasking, temperature).withBlock(block).withGuidance(guidance));
                            var left = new ArrayList<Integer>();
                            var written = new ArrayList<Integer>();
                            var filled = sampler.fill(canvas, Rng.of(7), step -> {
                                left.add((int) Arrays.stream(step.ids()).filter(i -> i == 8).count());
                                assertThat(step.number()).isEqualTo(left.size()).isLessThanOrEqualTo(step.most());
                                for (var choice : step.choices()) {
                                    written.add(choice.place());
                                    assertThat(step.ids()[choice.place()]).isEqualTo(choice.token());
                                    assertThat(choice.confidence()).isBetween(0., 1.);
                                    assertThat(choice.entropy()).isBetween(0., Math.log(8) + 1e-9);
                                }
                            });
                            assertThat(filled).doesNotContain(8);
                            assertThat(filled[4]).isEqualTo(2);
                            assertThat(left).isSortedAccordingTo((a, b) -> b - a).endsWith(0);
                            assertThat(written).hasSize(23).doesNotHaveDuplicates();
                            assertThat(sampler.fill(canvas, Rng.of(7), Sampler.Observer.NONE)).isEqualTo(filled);
                        }
                    }
                }
            });
        }
    }

    @Test
    void aQuotaIsSharedOutEvenly() {
        for (int block = 1; block < 40; block++) {
            for (double tokens : new double[] {1, 1.5, 2, 4, 7, 100}) {
                var quota = new Unmasking.Quota(Order.RANDOM, tokens);
                int passes = (int) Math.ceil(block / tokens);
                int sum = 0;
                for (int pass = 0; pass < passes; pass++) {
                    int count = quota.count(null, null, pass, block);
                    assertThat(count).isBetween(1, (int) Math.ceil(tokens));
                    sum += count;
                }
                assertThat(sum).isEqualTo(block);
            }
        }
    }

    @Test
    void aThresholdTakesWhatIsSureAndTheSurestAnyhow() {
        var half = new Unmasking.Threshold(.5);
        assertThat(half.count(new double[] {.9, .6, .5, .4}, null, 0, 4)).isEqualTo(3);
        assertThat(half.count(new double[] {.3, .2}, null, 0, 2)).isEqualTo(1);
        assertThat(new Unmasking.Threshold(1).count(new double[] {1, 1, 1}, null, 0, 3)).isEqualTo(1);
        // (n + 1)(1 - c_n): .2, .3, .4, .8 for n = 1 to 4
        assertThat(new Unmasking.Factor(.5).count(new double[] {.9, .9, .9, .84}, null, 0, 4)).isEqualTo(3);
    }

    @Test
    void anEntropyBoundTakesTheLongestPrefixWhoseSumWithoutTheLastHolds() {
        double[] entropy = {.01, .02, .05, .2};
        assertThat(new Unmasking.EntropyBound(0).count(null, entropy, 0, 4)).isEqualTo(1);
        assertThat(new Unmasking.EntropyBound(.05).count(null, entropy, 0, 4)).isEqualTo(3);
        assertThat(new Unmasking.EntropyBound(.1).count(null, entropy, 0, 4)).isEqualTo(4);
    }

    @Test
    void aThresholdOfOneIsOneTokenAStep() {
        try (var scope = Scope.open("test")) {
            scope.run(() -> {
                var canvas = Canvas.after(new int[] {1, 2}, 20);
                var one = new MaskedSampler(network(9), MaskedProcess.of(8), Sampling.oneByOne(Order.CONFIDENCE, .7));
                var threshold = new MaskedSampler(network(9), MaskedProcess.of(8),
                        Sampling.of(new Unmasking.Threshold(1), .7));
                assertThat(threshold.fill(canvas, Rng.of(3), Sampler.Observer.NONE))
                        .isEqualTo(one.fill(canvas, Rng.of(3), Sampler.Observer.NONE));
            });
        }
    }

    @Test
    void rulesShapeWhatIsWritten() {
        try (var scope = Scope.open("test")) {
            scope.run(() -> {
                var canvas = Canvas.after(new int[0], 24);
                var sampling = Sampling.oneByOne(Order.RANDOM, 2);
                var forbidden = new MaskedSampler(network(9), MaskedProcess.of(8),
                        sampling.withRules(LogitRule.forbid(0, 1, 2, 3, 4, 5))).fill(canvas, Rng.of(1),
                                Sampler.Observer.NONE);
                assertThat(forbidden).containsOnly(6, 7);
                var greedy = new MaskedSampler(network(9), MaskedProcess.of(8), Sampling.oneByOne(Order.RANDOM, 0))
                        .fill(canvas, Rng.of(1), Sampler.Observer.NONE);
                var nucleus = new MaskedSampler(network(9), MaskedProcess.of(8),
                        sampling.withRules(LogitRule.topP(1e-9))).fill(canvas, Rng.of(1), Sampler.Observer.NONE);
                assertThat(nucleus).isEqualTo(greedy);
            });
        }
        var logits = new double[] {Math.log(.5), Math.log(.3), Math.log(.15), Math.log(.05)};
        LogitRule.topP(.7).apply(logits, 0, new int[0]);
        assertThat(logits[1]).isFinite();
        assertThat(logits[2]).isEqualTo(Double.NEGATIVE_INFINITY);
        var penalised = new double[] {2, -2, 2, -2};
        LogitRule.repetitionPenalty(2).apply(penalised, 1, new int[] {0, 3, 1});
        assertThat(penalised).containsExactly(1, -4, 2, -2);
    }
}
