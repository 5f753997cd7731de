package org.sfumato.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

class ParametersTest {
    /// Settings, absent parts, lists and a tensor at two places.
    record Model(List<Linear> layers, Norm norm, Tensor table, Tensor tied, Norm absent, int heads)
            implements Layer {
    }

    /// Not a record.
    static final class Opaque implements Layer {
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
        var table = Tensor.ones(3, 2);
        return new Model(List.of(Linear.init(2, 3, true, Rng.of(1)), Linear.init(2, 3, false, Rng.of(2))),
                LayerNorm.init(2, 1e-5), table, table, null, 4);
    }

    @Test
    void namesFollowTheComponentsAndATiedTensorCountsOnce() {
        scope.run(() -> {
            var model = model();
            assertThat(model.parameters().keySet()).containsExactly("layers.0.weight", "layers.0.bias",
                    "layers.1.weight", "norm.weight", "norm.bias", "table");
            assertThat(model.parameters().get("layers.1.weight")).isSameAs(model.layers().get(1).weight());
            assertThat(model.parameterCount()).isEqualTo(6 + 3 + 6 + 2 + 2 + 6);
        });
    }

    @Test
    void whatIsNoRecordIsRefused() {
        assertThatThrownBy(() -> new Opaque().parameters()).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("Opaque");
    }

    @Test
    void loadingCopiesInPlace() {
        scope.run(() -> {
            var from = model();
            var to = model();
            from.norm().parameters().values().forEach(p -> p.assign(p.add(5)));
            var weight = to.parameters().get("norm.weight");
            Parameters.load(to.parameters(), from.parameters());
            assertThat(to.parameters().get("norm.weight")).isSameAs(weight);
            assertThat(weight.toFloats()).containsExactly(6, 6);
        });
    }

    @Test
    void whatDoesNotFitIsListedAndNothingIsCopied() {
        scope.run(() -> {
            var to = model().parameters();
            Map<String, Tensor> from = new LinkedHashMap<>(model().parameters());
            from.put("table", Tensor.zeros(2, 2));
            from.put("extra", Tensor.zeros(1));
            from.remove("norm.bias");
            from.put("norm.weight", Tensor.zeros(2));
            assertThatThrownBy(() -> Parameters.load(to, from)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("missing: norm.bias").hasMessageContaining("unexpected: extra")
                    .hasMessageContaining("differs: table");
            assertThat(to.get("norm.weight").toFloats()).containsExactly(1, 1);
        });
    }
}
