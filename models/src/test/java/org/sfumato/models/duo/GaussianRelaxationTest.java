package org.sfumato.models.duo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sfumato.tensor.expr.Erf;
import org.sfumato.tensor.io.Npz;
import org.sfumato.testing.SharedData;

/// The share of signal in the argmax of Gaussian latents against closed forms, simulation, quadrature of the other form
/// of the integral, and the tables that Duo's authors publish.
class GaussianRelaxationTest {
    @Test
    void ofTwoTokensItIsAnErrorFunction() {
        var relaxation = GaussianRelaxation.of(2);
        for (double gamma = -6; gamma <= 12; gamma += .5) {
            double mu = Math.exp(-gamma / 2);                           // 2 Phi(mu / sqrt 2) - 1 = erf(mu / 2)
            assertThat(relaxation.alpha(gamma)).isCloseTo(1 - Erf.complement(mu / 2), within(1e-13));
            assertThat(relaxation.slope(gamma))
                    .isCloseTo(-mu / 2 * Math.exp(-mu * mu / 4) / Math.sqrt(Math.PI), within(1e-13));
        }
    }

    /// The published ranges of K = 30,522 and 50,257 are [-3.5, -1.75] and [-3.55, -1.85]; all rows by
    /// quadrature of the integral and bisection in Python, to three decimals.
    @ParameterizedTest
    @CsvSource({"27, -2.702, -2.475, -1.411, 0.599, 1.575", "65, -2.855, -2.650, -1.715, -0.050, 0.742",
        "96, -2.916, -2.719, -1.830, -0.287, 0.432", "128, -2.959, -2.767, -1.908, -0.446, 0.226",
        "256, -3.054, -2.874, -2.077, -0.777, -0.202", "512, -3.140, -2.969, -2.224, -1.052, -0.552",
        "1024, -3.219, -3.056, -2.354, -1.283, -0.841", "2048, -3.291, -3.135, -2.470, -1.481, -1.084",
        "4096, -3.358, -3.208, -2.574, -1.653, -1.292", "8192, -3.420, -3.276, -2.669, -1.804, -1.473",
        "30522, -3.527, -3.392, -2.829, -2.050, -1.761", "50257, -3.565, -3.433, -2.884, -2.132, -1.855"})
    void theInverseHasTheValuesOfQuadrature(int vocabulary, double a, double b, double c, double d,
            double e) {
        var relaxation = GaussianRelaxation.of(vocabulary);
        assertThat(new double[] {relaxation.gamma(.95), relaxation.gamma(.9), relaxation.gamma(.5),
            relaxation.gamma(.1), relaxation.gamma(.05)})
                .containsExactly(new double[] {a, b, c, d, e}, within(6e-4));
    }

    /// The integral in its first form, by Simpson's rule over a fine grid.
    private static double simpson(int vocabulary, double mu) {
        int intervals = 40_000;
        double from = mu - 10;
        double step = 20.0 / intervals;
        double sum = 0;
        for (int i = 0; i <= intervals; i++) {
            double z = from + i * step;
            double upper = Erf.complement(z / Math.sqrt(2)) / 2;
            double log = z < 0 ? Math.log(Erf.complement(-z / Math.sqrt(2)) / 2) : Math.log1p(-upper);
            double value = Math.exp(-(z - mu) * (z - mu) / 2 + (vocabulary - 1) * log) / Math.sqrt(2 * Math.PI);
            sum += (i == 0 || i == intervals ? 1 : i % 2 == 1 ? 4 : 2) * value;
        }
        return sum * step / 3;
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 5, 27, 65, 1024, 50_257, 200_000})
    void bothFormsOfTheIntegralAgree(int vocabulary) {
        var relaxation = GaussianRelaxation.of(vocabulary);
        for (double gamma : new double[] {-7, -4, -3.5, -2, -1, 0, 2, 8}) {
            double p = simpson(vocabulary, Math.exp(-gamma / 2));
            assertThat(relaxation.alpha(gamma)).as("gamma %f", gamma)
                    .isCloseTo((vocabulary * p - 1) / (vocabulary - 1), within(1e-11));
            double h = 1e-4;
            double numeric = (relaxation.alpha(gamma + h) - relaxation.alpha(gamma - h)) / (2 * h);
            assertThat(relaxation.slope(gamma)).as("gamma %f", gamma).isCloseTo(numeric, within(3e-8));
        }
        for (double alpha : new double[] {1e-6, .01, .3, .77, .999, 1 - 1e-9}) {
            assertThat(relaxation.alpha(relaxation.gamma(alpha))).isCloseTo(alpha, within(1e-12));
        }
    }

    /// Simulated: how often the token's own coordinate is the largest.
    @ParameterizedTest
    @CsvSource({"5, -1", "65, -1.7", "65, 0.5"})
    void theArgmaxOfGaussianLatentsFollowsIt(int vocabulary, double gamma) {
        var random = new Random(7);
        int samples = 20_000;
        int kept = 0;
        double mu = Math.exp(-gamma / 2);
        for (int n = 0; n < samples; n++) {
            double own = mu + random.nextGaussian();
            boolean largest = true;
            for (int j = 1; j < vocabulary; j++) {
                largest &= random.nextGaussian() < own;
            }
            kept += largest ? 1 : 0;
        }
        double alpha = GaussianRelaxation.of(vocabulary).alpha(gamma);
        double expected = alpha + (1 - alpha) / vocabulary;
        assertThat((double) kept / samples)
                .isCloseTo(expected, within(4 * Math.sqrt(expected * (1 - expected) / samples)));
    }

    /// Tables of 100,000 points between the ends of gamma, of P, the chance that the token stays, and of its slope. The
    /// first, over a wider range of gamma, differs from any quadrature of the integral by up to 2.9e-6 and 4.4e-6.
    @ParameterizedTest
    @CsvSource({"bert-base-uncased, 3e-6, 5e-6", "gpt2, 3e-11, 1e-10"})
    void agreesWithThePublishedTables(String tokenizer, double alphaError, double slopeError) throws IOException {
        try (var file = Npz.open(SharedData.require("num-duo-integral/" + tokenizer + ".npz"))) {
            double vocabulary = values(file, "vocab_size")[0];
            var relaxation = GaussianRelaxation.of((int) vocabulary);
            double low = values(file, "gamma_min")[0];
            double high = values(file, "gamma_max")[0];
            var stay = values(file, "pt");
            var slopes = values(file, "grad_pt");
            for (int i = 0; i < stay.length; i += 997) {
                double gamma = low + (high - low) * i / (stay.length - 1);
                double alpha = relaxation.alpha(gamma);
                assertThat(alpha + (1 - alpha) / vocabulary).as("gamma %f", gamma).isCloseTo(stay[i],
                        within(alphaError));
                assertThat(relaxation.slope(gamma) * (1 - 1 / vocabulary)).as("gamma %f", gamma)
                        .isCloseTo(slopes[i], within(slopeError));
            }
        }
    }

    private static double[] values(Npz file, String name) throws IOException {
        var array = file.tensor(name);
        var values = array.toDoubles();
        array.close();
        return values;
    }

    @Test
    void whatHasNoMeaningIsRefused() {
        assertThatThrownBy(() -> GaussianRelaxation.of(1)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("vocabulary of 1");
        var relaxation = GaussianRelaxation.of(3);
        for (double alpha : new double[] {0, 1, -1, Double.NaN}) {
            assertThatThrownBy(() -> relaxation.gamma(alpha)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("outside (0, 1)");
        }
    }
}
