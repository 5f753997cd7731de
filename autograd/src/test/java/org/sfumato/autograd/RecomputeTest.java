package org.sfumato.autograd;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.sfumato.tensor.Memory;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Settings;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

class RecomputeTest {
    private static final int WIDTH = 64;
    private static final int LAYERS = 6;

    private static Tensor block(Tensor x, Tensor w, Tensor b, int layer) {
        var y = x.linear(w, b).gelu().dropout(.1, Rng.of(100 + layer));
        return x.add(y.mul(y.sigmoid()).sin());
    }

    private record Result(List<double[]> gradients, double value, long peak) { }

    private static Result run(Tensor x, List<Tensor> weights, List<Tensor> biases, boolean recompute) {
        var memory = Memory.current(Settings.current().device());
        var targets = new ArrayList<>(weights);
        targets.addAll(biases);
        targets.add(x);
        long before = memory.live();
        memory.resetPeak();
        try (var tape = Tape.record(() -> {
            var h = x;
            for (int i = 0; i < LAYERS; i++) {
                int layer = i;
                var w = weights.get(i);
                var b = biases.get(i);
                h = recompute ? Recompute.of(in -> block(in, w, b, layer), h, List.of(w, b)) : block(h, w, b, layer);
            }
            return h.square().mean();
        })) {
            var gradients = tape.gradients(targets);
            return new Result(targets.stream().map(t -> gradients.of(t).toDoubles()).toList(), tape.value().item(),
                    memory.peak() - before);
        }
    }

    @Test
    void theSameGradientsBitForBitWithLessMemory() {
        Scope.temporary(() -> {
            var weights = new ArrayList<Tensor>();
            var biases = new ArrayList<Tensor>();
            for (int i = 0; i < LAYERS; i++) {
                weights.add(Tensor.normal(Shape.of(WIDTH, WIDTH), Rng.of(i)).mul(.1));
                biases.add(Tensor.normal(Shape.of(WIDTH), Rng.of(50 + i)));
            }
            var x = Tensor.normal(Shape.of(96, WIDTH), Rng.of(7));
            var plain = run(x, weights, biases, false);
            var recomputed = run(x, weights, biases, true);
            assertThat(recomputed.value()).isEqualTo(plain.value());
            for (int i = 0; i < plain.gradients().size(); i++) {
                assertThat(recomputed.gradients().get(i)).containsExactly(plain.gradients().get(i));
            }
            assertThat(recomputed.peak()).isLessThan(plain.peak() * 6 / 10);
        });
    }

    @Test
    void ofAnInputThatIsItselfAParameter() {
        Scope.temporary(() -> {
            var x = Tensor.of(2.0, 3.0);
            try (var tape = Tape.record(() -> Recompute.of(in -> in.mul(x), x, List.of(x)).sum())) {
                assertThat(tape.gradients(x).of(x).toDoubles()).containsExactly(4, 6);
            }
        });
    }

    @Test
    void insideAnother() {
        Scope.temporary(() -> {
            var x = Tensor.of(2.0, 3.0);
            var w = Tensor.of(5.0, 7.0);
            var inner = List.of(w);
            try (var tape = Tape.record(() -> Recompute.of(
                    a -> Recompute.of(b -> b.mul(w), a, inner).square(), x, List.of(w)).sum())) {
                var g = tape.gradients(x, w);
                assertThat(g.of(x).toDoubles()).containsExactly(2 * 2 * 25, 2 * 3 * 49);
                assertThat(g.of(w).toDoubles()).containsExactly(2 * 5 * 4, 2 * 7 * 9);
            }
        });
    }
}
