package org.sfumato.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.op.CustomOp;
import org.sfumato.tensor.op.Saved;

/// A user's own operations, as one writes them in JShell.
class CustomOpTest {
    /// `x / (1 + |x|)`, nothing but its meaning.
    record Softsign() implements CustomOp {
        @Override
        public Tensor[] reference(Tensor... in) {
            return new Tensor[] {in[0].div(in[0].abs().add(1))};
        }
    }

    /// The same with a gradient rule, right if `power` is 2.
    record FastSoftsign(int power) implements CustomOp {
        @Override
        public Tensor[] reference(Tensor... in) {
            return new Softsign().reference(in);
        }

        @Override
        public Tensor[] vjp(Saved saved, Tensor[] dOut) {
            return new Tensor[] {dOut[0].div(saved.in(0).abs().add(1).pow(power))};
        }
    }

    /// Sum and product, two results.
    record SumAndProduct() implements CustomOp {
        @Override
        public Tensor[] reference(Tensor... in) {
            return new Tensor[] {in[0].add(in[1]), in[0].mul(in[1])};
        }
    }

    /// The identity whose gradient is a tensor that belongs to the user.
    record Foreign(Tensor gradient) implements CustomOp {
        @Override
        public Tensor[] reference(Tensor... in) {
            return new Tensor[] {in[0].mul(1)};
        }

        @Override
        public Tensor[] vjp(Saved saved, Tensor[] dOut) {
            return new Tensor[] {gradient};
        }
    }

    /// A rule that returns a gradient of the wrong shape.
    record Misshapen() implements CustomOp {
        @Override
        public Tensor[] reference(Tensor... in) {
            return new Tensor[] {in[0].mul(1)};
        }

        @Override
        public Tensor[] vjp(Saved saved, Tensor[] dOut) {
            return new Tensor[] {dOut[0].sum()};
        }
    }

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
    void aReferenceIsEnough() {
        scope.run(() -> {
            var x = Tensor.of(1.0, -3.0, .5);
            assertThat(Dispatch.one(new Softsign(), x).toDoubles()).containsExactly(.5, -.75, 1 / 3.0);
            var report = GradCheck.of(in -> Dispatch.one(new Softsign(), in[0]), x);
            assertThat(report.passes(1e-8)).as(report.toString()).isTrue();
            try (var tape = Tape.record(() -> Dispatch.one(new Softsign(), x).sum())) {
                assertThat(tape.gradients(x).of(x).toDoubles()).containsExactly(1 / 4.0, 1 / 16.0, 1 / 2.25);
            }
        });
    }

    @Test
    void aWrongGradientRuleIsCaught() {
        scope.run(() -> {
            var x = Tensor.of(1.0, -3.0, .5);
            assertThat(GradCheck.of(in -> Dispatch.one(new FastSoftsign(2), in[0]), x).passes(1e-8)).isTrue();
            var report = GradCheck.of(in -> Dispatch.one(new FastSoftsign(3), in[0]), x);
            assertThat(report.passes(1e-3)).isFalse();
            assertThat(report.toString()).contains("gradient").contains("finite difference");
        });
    }

    @Test
    void severalResults() {
        scope.run(() -> {
            var a = Tensor.of(2.0, 3.0);
            var b = Tensor.of(5.0, 7.0);
            var report = GradCheck.of(in -> {
                var both = Dispatch.apply(new SumAndProduct(), in);
                return both[0].mul(both[1]).add(both[1]);
            }, a, b);
            assertThat(report.passes(1e-7)).as(report.toString()).isTrue();
            var second = GradCheck.of(in -> Dispatch.apply(new SumAndProduct(), in)[1], a, b);
            assertThat(second.passes(1e-7)).as("only one result is used: %s", second).isTrue();
            var twice = GradCheck.of(in -> Dispatch.apply(new SumAndProduct(), in[0], in[0])[1], a);
            assertThat(twice.passes(1e-7)).as("one tensor as both inputs: %s", twice).isTrue();
        });
    }

    @Test
    void theWalkNeitherFreesNorChangesWhatARuleTookFromOutside() {
        scope.run(() -> {
            var x = Tensor.of(2.0, 3.0);
            var own = Tensor.of(10.0, 20.0);
            try (var tape = Tape.record(() -> x.mul(5).sum().add(Dispatch.one(new Foreign(own), x.mul(1)).sum())
                    .add(Dispatch.one(new Foreign(own), x).sum()).add(x.sum()))) {
                assertThat(tape.gradients(x).of(x).toDoubles()).containsExactly(26, 46);
            }
            assertThat(own.toDoubles()).containsExactly(10, 20);
        });
    }

    @Test
    void aGradientOfTheWrongShapeIsNamed() {
        scope.run(() -> {
            var x = Tensor.of(2.0, 3.0);
            try (var tape = Tape.record(() -> Dispatch.one(new Misshapen(), x).sum())) {
                assertThatThrownBy(() -> tape.gradients(x)).isInstanceOf(ShapeException.class)
                        .hasMessageContaining("Misshapen").hasMessageContaining("input 0 of shape (2,)");
            }
        });
    }
}
