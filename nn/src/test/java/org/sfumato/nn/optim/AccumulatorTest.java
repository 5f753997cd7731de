package org.sfumato.nn.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.sfumato.autograd.Tape;
import org.sfumato.nn.Activation;
import org.sfumato.nn.Linear;
import org.sfumato.nn.Mlp;
import org.sfumato.tensor.Memory;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Settings;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;
import org.sfumato.testing.TorchFile;

class AccumulatorTest {
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open("test");
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static void gradients(Mlp mlp, Tensor x, Accumulator into, double weight) {
        try (var tape = Tape.record(() -> mlp.forward(x).square().mean())) {
            var gradients = tape.gradients(mlp.parameters().values());
            var byName = new LinkedHashMap<String, Tensor>();
            mlp.parameters().forEach((name, p) -> byName.put(name, gradients.of(p)));
            into.add(byName, weight);
        }
    }

    @Test
    void theMeanOfPartsIsTheGradientOfTheWhole() {
        scope.run(() -> {
            var mlp = new Mlp(Linear.init(6, 8, true, Rng.of(1)), Linear.init(8, 6, true, Rng.of(2)), Activation.GELU);
            var x = Tensor.normal(Shape.of(12, 6), Rng.of(3));
            var whole = new Accumulator(mlp.parameters());
            gradients(mlp, x, whole, 1);
            var halves = new Accumulator(mlp.parameters());
            gradients(mlp, x.slice(0, 0, 6), halves, 1);
            gradients(mlp, x.slice(0, 6, 12), halves, 1);
            var unequal = new Accumulator(mlp.parameters());
            gradients(mlp, x.slice(0, 0, 3), unequal, 3);
            gradients(mlp, x.slice(0, 3, 5), unequal, 2);
            gradients(mlp, x.slice(0, 5, 12), unequal, 7);
            assertThat(whole.sum()).containsOnlyKeys(mlp.parameters().keySet());
            whole.sum().forEach((name, g) -> {
                assertThat(TorchFile.error(halves.mean().get(name), g, 0)).isLessThan(1e-6);
                assertThat(TorchFile.error(unequal.mean().get(name), g, 0)).isLessThan(1e-6);
                assertThat(TorchFile.error(halves.sum().get(name), g.mul(2), 0)).isLessThan(1e-6);
            });
        });
    }

    @Test
    void sumsStayInPlaceAndMeansAreApart() {
        scope.run(() -> {
            var memory = Memory.current(Settings.current().device());
            var accumulator = new Accumulator(Map.of("a", Tensor.of(0f, 0f), "b", Tensor.of(0f)));
            long before = memory.live();
            Scope.temporary(() -> {
                accumulator.add(Map.of("a", Tensor.of(1f, 2f)));
                accumulator.add(Map.of("a", Tensor.of(3f, 5f)));
            });
            assertThat(memory.live()).isEqualTo(before);
            assertThat(accumulator.sum()).containsOnlyKeys("a");
            assertThat(accumulator.mean().get("a").toFloats()).containsExactly(2, 3.5f);
            assertThat(accumulator.sum().get("a").toFloats()).containsExactly(4, 7);
        });
    }

    @Test
    void clearedItForgetsEvenWhatWasNotANumber() {
        scope.run(() -> {
            var accumulator = new Accumulator(Map.of("a", Tensor.of(0f)));
            assertThatThrownBy(accumulator::mean).isInstanceOf(IllegalStateException.class);
            accumulator.add(Map.of("a", Tensor.of(Float.NaN)));
            accumulator.clear();
            assertThat(accumulator.sum()).isEmpty();
            accumulator.add(Map.of("a", Tensor.of(4f)), .5);
            assertThat(accumulator.sum().get("a").toFloats()).containsExactly(2);
            assertThat(accumulator.mean().get("a").toFloats()).containsExactly(4);
        });
    }

    @Test
    void anUnknownNameIsRefusedBeforeAnythingIsAdded() {
        scope.run(() -> {
            var accumulator = new Accumulator(Map.of("a", Tensor.of(0f)));
            var mixed = new LinkedHashMap<String, Tensor>();
            mixed.put("a", Tensor.of(1f));
            mixed.put("c", Tensor.of(1f));
            assertThatThrownBy(() -> accumulator.add(mixed)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("c");
            assertThat(accumulator.sum()).isEmpty();
        });
    }
}
