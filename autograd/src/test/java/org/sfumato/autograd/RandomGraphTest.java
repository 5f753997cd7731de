package org.sfumato.autograd;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Memory;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Settings;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.op.Source;

/// Graphs put together at random, in which results are used many times, whole and as views, against finite
/// differences.
class RandomGraphTest {
    private static final int N = 3;
    private static final int OPERATIONS = 14;

    @ParameterizedTest
    @ValueSource(ints = {0, 12, 24, 36})
    void gradientsAreThoseOfFiniteDifferences(int firstSeed) {
        for (int seed = firstSeed; seed < firstSeed + 12; seed++) {
            var rng = Rng.of(seed);
            Scope.temporary(() -> {
                var inputs = new Tensor[2];
                for (int i = 0; i < 2; i++) {
                    inputs[i] = Tensor.random(new Source.Distribution.Normal(), new Spec(Shape.of(N, N), DType.F64),
                            rng.fold(i), Settings.current().device());
                }
                var memory = Memory.current(Settings.current().device());
                long before = memory.live();
                var report = GradCheck.of(in -> graph(in, rng), inputs);
                assertThat(report.error()).as("%s: %s", rng, report).isLessThan(1e-7);
                assertThat(memory.live()).isEqualTo(before);
            });
        }
    }

    /// All results so far, any of which may be used next; the last ones are summed with both inputs.
    private static Tensor graph(Tensor[] in, Rng rng) {
        var made = new ArrayList<>(List.of(in));
        for (int k = 0; k < OPERATIONS; k++) {
            var a = made.get((int) rng.below(100 + 3L * k, made.size()));
            var b = made.get((int) rng.below(101 + 3L * k, made.size()));
            made.add(operation((int) rng.below(102 + 3L * k, 14), a, b));
        }
        var sum = in[0].mul(.1).add(in[1]);
        for (var tensor : made.subList(made.size() - 4, made.size())) {
            sum = sum.add(tensor);
        }
        return sum;
    }

    /// Results stay of moderate size, and their shape is (N, N).
    private static Tensor operation(int kind, Tensor a, Tensor b) {
        return switch (kind) {
            case 0 -> a.add(b).mul(.5);
            case 1 -> a.mul(b).tanh();
            case 2 -> a.sin();
            case 3 -> a.matmul(b).mul(.2).tanh();
            case 4 -> a.t();
            case 5 -> Tensor.concat(0, a.slice(0, 1, N), b.slice(0, 0, 1));
            case 6 -> a.flip(1).sub(b.slice(1, 0, 1));
            case 7 -> a.sum(true, 0).mul(.3).expand(Shape.of(N, N));
            case 8 -> a.softmax(-1).add(b);
            case 9 -> a.reshape(N * N).flip(0).reshape(N, N);
            case 10 -> a.select(0, 1).unsqueeze(0).mul(b.select(1, 2).unsqueeze(1)).tanh();
            case 11 -> a.gt(0).where(a, b.mul(.5));
            case 12 -> a.rmsNorm(b.select(0, 0), 1e-3).tanh();
            case 13 -> a.add(a);
            default -> throw new AssertionError(kind);
        };
    }
}
