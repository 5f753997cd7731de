package org.sfumato.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sfumato.autograd.Tape;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.io.Safetensors;
import org.sfumato.tensor.quantised.WeightFormat;

class QuantisedLinearTest {
    @TempDir
    Path folder;

    /// With many rows the product is, bit for bit, that with the decoded matrix; with one it is near it.
    @ParameterizedTest
    @EnumSource(WeightFormat.class)
    void itIsTheLinearMapOfTheDecodedMatrix(WeightFormat format) {
        Scope.temporary(() -> {
            var map = QuantisedLinear.of(Linear.init(96, 40, true, Rng.of(1)), format);
            var x = Tensor.normal(Shape.of(2, 5, 96), Rng.of(2));
            var y = x.linear(map.weight(), map.bias());
            assertThat(map.forward(x).toFloats()).isEqualTo(y.toFloats());
            var one = map.forward(x.slice(0, 1, 2).slice(1, 4, 5));
            assertThat(one.sub(y.slice(0, 1, 2).slice(1, 4, 5)).abs().max().item()).isLessThan(2e-6);
            assertThat(map.in()).isEqualTo(96);
            assertThat(map.out()).isEqualTo(40);
        });
    }

    @ParameterizedTest
    @EnumSource(WeightFormat.class)
    void gradientsFlowThroughIt(WeightFormat format) {
        Scope.temporary(() -> {
            var map = QuantisedLinear.of(Linear.init(33, 7, true, Rng.of(1)), format);
            var x = Tensor.normal(Shape.of(4, 33), Rng.of(2));
            var dy = Tensor.normal(Shape.of(4, 7), Rng.of(3));
            try (var tape = Tape.record(() -> map.forward(x).mul(dy).sum())) {
                var gradients = tape.gradients(x, map.bias());
                var dx = gradients.of(x).toDoubles();
                var w = map.weight().toDoubles();
                for (int i = 0; i < dx.length; i++) {
                    double sum = 0;
                    for (int o = 0; o < 7; o++) {
                        sum += dy.toDoubles()[i / 33 * 7 + o] * w[o * 33 + i % 33];
                    }
                    assertThat(dx[i]).isCloseTo(sum, org.assertj.core.data.Offset.offset(1e-6));
                }
                assertThat(gradients.of(map.bias()).toFloats()).isEqualTo(dy.sum(0).toFloats());
            }
        });
    }

    @ParameterizedTest
    @EnumSource(WeightFormat.class)
    void itIsSavedAndRestored(WeightFormat format) {
        Scope.temporary(() -> {
            var map = QuantisedLinear.of(Linear.init(70, 9, false, Rng.of(1)), format);
            var other = QuantisedLinear.of(Linear.init(70, 9, false, Rng.of(2)), format);
            assertThat(other.weight().toFloats()).isNotEqualTo(map.weight().toFloats());
            var path = folder.resolve("map.safetensors");
            try {
                Safetensors.write(path, map.parameters(), Map.of());
                Parameters.load(other.parameters(), Safetensors.read(path));
            } catch (IOException e) {
                throw new AssertionError(e);
            }
            assertThat(other.weight().toFloats()).isEqualTo(map.weight().toFloats());
        });
    }

    @Test
    void chosenLayersOfANetworkAreReplaced() {
        Scope.temporary(() -> {
            var mlp = new Mlp(Linear.init(64, 32, true, Rng.of(1)), Linear.init(32, 64, true, Rng.of(2)),
                    Activation.GELU);
            var changed = QuantisedLinear.replace(mlp, WeightFormat.Q8, (path, map) -> path.equals("up"));
            assertThat(changed.down()).isSameAs(mlp.down());
            assertThat(changed.parameters().keySet()).containsExactly("up.parts.0", "up.parts.1", "up.bias",
                    "down.weight", "down.bias");
        });
    }

    @Test
    void partsOfAnotherMatrixAreRefused() {
        Scope.temporary(() -> {
            var parts = WeightFormat.Q8.quantise(Tensor.zeros(2, 64));
            assertThatThrownBy(() -> new QuantisedLinear(WeightFormat.Q8, 32, parts, null))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("a matrix of 32 columns in Q8 has the parts [i32 (2, 8), f16 (2, 1)]");
            assertThatThrownBy(() -> new QuantisedLinear(WeightFormat.Q8, 32, List.of(), null))
                    .isInstanceOf(IllegalArgumentException.class);
        });
    }
}
