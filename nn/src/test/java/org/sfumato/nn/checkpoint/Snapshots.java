package org.sfumato.nn.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
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
        return new Snapshot(step, json().put("of", step), Map.of("w", full(step), "b", full(step)),
                Map.of("step", full(step), "m.w", full(step)), Map.of("w", full(step)), json().put("seed", step));
    }

    /// A snapshot of few files.
    static Snapshot light(long step) {
        return new Snapshot(step, json().put("light", step), Map.of("w", full(step), "b", full(step)), Map.of(),
                Map.of(), json().put("seed", step));
    }

    private static Tensor full(long step) {
        return Tensor.full(Shape.of(COUNT), step, DType.F32, Settings.current().device());
    }

    static ObjectNode json() {
        return JsonMapper.shared().createObjectNode();
    }

    /// The newest checkpoint in `folder`, which is whole.
    static Stored latest(Path folder) throws IOException {
        var stored = Checkpoints.read(new CheckpointFolder(folder).latest(new ArrayList<>()).orElseThrow());
        assertWhole(stored);
        return stored;
    }

    /// Asserts that `stored` is [#of] or [#light] of its step, wholly.
    static void assertWhole(Stored stored) throws IOException {
        int step = (int) stored.step();
        assertThat(stored.progress()).isEqualTo(json().put("seed", step));
        if (stored.config().has("light")) {
            assertThat(stored.config()).isEqualTo(json().put("light", step));
            assertGroup(step, stored.weights(), "w", "b");
            assertThat(stored.optimizer()).isEmpty();
            assertThat(stored.average()).isEmpty();
        } else {
            assertThat(stored.config()).isEqualTo(json().put("of", step));
            assertIsStep(step, stored.weights(), stored.optimizer(), stored.average());
        }
    }

    static void assertIsStep(long step, Map<String, Tensor> weights, Map<String, Tensor> optimizer,
            Map<String, Tensor> average) {
        assertGroup(step, weights, "w", "b");
        assertGroup(step, optimizer, "step", "m.w");
        assertGroup(step, average, "w");
    }

    private static void assertGroup(long step, Map<String, Tensor> group, String... names) {
        assertThat(List.copyOf(group.keySet())).containsExactlyInAnyOrder(names);
        var expected = new float[COUNT];
        Arrays.fill(expected, step);
        for (var tensor : group.values()) {
            assertThat(tensor.toFloats()).isEqualTo(expected);
        }
    }
}
