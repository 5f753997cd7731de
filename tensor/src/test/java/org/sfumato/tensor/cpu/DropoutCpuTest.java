package org.sfumato.tensor.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.op.DropoutOp;

/// The dropout kernel draws what [Rng#bernoulli] draws.
class DropoutCpuTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 15, 16, 17, 207, 4095, 4097, 20000})
    void keepsWhatTheGeneratorSays(int n) {
        var rng = Rng.of(7).fold(n);
        var x = Fixture.normal(n, n, 0, 3);
        for (double p : new double[] {0, 0.1, 0.5, 0.9}) {
            var y = Fixture.run(new DropoutOp(p, rng), Fixture.f32(x, n))[0];
            for (int i = 0; i < n; i++) {
                float keep = rng.bernoulli(i, 1 - p) ? 1 : 0;
                assertThat((float) y[i]).isEqualTo((float) x[i] * keep * (float) (1 / (1 - p)));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void countsElementsInRowMajorOrder(int gap) {
        var rng = Rng.of(3);
        var x = Fixture.normal(1, 7 * 9, 5, 1);
        var y = Fixture.run(new DropoutOp(0.5, rng), Fixture.view(DType.F32, x, new int[] {1, 0}, gap, 7, 9))[0];
        for (int i = 0; i < y.length; i++) {
            assertThat((float) y[i]).isEqualTo(rng.bernoulli(i, 0.5) ? (float) x[i] * 2 : 0);
        }
    }
}
