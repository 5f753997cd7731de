package org.sfumato.models.duo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.HashSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sfumato.models.SoftTokens;
import org.sfumato.models.diffusion.Times;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Settings;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

/// The largest coordinates of Gaussian latents against known moments, and against latents drawn whole.
class TopLatentsTest {
    /// Quantiles from SciPy 1.17: `norm.isf(q)`, and below `norm.logcdf(z)`.
    @ParameterizedTest
    @CsvSource({".5, 0", ".025, 1.959963984540054", "1e-4, 3.71901648545568", "1e-12, 7.034483825301132",
        ".9, -1.2815515655446004", "1e-300, 37.0470962993612"})
    void quantiles(double q, double z) {
        assertThat(TopLatents.upper(q)).isCloseTo(z, within(1e-11 * (1 + Math.abs(z))));
    }

    @ParameterizedTest
    @CsvSource({"0, -0.6931471805599453", "-3, -6.607726221510349", "-10, -53.23128515051247",
        "-400, -80006.91040933022"})
    void logarithmsOfTheNormalDistribution(double z, double log) {
        assertThat(TopLatents.logCumulative(z)).isCloseTo(log, within(1e-12 * Math.abs(log)));
    }

    /// The means of the largest of n normal numbers: Harter 1961, "Expected values of normal order statistics".
    @ParameterizedTest
    @CsvSource({"4, 2, .84628, 0", "6, 2, 1.16296, .49502", "11, 3, 1.53875, 1.00136", "101, 4, 2.50759, 2.14814"})
    void orderStatistics(int vocabulary, int top, double first, double second) {
        var latents = new TopLatents(vocabulary, top);
        int count = 8000;
        double[] sums = new double[2];
        for (int n = 0; n < count; n++) {
            var largest = latents.largest(Rng.of(7).fold(n));
            for (int j = 0; j < top - 1; j++) {
                assertThat(largest[j]).isGreaterThanOrEqualTo(largest[j + 1]);
            }
            sums[0] += largest[0] / count;
            sums[1] += largest[1] / count;
        }
        assertThat(sums[0]).isCloseTo(first, within(.035));
        assertThat(sums[1]).isCloseTo(second, within(.035));
    }

    /// What is left out adds to the denominator in the mean, here against a sum over drawn numbers.
    @Test
    void theRest() {
        var latents = new TopLatents(50, 10);
        double m = .7;
        double a = 1.5;
        double sum = 0;
        int count = 0;
        for (int i = 0; count < 200_000; i++) {
            double x = -TopLatents.upper(Math.clamp(Rng.of(3).uniformDouble(i), 1e-16, 1 - 1e-16));
            if (x < m) {
                sum += Math.exp(a * x);
                count++;
            }
        }
        assertThat(latents.logRest(m, a)).isCloseTo(Math.log(39 * sum / count), within(.01));
        assertThat(latents.logRest(3, 400)).isFinite().isLessThan(400 * 3);                // nothing overflows
        assertThat(new TopLatents(11, 10).logRest(1, 2)).isEqualTo(Double.NEGATIVE_INFINITY);
    }

    /// The weight of the clean token, how often it is the largest, and the mean embedding it leads to, drawn both ways.
    @ParameterizedTest
    @CsvSource({"39, -1.5, .1", "12, -1.5, .1", "12, -.5, .3", "39, -.5, .3"})
    void theyAreDistributedAsWholeLatents(int top, double gamma, double tau) {
        int k = 40;
        int count = 5000;
        try (var scope = Scope.open("test")) {
            scope.run(() -> {
                var ids = Tensor.full(Shape.of(1, count), 5, DType.I64, Settings.current().device());
                var gammas = Times.ofRows(gamma);
                var relaxation = GaussianRelaxation.of(k);
                var whole = relaxation.latents(ids, gammas, Rng.of(1));
                var drawn = new TopLatents(k, top).draw(ids, gammas, gammas.each(relaxation::alpha), tau, Rng.of(2));
                var table = Tensor.uniform(Shape.of(k, 3), Rng.of(9));
                var dense = new SoftTokens.Dense(whole.div(tau).softmax(-1), null);
                double kept = relaxation.alpha(gamma) + (1 - relaxation.alpha(gamma)) / k;
                double share = drawn.noisy().eq(5).cast(DType.F32).mean().item();
                assertThat(share).isCloseTo(kept, within(4 * Math.sqrt(kept * (1 - kept) / count)));
                assertThat(drawn.soft().likeliest().toLongs()).isEqualTo(drawn.noisy().toLongs());
                var sparse = (SoftTokens.Sparse) drawn.soft();
                assertThat(sparse.weights().sum(-1).add(sparse.rest().squeeze(-1)).add(-1).abs().max().item())
                        .isLessThan(1e-5);
                var own = dense.weights().slice(-1, 5, 6).squeeze(-1);
                var ownSparse = sparse.weights().slice(-1, 0, 1).squeeze(-1);
                assertThat(ownSparse.mean().item()).isCloseTo(own.mean().item(), within(.025));
                assertThat(ownSparse.square().mean().item()).isCloseTo(own.square().mean().item(), within(.025));
                var means = sparse.mean(table).mean(1).toDoubles();
                var expected = dense.mean(table).mean(1).toDoubles();
                for (int c = 0; c < 3; c++) {
                    assertThat(means[c]).isCloseTo(expected[c], within(.02));
                }
            });
        }
    }

    @Test
    void theOtherTokensAreDifferentAndAsLikely() {
        try (var scope = Scope.open("test")) {
            scope.run(() -> {
                var ids = Tensor.full(Shape.of(1, 4000), 2, DType.I64, Settings.current().device());
                var drawn = new TopLatents(9, 4).draw(ids, Times.ofRows(0), Times.ofRows(.5), .1, Rng.of(4));
                var chosen = ((SoftTokens.Sparse) drawn.soft()).ids().toLongs();
                var seen = new int[4][9];
                for (int i = 0; i < 4000; i++) {
                    var different = new HashSet<Long>();
                    for (int j = 0; j < 5; j++) {
                        different.add(chosen[5 * i + j]);
                        if (j > 0) {
                            seen[j - 1][(int) chosen[5 * i + j]]++;
                        }
                    }
                    assertThat(different).hasSize(5);
                }
                for (int j = 0; j < 4; j++) {
                    for (int v = 0; v < 9; v++) {
                        assertThat((double) seen[j][v]).isCloseTo(v == 2 ? 0 : 500, within(v == 2 ? 0. : 90.));
                    }
                }
            });
        }
    }

    @Test
    void numbersThatCannotBe() {
        assertThatThrownBy(() -> new TopLatents(9, 9)).hasMessageContaining("largest 9 coordinates");
    }
}
