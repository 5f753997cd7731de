package org.sfumato.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

class LinearsTest {
    /// Layers in a list, an absent part, and a place for one kind only.
    record Model(List<Mlp> blocks, Norm absent, Norm norm, Linear head, int heads) implements Layer {
    }

    /// `-W x`.
    record Negated(LinearMap base) implements LinearMap {
        @Override
        public long in() {
            return base.in();
        }

        @Override
        public long out() {
            return base.out();
        }

        @Override
        public Tensor forward(Tensor x) {
            return base.forward(x).neg();
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

    private static Model model() {
        return new Model(List.of(mlp(1), mlp(2)), null, LayerNorm.init(2, 1e-5),
                Linear.init(2, 3, false, Rng.of(3)), 4);
    }

    private static Mlp mlp(long seed) {
        return new Mlp(Linear.init(2, 4, true, Rng.of(seed)), Linear.init(4, 2, false, Rng.of(seed + 9)),
                Activation.RELU);
    }

    @Test
    void allAreNamedByTheirPaths() {
        scope.run(() -> {
            var found = Linears.of(model());
            assertThat(found.keySet()).containsExactly("blocks.0.up", "blocks.0.down", "blocks.1.up", "blocks.1.down",
                    "head");
            assertThat(found.get("blocks.1.up").in()).isEqualTo(2);
            assertThat(found.get("blocks.1.up").out()).isEqualTo(4);
        });
    }

    @Test
    void onesChosenAreReplacedAndTheRestIsShared() {
        scope.run(() -> {
            var model = model();
            var changed = Linears.replace(model, (path, map) -> path.equals("blocks.1.down") ? new Negated(map) : map);
            assertThat(changed.blocks().get(0)).isSameAs(model.blocks().get(0));
            assertThat(changed.norm()).isSameAs(model.norm());
            assertThat(changed.head()).isSameAs(model.head());
            assertThat(changed.heads()).isEqualTo(4);
            assertThat(changed.blocks().get(1).up()).isSameAs(model.blocks().get(1).up());
            var x = Tensor.of(new float[] {1, 2}, 1, 2);
            assertThat(changed.blocks().get(1).forward(x).toFloats())
                    .containsExactly(model.blocks().get(1).forward(x).neg().toFloats());
            assertThat(changed.parameters().keySet()).contains("blocks.1.down.base.weight");
        });
    }

    @Test
    void nothingReplacedIsTheSameNetwork() {
        scope.run(() -> {
            var model = model();
            assertThat(Linears.replace(model, (_, map) -> map)).isSameAs(model);
        });
    }

    @Test
    void aPlaceForOneKindOnlyIsNamed() {
        scope.run(() -> {
            var model = model();
            assertThatThrownBy(() -> Linears.replace(model, (_, map) -> new Negated(map)))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("head")
                    .hasMessageContaining("Linear only");
        });
    }
}
