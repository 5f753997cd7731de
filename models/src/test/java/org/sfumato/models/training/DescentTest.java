package org.sfumato.models.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.sfumato.nn.optim.Sgd;
import org.sfumato.tensor.Precision;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

class DescentTest {
    /// `|a|^2 / 2 + |b|^2 / 2 + |c|^2 / 2` of parameters that the loss reads as one tensor, so that their gradients are
    /// views of one memory: each step with rate 1/4 takes a quarter off, and nothing is left over.
    @Test
    void nothingOutlivesAStep() {
        Scope.temporary(() -> {
            var parameters = new LinkedHashMap<String, Tensor>(Map.of("a", Tensor.of(4f, 8f), "b", Tensor.of(16f),
                    "c", Tensor.of(32f, 64f)));
            try (var outer = Scope.open("outer")) {
                outer.run(() -> {
                    var optimizer = new Sgd(parameters, new Sgd.Config(.25, 0, false, 0));
                    try (var descent = new Descent(parameters, optimizer, 0, Precision.F32)) {
                        int owned = outer.size();
                        double loss = 0;
                        for (int step = 0; step < 3; step++) {
                            loss = descent.step(parameters, () -> Tensor.concat(0, parameters.values()
                                    .toArray(Tensor[]::new)).square().sum().mul(.5), 1, step);
                            assertThat(outer.size()).isEqualTo(owned);
                        }
                        assertThat(loss).isEqualTo((16 + 64 + 256 + 1024 + 4096) / 2. * Math.pow(.75, 4));
                        assertThat(parameters.get("c").toFloats()).containsExactly(13.5f, 27);
                    }
                });
            }
        });
    }

    @Test
    void whatIsNotFiniteChangesNothing() {
        Scope.temporary(() -> {
            var parameters = Map.of("a", Tensor.of(1f, 2f));
            var optimizer = new Sgd(parameters, new Sgd.Config(.25, 0, false, 0));
            try (var descent = new Descent(parameters, optimizer, 1, Precision.F32)) {
                assertThatThrownBy(() -> descent.step(parameters, () -> parameters.get("a").mul(1e30).square().sum(), 1,
                        7)).isInstanceOf(ArithmeticException.class).hasMessageContaining("step 7 is Infinity");
                assertThat(parameters.get("a").toFloats()).containsExactly(1, 2);
            }
        });
    }
}
