package org.sfumato.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.sfumato.autograd.Tape;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

class DropoutTest {
    private static final int N = 40_000;

    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open("test");
    }

    @AfterEach
    void close() {
        scope.close();
    }

    @Test
    void aShareOfElementsIsDroppedAndTheRestScaledSoThatTheMeanStays() {
        scope.run(() -> {
            for (double p : new double[] {.1, .5, .9}) {
                var y = new Dropout(p).forward(Tensor.ones(N), Pass.training(Rng.of(3))).toDoubles();
                long kept = Arrays.stream(y).filter(v -> v != 0).count();
                double deviation = Math.sqrt(N * p * (1 - p));                       // of a binomial count
                assertThat((double) kept).isCloseTo(N * (1 - p), within(4 * deviation));
                assertThat(Arrays.stream(y).filter(v -> v != 0).distinct().toArray())
                        .containsExactly(new double[] {1 / (1 - p)}, within(1e-5));
                assertThat(Arrays.stream(y).average().orElseThrow()).isCloseTo(1, within(4 * deviation / N / (1 - p)));
            }
        });
    }

    @Test
    void theSameRngDropsTheSameAndAnotherDropsOthers() {
        scope.run(() -> {
            var x = Tensor.normal(org.sfumato.tensor.Shape.of(N), Rng.of(1));
            var dropout = new Dropout(.3);
            var once = dropout.forward(x, Pass.training(Rng.of(5))).toFloats();
            assertThat(dropout.forward(x, Pass.training(Rng.of(5))).toFloats()).containsExactly(once);
            assertThat(dropout.forward(x, Pass.training(Rng.of(6))).toFloats()).isNotEqualTo(once);
            assertThat(dropout.forward(x, Pass.training(Rng.of(5)).part(1)).toFloats()).isNotEqualTo(once);
        });
    }

    @Test
    void theGradientDropsWhatTheValueDropped() {
        scope.run(() -> {
            var x = Tensor.ones(N);
            var w = Tensor.normal(x.shape(), Rng.of(8));
            var value = new float[1][];
            try (var tape = Tape.record(() -> {
                var y = new Dropout(.4).forward(x, Pass.training(Rng.of(5)));
                value[0] = y.toFloats();
                return y.mul(w).sum();
            })) {
                var gradient = tape.gradients(x).of(x).toFloats();
                var weights = w.toFloats();
                for (int i = 0; i < N; i++) {
                    assertThat(gradient[i]).isEqualTo(value[0][i] * weights[i], within(1e-5f));
                }
            }
        });
    }

    @Test
    void inUseAndWithProbabilityZeroItIsTheIdentity() {
        scope.run(() -> {
            var x = Tensor.ones(5);
            assertThat(new Dropout(.5).forward(x, Pass.INFERENCE)).isSameAs(x);
            assertThat(new Dropout(.5).forward(x, Pass.INFERENCE.part(3))).isSameAs(x);
            assertThat(new Dropout(0).forward(x, Pass.training(Rng.of(1)))).isSameAs(x);
        });
    }

    @Test
    void probabilitiesOutsideZeroToOneAreRefused() {
        scope.run(() -> {
            for (double p : new double[] {1, -.1, 2, Double.NaN}) {
                assertThatThrownBy(() -> new Dropout(p).forward(Tensor.ones(5), Pass.training(Rng.of(1))))
                        .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("dropout");
            }
        });
    }
}
