package org.sfumato.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.sfumato.tensor.Memory;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Settings;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

/// Who owns what a step makes, and for how long it lives.
class TapeMemoryTest {
    private static final Shape LARGE = Shape.of(1 << 16);
    private static final long BYTES = 4L << 16;

    private final Memory memory = Memory.current(Settings.current().device());
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open("test");
    }

    @AfterEach
    void close() {
        scope.close();
    }

    /// Twenty layers, each with one result that its gradient needs.
    private static Tensor deep(Tensor x) {
        for (int i = 0; i < 20; i++) {
            x = x.sin();
        }
        return x.sum();
    }

    @Test
    void closingFreesAllThatTheStepMade() {
        scope.run(() -> {
            var x = Tensor.normal(LARGE, Rng.of(1));
            long before = memory.live();
            try (var tape = Tape.record(() -> deep(x))) {
                assertThat(memory.live()).isGreaterThan(before + 19 * BYTES);
                tape.gradients(x);
            }
            assertThat(memory.live()).isEqualTo(before);
            assertThat(x.isClosed()).isFalse();
        });
    }

    @Test
    void theWalkFreesWhatNobodyReadsAnyMore() {
        scope.run(() -> {
            var x = Tensor.normal(LARGE, Rng.of(1));
            long before = memory.live();
            memory.resetPeak();
            try (var tape = Tape.record(() -> deep(x))) {
                tape.gradients(x);
                assertThat(memory.peak() - before).isLessThan(24 * BYTES); // 20 results, a few gradients at a time
                assertThat(memory.live() - before).isLessThan(2 * BYTES);           // the value and one gradient
            }
        });
    }

    @Test
    void onlyNeededGradientsAreMade() {
        scope.run(() -> {
            var x = Tensor.normal(LARGE, Rng.of(1));
            var unasked = Tensor.normal(LARGE, Rng.of(2));
            try (var tape = Tape.record(() -> x.mul(unasked).sum())) {
                long before = memory.live();
                tape.gradients(x);
                assertThat(memory.live() - before).isLessThan(BYTES);       // one product went, one gradient came
            }
            assertThat(unasked.isClosed()).isFalse();
        });
    }

    @Test
    void whatIsKeptSurvivesTheWalkAndTheTape() {
        scope.run(() -> {
            var x = Tensor.of(2.0, 3.0);
            var kept = new Tensor[3];
            try (var tape = Tape.record(() -> {
                kept[0] = x.mul(10).keep();
                kept[1] = kept[0].reshape(2, 1).sin();
                return kept[1].mul(2).sum();
            })) {
                kept[1].reshape(2).keep();                                  // a view keeps the memory that it shares
                kept[2] = tape.gradients(x).of(x).keep();
            }
            assertThat(kept[0].toDoubles()).containsExactly(20, 30);
            assertThat(kept[1].toDoubles()).containsExactly(Math.sin(20), Math.sin(30));
            assertThat(kept[2].toDoubles()).containsExactly(20 * Math.cos(20), 20 * Math.cos(30));
        });
        assertThat(scope.size()).isEqualTo(4);
    }

    @Test
    void gradientsThatNobodyKeptAreGoneWithTheTape() {
        scope.run(() -> {
            var x = Tensor.of(2.0, 3.0);
            Tensor gradient;
            try (var tape = Tape.record(() -> x.square().sum())) {
                gradient = tape.gradients(x).of(x);
            }
            assertThatThrownBy(gradient::toDoubles).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("freed");
        });
    }

    @Test
    void anExceptionInTheRecordedCodeFreesAll() {
        scope.run(() -> {
            var x = Tensor.normal(LARGE, Rng.of(1));
            long before = memory.live();
            assertThatThrownBy(() -> Tape.record(() -> {
                deep(x);
                throw new ArithmeticException("planted");
            })).hasMessage("planted");
            assertThat(memory.live()).isEqualTo(before);
        });
    }

    @Test
    void anErrorInTheWalkLeavesNothingAfterTheTapeIsClosed() {
        scope.run(() -> {
            var x = Tensor.normal(LARGE, Rng.of(1));
            var y = Tensor.normal(LARGE, Rng.of(2));
            long before = memory.live();
            try (var tape = Tape.record(() -> deep(x.mul(y)))) {
                y.assign(x);
                assertThatThrownBy(() -> tape.gradients(x)).isInstanceOf(IllegalStateException.class);
            }
            assertThat(memory.live()).isEqualTo(before);
        });
    }

    @Test
    void manyStepsTakeNoMoreMemoryThanOne() {
        scope.run(() -> {
            var w = Tensor.normal(Shape.of(32, 32), Rng.of(1));
            var x = Tensor.normal(Shape.of(8, 32), Rng.of(2));
            long before = memory.live();
            long peak = 0;
            for (int step = 0; step < 50; step++) {
                memory.resetPeak();
                try (var tape = Tape.record(() -> x.linear(w, null).silu()
                        .layerNorm(w.select(0, 0), w.select(0, 1), 1e-5).square().mean())) {
                    tape.gradients(w);
                }
                assertThat(memory.live()).isEqualTo(before);
                peak = step == 0 ? memory.peak() : peak;
                assertThat(memory.peak()).isEqualTo(peak);
            }
        });
    }
}
