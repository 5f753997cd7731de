package org.sfumato.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.op.Op;
import org.sfumato.tensor.op.Pointwise;
import org.sfumato.testing.OpConformance;
import org.sfumato.testing.OpSamples;
import org.sfumato.testing.Sample;

/// Every operation means on the CUDA backend what it means in float64, in every type, for every form of memory, with
/// the CPU's tolerances; the kernels run on the interpreter of PTX, which checks each access as it goes.
@Execution(ExecutionMode.CONCURRENT)
class ConformanceTest {
    private static final int SAMPLES_OF_OLDER = 5;
    /// Two devices of one kind, so that two operations can be tested at once.
    private static final BlockingQueue<Device> DEVICES = new ArrayBlockingQueue<>(2, true,
            List.of(Device.of("ptx"), Device.of("ptx:2")));

    static List<Named<Op>> operations() {
        return OpSamples.exemplars().stream().map(op -> Named.of(op.name() + " " + op.getClass().getSimpleName(), op))
                .toList();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("operations")
    void theDeviceMeansTheSame(Op op) throws InterruptedException {
        var device = DEVICES.take();
        try {
            assertThat(differences(OpSamples.of(op), 1, device)).isEmpty();
        } finally {
            DEVICES.put(device);
        }
    }

    /// The differences in every `stride`-th of the samples.
    private static List<String> differences(List<Sample> samples, int stride, Device device) {
        var found = new ArrayList<String>();
        for (int i = 0; i < samples.size(); i += stride) {
            found.addAll(OpConformance.differences(samples.get(i), List.of(device)));
        }
        return found;
    }

    static List<Named<Op>> heavyOperations() {
        return operations().stream().filter(op -> !(op.getPayload() instanceof Pointwise)).toList();
    }

    /// Compute capability 7.5 has kernels of its own where tensor cores of 8.0 are used; a few samples show them.
    @ParameterizedTest(name = "{0}")
    @MethodSource("heavyOperations")
    void anOlderDeviceMeansTheSame(Op op) {
        var samples = OpSamples.of(op);
        int stride = Math.ceilDiv(samples.size(), SAMPLES_OF_OLDER);
        assertThat(differences(samples, stride, Device.of("ptx:1"))).isEmpty();
    }
}
