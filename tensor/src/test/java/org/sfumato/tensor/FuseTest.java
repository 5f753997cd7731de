package org.sfumato.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.sfumato.tensor.expr.Expr;

/// Formulas that a user fuses.
class FuseTest {
    private static final Offset<Float> CLOSE = Offset.offset(1e-6f);

    @Test
    void twoArgumentsBroadcastIntoOneLoop() {
        var swishBias = Fuse.of("swishBias", (x, b) -> x.add(b).mul(x.add(b).sigmoid()));
        Scope.temporary(() -> {
            var y = swishBias.apply(Tensor.of(new float[] {0, 1, 2, 3, 4, 5}, 2, 3), Tensor.of(1f, -1f, 0.5f));
            assertThat(y.shape()).isEqualTo(Shape.of(2, 3));
            var sums = new float[] {1, 0, 2.5f, 4, 3, 5.5f};
            for (int i = 0; i < sums.length; i++) {
                assertThat(y.toFloats()[i]).isCloseTo((float) (sums[i] / (1 + Math.exp(-sums[i]))), CLOSE);
            }
            assertThatThrownBy(() -> swishBias.apply(Tensor.zeros(2), Tensor.zeros(3)))
                    .isInstanceOf(ShapeException.class)
                    .hasMessageStartingWith("swishBias: ");
        });
    }

    @Test
    void severalResultsComeFromOnePass() {
        var both = Fuse.of("sumAndDifference", 2, x -> List.of(x.get(0).add(x.get(1)), x.get(0).sub(x.get(1))));
        Scope.temporary(() -> {
            var results = both.applyAll(Tensor.of(5f, 7f), Tensor.of(2f, 10f));
            assertThat(results).hasSize(2);
            assertThat(results[0].toFloats()).containsExactly(7, 17);
            assertThat(results[1].toFloats()).containsExactly(3, -3);
        });
    }

    /// One step of momentum: `v = 0.9 v + g`, `p = p - lr v`, both from the old values of all three.
    private static List<Expr> momentum(List<Expr> x) {
        var v = x.get(1).mul(0.9).add(x.get(2));
        return List.of(x.get(0).sub(v.mul(x.get(3))), v);
    }

    @Test
    void severalTensorsAreUpdatedInPlace() {
        var step = Fuse.of("momentum", 4, FuseTest::momentum);
        Scope.temporary(() -> {
            int n = 1003;                                                  // no multiple of a vector
            var p = Tensor.arange(0, 1, new Spec(Shape.of(n), DType.F32), Settings.current().device());
            var v = Tensor.ones(n);
            var g = Tensor.full(Shape.of(n), 0.5, DType.F32, Settings.current().device());
            int version = p.version();
            step.update(p, v, g, Tensor.of(0.1f).reshape());
            step.update(p, v, g, Tensor.of(0.1f).reshape());
            float first = 0.9f + 0.5f;
            float second = 0.9f * first + 0.5f;
            for (int i = 0; i < n; i++) {
                assertThat(v.toFloats()[i]).isCloseTo(second, CLOSE);
                assertThat(p.toFloats()[i]).isCloseTo(i - 0.1f * (first + second), Offset.offset(1e-4f));
                i += i > 20 && i < n - 20 ? 50 : 0;
            }
            assertThat(g.toFloats()).containsOnly(0.5f);
            assertThat(p.version()).isEqualTo(version + 2);
            assertThat(g.version()).isZero();
        });
    }

    @Test
    void anExchangeReadsBothBeforeItWritesEither() {
        var swap = Fuse.of("swap", 2, x -> List.of(x.get(1).add(0), x.get(0).add(0)));
        Scope.temporary(() -> {
            var a = Tensor.zeros(100);
            var b = Tensor.ones(100);
            swap.update(a, b);
            assertThat(a.toFloats()).containsOnly(1);
            assertThat(b.toFloats()).containsOnly(0);
        });
    }

    @Test
    void anUpdateReachesViewsAndOnlyThem() {
        var twice = Fuse.of("twice", x -> x.mul(2));
        Scope.temporary(() -> {
            var x = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
            twice.update(x.slice(1, 0, 3, 2));
            assertThat(x.toFloats()).containsExactly(2, 2, 6, 8, 5, 12);
            twice.update(x.t());
            assertThat(x.toFloats()).containsExactly(4, 4, 12, 16, 10, 24);
        });
    }

    @Test
    void anUpdateThatDoesNotFitIsRefusedBeforeAnythingIsWritten() {
        var add = Fuse.of("addInto", (x, y) -> x.add(y));
        var both = Fuse.of("both", 2, x -> List.of(x.get(0).add(1), x.get(1).add(1)));
        Scope.temporary(() -> {
            var x = Tensor.of(1f);
            assertThatThrownBy(() -> add.update(x, Tensor.of(1f, 2f))).isInstanceOf(ShapeException.class)
                    .hasMessageContaining("addInto: the result is f32 (2,) but the target is f32 (1,)");
            assertThatThrownBy(() -> add.update(Tensor.of(1L), x)).isInstanceOf(ShapeException.class);
            assertThatThrownBy(() -> both.update(x, x)).isInstanceOf(ShapeException.class)
                    .hasMessageContaining("share memory");
            assertThat(x.item()).isOne();
        });
    }
}
