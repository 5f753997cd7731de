package org.sfumato.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sfumato.testing.Golden;
import org.sfumato.testing.GoldenOps;
import tools.jackson.databind.json.JsonMapper;

/// Every operation against PyTorch, on every device.
class OpGoldenTest {
    static List<Device> devices() {
        return Backends.devices();
    }

    @ParameterizedTest
    @MethodSource("devices")
    void valuesAreThoseOfPyTorch(Device device) {
        var found = new ArrayList<String>();
        try (var golden = Golden.operations()) {
            assertThat(golden.cases()).hasSizeGreaterThan(500);
            for (var call : golden.cases()) {
                Scope.temporary(() -> {
                    try {
                        check(golden, call, device, found);
                    } catch (RuntimeException e) {
                        found.add(call + ": " + e);
                    }
                });
            }
        }
        assertThat(found).isEmpty();
    }

    private static void check(Golden golden, Golden.Case call, Device device, List<String> found) {
        var in = call.in().stream().map(name -> golden.tensor(name, device)).toArray(Tensor[]::new);
        var out = GoldenOps.apply(call, in);
        for (int j = 0; j < out.length; j++) {
            Golden.difference(out[j], golden.tensor(call.out().get(j), device), call.tolerance())
                    .ifPresent(what -> found.add(call + " " + what));
        }
    }

    @Test
    void promotionIsThatOfPyTorch() {
        try (var golden = Golden.operations()) {
            var table = JsonMapper.shared().readTree(golden.text("promotion"));
            for (var a : DType.values()) {
                for (var b : DType.values()) {
                    var expected = table.get(a.toString()).get(b.toString()).asString();
                    assertThat(a.promote(b)).as("%s with %s", a, b).hasToString(expected);
                }
            }
        }
    }
}
