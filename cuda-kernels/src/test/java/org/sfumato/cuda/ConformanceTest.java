package org.sfumato.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.op.Op;
import org.sfumato.testing.OpConformance;
import org.sfumato.testing.OpSamples;

/// Every operation means on the CUDA backend what it means in float64, in every type, for every form of memory, with
/// the CPU's tolerances; the kernels run on the interpreter of PTX, which checks each access as it goes.
class ConformanceTest {
    static List<Named<Op>> operations() {
        return OpSamples.exemplars().stream().map(op -> Named.of(op.name() + " " + op.getClass().getSimpleName(), op))
                .toList();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("operations")
    void theDeviceMeansTheSame(Op op) {
        var found = new ArrayList<String>();
        for (var sample : OpSamples.of(op)) {
            var here = OpConformance.differences(sample, List.of(Device.of("ptx")));
            Assumptions.assumeFalse(here.stream().anyMatch(line -> line.contains("has no CUDA kernel")),
                    "a kernel that this needs is not written yet");
            found.addAll(here);
        }
        assertThat(found).isEmpty();
    }
}
