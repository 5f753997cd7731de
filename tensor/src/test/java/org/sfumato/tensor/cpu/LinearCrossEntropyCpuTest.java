package org.sfumato.tensor.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.op.LinearCrossEntropyGrad;
import org.sfumato.tensor.op.LinearCrossEntropyOp;

/// The fused head where it is cut: several blocks of rows and of classes, rows left out, infinite logits.
class LinearCrossEntropyCpuTest {
    private static final int ROWS = 1700;
    private static final int CLASSES = 2100;
    private static final int INNER = 5;

    private static Tensor normal(int stream, long... sizes) {
        return Tensor.normal(Shape.of(sizes), Rng.of(stream)).to(Device.CPU);
    }

    private static Tensor targets() {
        var t = new long[ROWS];
        for (int i = 0; i < ROWS; i++) {
            t[i] = i % 10 == 3 ? -100 : (i * 977L) % CLASSES;
        }
        return Tensor.of(t, ROWS).to(Device.CPU);
    }

    private static Tensor[] run(Tensor... in) {
        var out = Dispatch.apply(new LinearCrossEntropyOp(-100), in[0], in[1], in[2], in[3]);
        var g = Dispatch.apply(new LinearCrossEntropyGrad(-100), in[0], in[1], in[2], out[1], in[4], in[3]);
        return new Tensor[] {out[0], out[1], g[0], g[1], g[2]};
    }

    @Test
    void blocksAreTheWholeInFloat64AndTheSameForAnyNumberOfThreads() {
        Scope.temporary(() -> {
            var in = new Tensor[] {normal(1, ROWS, INNER), normal(2, CLASSES, INNER), targets(), normal(3, CLASSES),
                normal(4, ROWS)};
            var wide = new Tensor[5];
            for (int i = 0; i < 5; i++) {
                wide[i] = i == 2 ? in[2] : in[i].cast(DType.F64);
            }
            var expected = run(wide);
            var found = run(in);
            for (int i = 0; i < found.length; i++) {
                assertThat(found[i].cast(DType.F64).sub(expected[i]).abs().max().item()).as("result %d", i)
                        .isLessThan(4e-6 * expected[i].abs().max().item());
            }
            Parallel.withThreads(1, () -> {
                var single = run(in);
                for (int i = 0; i < found.length; i++) {
                    assertThat(single[i].toDoubles()).as("result %d", i).isEqualTo(found[i].toDoubles());
                }
            });
        });
    }

    @Test
    void infiniteLogits() {
        double inf = Double.POSITIVE_INFINITY;
        Scope.temporary(() -> {
            var x = Tensor.of(new float[] {1, 0, -1}, 3, 1).to(Device.CPU);
            var w = Tensor.zeros(3, 1).to(Device.CPU);
            var t = Tensor.of(new long[] {0, 1, 2}, 3).to(Device.CPU);
            var without = Tensor.of(new float[] {0, 0, Float.NEGATIVE_INFINITY}, 3).to(Device.CPU);
            var loss = x.linearCrossEntropy(w, without, t, -100).toDoubles();
            assertThat(loss[0]).isCloseTo(Math.log(2), within(1e-6));
            assertThat(loss[2]).isEqualTo(inf);
            var certain = Tensor.of(new float[] {0, Float.POSITIVE_INFINITY, 0}, 3).to(Device.CPU);
            assertThat(x.linearCrossEntropy(w, certain, t, -100).toDoubles()).startsWith(inf);
        });
    }

    @Test
    void aTargetOutsideIsNamedAndIgnoredRowsMayHoldAnything() {
        Scope.temporary(() -> {
            var x = Tensor.of(new float[] {Float.NaN, 1}, 2, 1).to(Device.CPU);
            var w = Tensor.zeros(3, 1).to(Device.CPU);
            assertThat(x.linearCrossEntropy(w, null, Tensor.of(new long[] {-100, 1}, 2).to(Device.CPU), -100)
                    .toDoubles()[0]).isZero();
            var outside = Tensor.of(new long[] {0, 3}, 2).to(Device.CPU);
            assertThatThrownBy(() -> x.linearCrossEntropy(w, null, outside, -100))
                    .isInstanceOf(IndexOutOfBoundsException.class)
                    .hasMessageContainingAll("linearCrossEntropy: target 3 at position 1", "[0, 3)");
        });
    }
}
