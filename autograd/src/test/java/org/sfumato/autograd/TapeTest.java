package org.sfumato.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Tensor;

/// Gradients of small expressions, worked out by hand.
class TapeTest {
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open("test");
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static double[] gradient(Tensor x, UnaryOperator<Tensor> sumOf) {
        try (var tape = Tape.record(() -> sumOf.apply(x).sum())) {
            return tape.gradients(x).of(x).toDoubles();
        }
    }

    private double[] gradient(double[] x, UnaryOperator<Tensor> sumOf) {
        return scope.call(() -> gradient(Tensor.of(x), sumOf));
    }

    private double[] gradient(double[] x, long rows, UnaryOperator<Tensor> sumOf) {
        return scope.call(() -> gradient(Tensor.of(x, rows, x.length / rows), sumOf));
    }

    @Test
    void productsAndPowers() {
        assertThat(gradient(new double[] {3, -2}, x -> x.mul(x).mul(x))).containsExactly(27, 12);
        assertThat(gradient(new double[] {4, 2}, x -> x.reciprocal())).containsExactly(-1 / 16.0, -1 / 4.0);
        assertThat(gradient(new double[] {3}, x -> x.add(x).add(x))).containsExactly(3);
        assertThat(gradient(new double[] {3}, x -> x.sub(x))).containsExactly(0);
    }

    @Test
    void theValueIsWhatTheCodeReturned() {
        scope.run(() -> {
            var x = Tensor.of(2.0);
            try (var tape = Tape.record(() -> x.square().sum())) {
                assertThat(tape.value().item()).isEqualTo(4);
                assertThat(tape.gradients(x).of(x).toDoubles()).containsExactly(4);
                assertThat(tape.value().item()).as("after the walk").isEqualTo(4);
            }
        });
    }

    @Test
    void theTargetItselfAsValueHasGradientOne() {
        scope.run(() -> {
            var x = Tensor.full(Shape.SCALAR, 7, DType.F64, Tensor.of(0f).device());
            try (var tape = Tape.record(() -> x)) {
                assertThat(tape.gradients(x).of(x).item()).isEqualTo(1);
            }
            assertThat(x.item()).isEqualTo(7);
        });
    }

    @Test
    void broadcastOperandsGetTheSumOverWhatTheyWereRepeatedAlong() {
        scope.run(() -> {
            var column = Tensor.of(new double[] {1, 2, 3}, 3, 1);
            var row = Tensor.of(new double[] {10, 20}, 1, 2);
            var scalar = Tensor.full(Shape.SCALAR, 2, DType.F64, row.device());
            try (var tape = Tape.record(() -> column.mul(row).mul(scalar).sum())) {
                var g = tape.gradients(column, row, scalar);
                assertThat(g.of(column).shape()).isEqualTo(column.shape());
                assertThat(g.of(column).toDoubles()).containsExactly(60, 60, 60);
                assertThat(g.of(row).toDoubles()).containsExactly(12, 12);
                assertThat(g.of(scalar).item()).isEqualTo(180);
            }
        });
    }

    @Test
    void matrixProduct() {
        scope.run(() -> {
            var a = Tensor.of(new double[] {1, 2, 3, 4, 5, 6}, 2, 3);
            var b = Tensor.of(new double[] {1, 0, 0, 2, 3, 0}, 3, 2);
            try (var tape = Tape.record(() -> a.matmul(b).sum())) {
                var g = tape.gradients(List.of(a, b));
                assertThat(g.of(a).toDoubles()).containsExactly(1, 2, 3, 1, 2, 3);              // row sums of b
                assertThat(g.of(b).toDoubles()).containsExactly(5, 5, 7, 7, 9, 9);              // column sums of a
            }
        });
    }

    @Test
    void slicesOfOneTensorAddUpInItsGradient() {
        double[] x = {1, 2, 3, 4};
        assertThat(gradient(x, t -> t.slice(0, 0, 3).mul(2).add(t.slice(0, 1, 4).mul(5)))).containsExactly(2, 7, 7, 5);
        assertThat(gradient(x, t -> t.slice(0, 0, 4, 2).mul(t.slice(0, 1, 4, 2)))).containsExactly(2, 1, 4, 3);
        assertThat(gradient(x, t -> t.slice(0, 0, 2).add(t.sum()))).as("slice and whole").containsExactly(3, 3, 2, 2);
        assertThat(gradient(x, t -> t.mul(3).add(t.slice(0, 3, 4)))).as("whole and slice").containsExactly(3, 3, 3, 7);
        assertThat(gradient(x, t -> t.flip(0).mul(t))).containsExactly(8, 6, 4, 2);
    }

    /// `10 r_0j + r_i0 x_10` summed over a square of i and j, r being the right two columns.
    @Test
    void slicesThatMakeUpAPermutedTensorGiveADenseGradientOfItsOrigin() {
        double[] x = {1, 2, 3, 4, 5, 6};
        UnaryOperator<Tensor> parts = t -> {
            var turned = t.t();                                                                         // (3, 2)
            return turned.slice(0, 2, 3).mul(7).sum().add(turned.slice(0, 0, 2).mul(2).sum());
        };
        assertThat(gradient(x, 2, parts)).containsExactly(2, 2, 7, 2, 2, 7);
        assertThat(gradient(x, 2, t -> parts.apply(t).add(t.t().slice(0, 1, 2).sum())))
                .as("and one more").containsExactly(2, 3, 7, 2, 3, 7);
        assertThat(gradient(x, 2, t -> t.slice(0, 0, 1).mul(2).sum().add(t.slice(1, 0, 1).sum())))
                .as("along two axes").containsExactly(3, 2, 2, 1, 0, 0);
        assertThat(gradient(x, 2, t -> t.slice(1, 0, 1).sum().add(t.slice(1, 2, 3).mul(3).sum())))
                .as("with a gap").containsExactly(1, 0, 3, 1, 0, 3);
        scope.run(() -> {
            var whole = Tensor.of(x, 2, 3);
            try (var tape = Tape.record(() -> parts.apply(whole))) {
                assertThat(tape.gradients(whole).of(whole).layout().isDense()).isTrue();
            }
        });
    }

    @Test
    void slicesOfSlices() {
        assertThat(gradient(new double[] {1, 2, 3, 4, 5, 6}, 2, t -> {
            var right = t.slice(1, 1, 3);
            return right.slice(0, 0, 1).mul(10).add(right.slice(1, 0, 1).mul(t.select(0, 1).slice(0, 0, 1)));
        })).containsExactly(0, 20 + 8, 20, 2 * (2 + 5), 8, 0);
    }

    @Test
    void viewsPassGradientsBack() {
        double[] x = {1, 2, 3, 4, 5, 6};
        double[] w = {1, 10, 100, 1000, 10_000, 100_000};
        double[] turned = {1, 100, 10_000, 10, 1000, 100_000};
        assertThat(gradient(x, 2, t -> t.t().mul(Tensor.of(w, 3, 2)))).containsExactly(turned);
        assertThat(gradient(x, 2, t -> t.reshape(6).mul(Tensor.of(w)))).containsExactly(w);
        assertThat(gradient(x, 2, t -> t.t().reshape(6).mul(Tensor.of(w)))).containsExactly(turned);
        assertThat(gradient(x, 2, t -> t.unsqueeze(0).expand(Shape.of(5, 2, 3)).mul(2))).containsOnly(10);
    }

    @Test
    void aSharedGradientIsNotSpoiltByAddingToOneOfItsOwners() {
        scope.run(() -> {
            var a = Tensor.of(1.0, 2.0);
            var b = Tensor.of(3.0, 4.0);
            try (var tape = Tape.record(() -> a.mul(3).sum().add(a.add(b).sum()).add(a.mul(b).sum()))) {
                var g = tape.gradients(a, b);
                assertThat(g.of(a).toDoubles()).containsExactly(7, 8);
                assertThat(g.of(b).toDoubles()).containsExactly(2, 3);
            }
            try (var tape = Tape.record(() -> {
                var s = a.add(b);
                return s.mul(s).add(s).add(a).sum();
            })) {
                var g = tape.gradients(a, b);
                assertThat(g.of(a).toDoubles()).containsExactly(10, 14);
                assertThat(g.of(b).toDoubles()).containsExactly(9, 13);
            }
        });
    }

    @Test
    void nothingFlowsPastStopGradient() {
        assertThat(gradient(new double[] {3, 5}, x -> x.mul(x.stopGradient()))).containsExactly(3, 5);
        assertThat(gradient(new double[] {3, 5}, x -> x.square().stopGradient().add(x))).containsExactly(1, 1);
    }

    @Test
    void aGradientOfAnIntermediateResultCanBeAskedFor() {
        scope.run(() -> {
            var x = Tensor.of(2.0, 3.0);
            var hidden = new Tensor[1];
            try (var tape = Tape.record(() -> {
                hidden[0] = x.mul(4);
                return hidden[0].square().sum();
            })) {
                var g = tape.gradients(hidden[0], x);
                assertThat(g.of(x).toDoubles()).containsExactly(64, 96);
                assertThat(g.of(hidden[0]).toDoubles()).containsExactly(16, 24);
            }
        });
    }

    @Test
    void aTargetOnWhichTheValueDoesNotDependIsAnError() {
        scope.run(() -> {
            var x = Tensor.of(1.0);
            var other = Tensor.of(1.0, 2.0);
            try (var tape = Tape.record(() -> x.square().sum())) {
                assertThatThrownBy(() -> tape.gradients(x, other)).isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("does not depend on target 1").hasMessageContaining("hint");
            }
            try (var tape = Tape.record(() -> x.cast(DType.I64).sum())) {
                assertThatThrownBy(() -> tape.gradients(x)).isInstanceOf(IllegalArgumentException.class);
            }
            try (var tape = Tape.record(() -> x.stopGradient().sum())) {
                assertThatThrownBy(() -> tape.gradients(x)).isInstanceOf(IllegalArgumentException.class);
            }
        });
    }

    @Test
    void aValueOfSeveralNumbersIsAnError() {
        scope.run(() -> {
            var x = Tensor.of(1.0, 2.0);
            try (var tape = Tape.record(() -> x.square())) {
                assertThatThrownBy(() -> tape.gradients(x)).isInstanceOf(ShapeException.class)
                        .hasMessageContaining("(2,)");
            }
        });
    }

    @Test
    void gradientsAreTakenOnce() {
        scope.run(() -> {
            var x = Tensor.of(1.0);
            try (var tape = Tape.record(() -> x.square().sum())) {
                var g = tape.gradients(x);
                assertThatThrownBy(() -> tape.gradients(x)).isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("twice");
                assertThatThrownBy(() -> g.of(tape.value())).isInstanceOf(IllegalArgumentException.class);
            }
        });
    }

    @Test
    void aWriteInPlaceIsNoticed() {
        scope.run(() -> {
            var x = Tensor.of(1.0, 2.0);
            var y = Tensor.of(5.0, 6.0);
            try (var tape = Tape.record(() -> x.mul(y).sum())) {
                x.assign(y);
                assertThatThrownBy(() -> tape.gradients(y)).isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("mul").hasMessageContaining("in place");
            }
            assertThatThrownBy(() -> Tape.record(() -> {
                x.assign(y);
                return x.sum();
            })).isInstanceOf(IllegalStateException.class).hasMessageContaining("while gradients are recorded");
        });
    }

    @Test
    void aTapeInsideRecordedCodeIsAConstantForTheOuterOne() {
        scope.run(() -> {
            var x = Tensor.of(3.0, 4.0);
            try (var outer = Tape.record(() -> {
                try (var inner = Tape.record(() -> x.square().sum())) {
                    return x.mul(inner.gradients(x).of(x).keep()).sum();        // x times the constant 2 x
                }
            })) {
                assertThat(outer.value().item()).isEqualTo(50);
                assertThat(outer.gradients(x).of(x).toDoubles()).containsExactly(6, 8);
            }
        });
    }
}
