package org.sfumato.models.masked;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sfumato.models.Denoiser;
import org.sfumato.models.diffusion.Canvas;
import org.sfumato.models.diffusion.NoiseSchedule;
import org.sfumato.models.diffusion.Sampler;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// Samplers in time against golden values, a joint distribution of two words over two places, and the shares of masks
/// that theory demands.
class RemaskingSamplerTest {
    private static final double[][] JOINT = {{.4, .1}, {.2, .3}};
    private static final int MASK = 2;
    private static final MaskedProcess PROCESS = MaskedProcess.of(MASK);

    /// Knows the joint distribution; both places at least one of which is masked.
    private static final Denoiser EXACT = (noisy, _) -> {
        var in = noisy.ids().toLongs();
        var logits = new float[6];
        for (int v = 0; v < 2; v++) {
            logits[v] = (float) Math.log(in[1] == MASK ? JOINT[v][0] + JOINT[v][1] : JOINT[v][(int) in[1]]);
            logits[3 + v] = (float) Math.log(in[0] == MASK ? JOINT[0][v] + JOINT[1][v] : JOINT[(int) in[0]][v]);
        }
        return Tensor.of(logits, 1, 2, 3);
    };

    /// Knows nothing of two words, whatever the length.
    private static final Denoiser UNIFORM = (noisy, _) -> Tensor.zeros(1, noisy.ids().size(1), 3);

    private static Stream<Remasking> remaskings() {
        return Stream.of(new Remasking.None(), new Remasking.Cap(.04), new Remasking.Rescale(.3),
                new Remasking.Confidence(), Remasking.Loop.STANDARD, new Remasking.ForwardBackward());
    }

    @Test
    void goldenProbabilities() {
        var cap = new Remasking.Cap(.04);
        double sigma = cap.sigma(.6, .5, .4);
        assertThat(sigma).isEqualTo(.04);
        assertThat(Remasking.unmasking(sigma, .5, .4)).isCloseTo(.193333, within(5e-7));
        assertThat(1 - Remasking.unmasking(sigma, .5, .4)).isCloseTo(.806667, within(5e-7));
        assertThat(Remasking.unmasking(0, .5, .4)).isCloseTo(.166667, within(5e-7));
        assertThat(Remasking.most(.8, .4)).isCloseTo(.5, within(1e-12));
        assertThat(Remasking.most(.5, .4)).isEqualTo(1);
        assertThat(new Remasking.Cap(.7).sigma(.6, .8, .4)).isCloseTo(.5, within(1e-12));
        assertThat(new Remasking.Rescale(.1).sigma(.6, .8, .4)).isCloseTo(.05, within(1e-12));
        assertThat(new Remasking.ForwardBackward().sigma(.6, .5, .4)).isCloseTo(.25, within(1e-12));
        // softmax of (-.9, -.2): 1 / (1 + e^.7) and the rest, times most = .5
        assertThat(new Remasking.Confidence().sigmas(.6, .8, .4, new double[] {.9, .2}))
                .containsExactly(new double[] {.5 * .3318122278, .5 * .6681877722}, within(1e-9));
    }

    @Test
    void theLoopHoldsAlphaWhileItReplaces() {
        var loop = Remasking.Loop.STANDARD;
        double[] alpha = Stream.of(1., .775, .55, .3, .05, .025, 0.)
                .mapToDouble(t -> loop.alpha(t, NoiseSchedule.LINEAR)).toArray();
        assertThat(alpha).containsExactly(new double[] {0, .45, .9, .9, .9, .95, 1}, within(1e-12));
        assertThat(loop.sigma(.6, .85, .8)).isZero();
        assertThat(loop.sigma(.3, .9, .9)).isEqualTo(.02);
        assertThat(loop.sigma(.04, .95, .92)).isZero();
        assertThatThrownBy(() -> new Remasking.Loop(.05, .55, .9, .02)).hasMessageContaining("t_off");
        assertThatThrownBy(() -> new Remasking.Cap(1.5)).hasMessageContaining("outside [0, 1]");
    }

    /// A step that writes both places, or writes one as it takes back the other, knows only their marginals: what is
    /// missing falls with the number of steps.
    @ParameterizedTest
    @MethodSource("remaskings")
    void samplesOfTheExactModelHaveTheJointDistribution(Remasking remasking) {
        requireJoint(RemaskingSampler.of(EXACT, PROCESS, remasking, 40), .025);
    }

    @Test
    void firstHittingHasTheJointDistribution() {
        requireJoint(new FirstHittingSampler(EXACT, PROCESS, 1, 0, List.of()), 0);
    }

    private static void requireJoint(Sampler sampler, double bias) {
        var counts = new int[4];
        int samples = 500;
        for (int n = 0; n < samples; n++) {
            var ids = sampler.fill(Canvas.after(new int[0], 2), Rng.of(5).fold(n), Sampler.Observer.NONE);
            counts[2 * ids[0] + ids[1]]++;
        }
        for (int i = 0; i < 4; i++) {
            double p = JOINT[i / 2][i % 2];
            double error = Math.sqrt(p * (1 - p) / samples);
            assertThat((double) counts[i] / samples).as("pair %d", i).isCloseTo(p, within(4 * error + bias));
        }
    }

    @ParameterizedTest
    @MethodSource("remaskings")
    void theShareOfMasksIsThatOfTheTime(Remasking remasking) {
        int length = 1000;
        int steps = 20;
        for (var schedule : List.of(NoiseSchedule.LINEAR, NoiseSchedule.COSINE)) {
            var process = new MaskedProcess(MASK, schedule, 0, 1);
            var prompt = new int[] {1, 0, 1};
            var back = new ArrayList<Integer>();
            var filled = RemaskingSampler.of(UNIFORM, process, remasking, steps)
                    .fill(Canvas.after(prompt, length), Rng.of(2), step -> {
                        double alpha = remasking.alpha(1 - (double) step.number() / steps, schedule);
                        double share = Arrays.stream(step.ids()).filter(id -> id == MASK).count() / (double) length;
                        double error = Math.sqrt(alpha * (1 - alpha) / length);
                        double more = remasking instanceof Remasking.Confidence ? 2. * steps / length : 1e-9;
                        assertThat(share).isCloseTo(1 - alpha, within(4 * error + more));
                        assertThat(step.ids()).startsWith(prompt);
                        back.add((int) step.choices().stream().filter(choice -> choice.token() == MASK).count());
                    });
            assertThat(filled).startsWith(prompt).doesNotContain(MASK);
            assertThat(back).hasSize(steps);
            if (remasking instanceof Remasking.None) {
                assertThat(back).containsOnly(0);
            } else {
                assertThat(back.stream().mapToInt(Integer::intValue).sum()).isPositive();
            }
        }
    }

    @Test
    void aStepThatWritesNothingNeedsNoPass() {
        var passes = new ArrayList<Double>();
        Denoiser counted = (noisy, pass) -> {
            passes.add(noisy.alpha().item());
            return UNIFORM.forward(noisy, pass);
        };
        RemaskingSampler.of(counted, PROCESS, new Remasking.None(), 200)
                .fill(Canvas.after(new int[0], 8), Rng.of(3), Sampler.Observer.NONE);
        assertThat(passes).hasSizeBetween(1, 8).isSorted().allMatch(alpha -> alpha >= 0 && alpha < 1);
    }

    /// The times of first hitting are order statistics: with m masks the first goes at h with E[h] = m / (m + 1).
    @Test
    void theTimesOfFirstHittingAreThoseOfInfinitelyManySteps() {
        var first = new double[400];
        for (int n = 0; n < first.length; n++) {
            var told = new ArrayList<Double>();
            Denoiser network = (noisy, pass) -> {
                told.add(noisy.alpha().item());
                return UNIFORM.forward(noisy, pass);
            };
            var places = new ArrayList<Integer>();
            var filled = new FirstHittingSampler(network, PROCESS, 1, 0, List.of()).fill(
                    Canvas.after(new int[] {1}, 3), Rng.of(7).fold(n),
                    step -> places.add(step.choices().getFirst().place()));
            assertThat(filled).startsWith(1).doesNotContain(MASK);
            assertThat(told).hasSize(3).isSorted();
            assertThat(places).containsExactlyInAnyOrder(1, 2, 3);
            first[n] = told.getFirst();
        }
        // least of three uniform numbers: mean 1/4, variance 3/80
        assertThat(Arrays.stream(first).average().orElseThrow())
                .isCloseTo(.25, within(4 * Math.sqrt(3 / 80. / first.length)));
    }
}
