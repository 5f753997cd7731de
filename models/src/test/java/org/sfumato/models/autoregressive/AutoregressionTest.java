package org.sfumato.models.autoregressive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.sfumato.models.Denoiser;
import org.sfumato.models.diffusion.Nelbo;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// The likelihood from left to right under a joint distribution of two words over two places.
class AutoregressionTest {
    private static final double[][] JOINT = {{.4, .1}, {.2, .3}};
    private static final int START = 2;

    /// Knows the chain rule: the first token's frequencies after START, then the second's given the first.
    private static final Denoiser EXACT = (noisy, _) -> {
        var in = noisy.ids().toLongs();
        int length = (int) noisy.ids().size(1);
        var logits = new float[in.length * 3];
        for (int at = 0; at < in.length; at++) {
            assertThat(in[at] == START).isEqualTo(at % length == 0);
            for (int v = 0; v < 2; v++) {
                logits[3 * at + v] = (float) Math.log(in[at] == START ? JOINT[v][0] + JOINT[v][1]
                        : JOINT[(int) in[at]][v]);
            }
            logits[3 * at + START] = 7;                                     // must be held to be impossible
        }
        return Tensor.of(logits, noisy.ids().size(0), length, 3);
    };

    @Test
    void theTermsAreTheLogarithmsOfTheJointDistribution() {
        try (var scope = Scope.open("test")) {
            scope.run(() -> {
                var ids = Tensor.of(new long[] {0, 0, 0, 1, 1, 0, 1, 1}, 4, 2);
                var terms = new Autoregression(START).terms(EXACT, ids, new double[4], Rng.of(0), Pass.INFERENCE)
                        .toDoubles();
                for (int row = 0; row < 4; row++) {
                    assertThat(terms[2 * row] + terms[2 * row + 1])
                            .isCloseTo(-Math.log(JOINT[row / 2][row % 2]), within(1e-6));
                }
            });
        }
    }

    @Test
    void aTextIsScoredExactlyWindowByWindow() {
        var text = new int[] {0, 1, 1, 1, 0};
        var estimate = new Nelbo<>(EXACT, new Autoregression(START), 2).estimate(text, 8, Rng.of(1));
        double expected = -(Math.log(.1) + Math.log(.3) + Math.log(.5)) / 5;                // the last one stands alone
        assertThat(estimate.nats()).isCloseTo(expected, within(1e-6));
        assertThat(estimate.standardError()).isZero();
        assertThat(estimate.tokens()).isEqualTo(5);
    }
}
