package org.sfumato.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

class GradCheckTest {
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
    void aMissingFactorIsFoundAtItsElement() {
        scope.run(() -> {
            var x = Tensor.of(new double[] {1, 2, 3, 4}, 2, 2);
            var y = Tensor.of(5.0, 6.0);
            // the second column of y's product flows back only half: stopGradient hides the other half from the tape
            var report = GradCheck.of(in -> {
                var part = in[1].slice(0, 1, 2);
                return in[0].sum().add(in[1].slice(0, 0, 1)).add(part.mul(.5)).add(part.stopGradient().mul(.5));
            }, x, y);
            assertThat(report.passes(1e-3)).isFalse();
            assertThat(report.input()).isEqualTo(1);
            assertThat(report.element()).isEqualTo(1);
            assertThat(report.gradient()).isCloseTo(report.difference() / 2, org.assertj.core.data.Offset.offset(1e-6));
        });
    }

    @Test
    void aNanIsAFailure() {
        scope.run(() -> {
            var report = GradCheck.of(in -> in[0].log(), Tensor.of(-1.0, 2.0));
            assertThat(report.passes(1e9)).isFalse();
        });
    }

    @Test
    void errorsThatWouldCancelInAPlainSumAreSeen() {
        scope.run(() -> {
            // gradients of softmax rows sum to 0: a plain sum would accept any multiple of the right gradient
            var x = Tensor.of(.3, -.2, .9);
            var wrong = GradCheck.of(in -> in[0].softmax(-1).mul(.5).add(in[0].softmax(-1).stopGradient().mul(.5)), x);
            assertThat(wrong.passes(1e-3)).isFalse();
            assertThat(GradCheck.of(in -> in[0].softmax(-1), x).passes(1e-8)).isTrue();
        });
    }

    @Test
    void singlePrecisionIsRefused() {
        scope.run(() -> assertThatThrownBy(() -> GradCheck.of(in -> in[0], Tensor.of(1f)))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("f64"));
    }
}
