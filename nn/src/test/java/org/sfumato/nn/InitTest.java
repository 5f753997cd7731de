package org.sfumato.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.sfumato.tensor.Memory;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Settings;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.cpu.Parallel;

class InitTest {
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open("test");
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static double variance(double[] values) {
        double mean = Arrays.stream(values).average().orElseThrow();
        return Arrays.stream(values).map(v -> (v - mean) * (v - mean)).average().orElseThrow();
    }

    /// All within the bound, near to it at both ends, with the variance `bound^2 / 3`.
    private static void requireUniform(Tensor tensor, double bound) {
        var values = tensor.toDoubles();
        assertThat(Arrays.stream(values).max().orElseThrow()).isBetween(.99 * bound, bound);
        assertThat(Arrays.stream(values).min().orElseThrow()).isBetween(-bound, -.99 * bound);
        double deviation = Math.sqrt(4.0 / 45 / values.length);          // of the mean square of U(-1, 1)
        assertThat(variance(values) / bound / bound).isCloseTo(1 / 3.0, within(5 * deviation));
    }

    @Test
    void uniformOnesKeepTheirBounds() {
        scope.run(() -> {
            requireUniform(Init.uniform(.3, Rng.of(1), 100, 200), .3);
            requireUniform(Init.kaimingUniform(0, 200, Rng.of(2), 100, 200), Math.sqrt(6.0 / 200));
            requireUniform(Init.kaimingUniform(Math.sqrt(5), 200, Rng.of(3), 100, 200), 1 / Math.sqrt(200));
            requireUniform(Init.xavierUniform(100, 200, Rng.of(4)), Math.sqrt(6.0 / 300));
            var linear = Linear.init(100, 5000, true, Rng.of(5));
            requireUniform(linear.weight(), .1);
            requireUniform(linear.bias(), .1);
        });
    }

    @Test
    void normalOnesHaveTheirDeviation() {
        scope.run(() -> {
            var values = Init.normal(.02, Rng.of(1), 100, 200).toDoubles();
            assertThat(Arrays.stream(values).average().orElseThrow()).isCloseTo(0, within(5 * .02 / Math.sqrt(20_000)));
            assertThat(variance(values) / 4e-4).isCloseTo(1, within(5 * Math.sqrt(2.0 / 20_000)));
            assertThat(variance(Embedding.init(100, 200, 1, Rng.of(2)).weight().toDoubles())).isCloseTo(1, within(.05));
        });
    }

    @Test
    void normsStartAtOneAndZeroLayersAtZero() {
        scope.run(() -> {
            assertThat(LayerNorm.init(4, 1e-5).weight().toFloats()).containsOnly(1);
            assertThat(LayerNorm.init(4, 1e-5).bias().toFloats()).containsOnly(0);
            assertThat(RmsNorm.init(4, 1e-5).weight().toFloats()).containsOnly(1);
            assertThat(Linear.zero(3, 2).weight().toFloats()).containsOnly(0).hasSize(6);
        });
    }

    @Test
    void aSeedGivesTheSameValuesOnAnyNumberOfThreads() {
        scope.run(() -> {
            var once = Init.normal(1, Rng.of(7), 300, 1000).toFloats();
            var uniform = Init.uniform(1, Rng.of(7), 300, 1000).toFloats();
            for (int threads : new int[] {1, 2, 3, 8}) {
                Parallel.withThreads(threads, () -> {
                    assertThat(Init.normal(1, Rng.of(7), 300, 1000).toFloats()).isEqualTo(once);
                    assertThat(Init.uniform(1, Rng.of(7), 300, 1000).toFloats()).isEqualTo(uniform);
                });
            }
            assertThat(Init.normal(1, Rng.of(8), 300, 1000).toFloats()).isNotEqualTo(once);
            var linear = Linear.init(20, 30, true, Rng.of(9));
            assertThat(Linear.init(20, 30, true, Rng.of(9)).weight().toFloats()).isEqualTo(linear.weight().toFloats());
            assertThat(Linear.init(20, 30, false, Rng.of(9)).weight().toFloats()).isEqualTo(linear.weight().toFloats());
        });
    }

    @Test
    void nothingButTheResultStays() {
        scope.run(() -> {
            var memory = Memory.current(Settings.current().device());
            long before = memory.live();
            Init.normal(1, Rng.of(1), 1000);
            Init.uniform(1, Rng.of(1), 1000);
            assertThat(memory.live() - before).isBetween(8000L, 8200L);
        });
    }
}
