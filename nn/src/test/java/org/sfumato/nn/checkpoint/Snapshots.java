package org.sfumato.nn.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Map;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Settings;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Small snapshots whose every number follows from the step, so that a mixture of two would show.
final class Snapshots {
    private static final int COUNT = 300;

    private Snapshots() { }

    static Snapshot of(long step) {
        return new Snapshot(step, json().put("config", step), Map.of("w", full(step), "b", full(step)),
                Map.of("step", full(step), "m.w", full(step)), Map.of("w", full(step)), json().put("seed", step));
    }

    private static Tensor full(long step) {
        return Tensor.full(Shape.of(COUNT), step, DType.F32, Settings.current().device());
    }

    static ObjectNode json() {
        return JsonMapper.shared().createObjectNode();
    }

    /// Asserts that `stored` is [#of] its step, wholly.
    static void assertWhole(Stored stored) throws IOException {
        long step = stored.step();
        assertThat(stored.config()).isEqualTo(json().put("config", (int) step));
        assertThat(stored.progress()).isEqualTo(json().put("seed", (int) step));
        assertIsStep(step, stored.weights(), stored.optimizer(), stored.average());
    }

    static void assertIsStep(long step, Map<String, Tensor> weights, Map<String, Tensor> optimizer,
            Map<String, Tensor> average) {
        assertThat(weights).containsOnlyKeys("w", "b");
        assertThat(optimizer).containsOnlyKeys("step", "m.w");
        assertThat(average).containsOnlyKeys("w");
        for (var group : java.util.List.of(weights, optimizer, average)) {
            for (var tensor : group.values()) {
                assertThat(tensor.toFloats()).hasSize(COUNT).containsOnly(step);
            }
        }
    }
}
