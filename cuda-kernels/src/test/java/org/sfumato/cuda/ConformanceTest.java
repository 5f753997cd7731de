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

/// Every operation means on the CUDA backend what it means in float64, in every type, for every form of memory, with
/// the CPU's tolerances; the kernels run on the interpreter of PTX, which checks each access as it goes.
@Execution(ExecutionMode.CONCURRENT)
class ConformanceTest {
    private static final int SAMPLES_OF_OLDER = 5;
    /// Of a kind with more samples than these every seventh is run, all with `-Dexhaustive` and by [the check on a
    /// GPU][org.sfumato.cuda.check.GpuCheck].
    private static final int MOST_SAMPLES = 200;
    private static final int STRIDE = 7;
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
        var found = new ArrayList<String>();
        var device = DEVICES.take();
        try {
            var samples = OpSamples.of(op);
            boolean all = samples.size() <= MOST_SAMPLES || System.getProperty("exhaustive") != null;
            for (int i = 0; i < samples.size(); i += all ? 1 : STRIDE) {
                found.addAll(OpConformance.differences(samples.get(i), List.of(device)));
            }
        } finally {
            DEVICES.put(device);
        }
        assertThat(found).isEmpty();
    }

    static List<Named<Op>> heavyOperations() {
        return operations().stream().filter(op -> !(op.getPayload() instanceof Pointwise)).toList();
    }

    /// Compute capability 7.5 has kernels of its own where tensor cores of 8.0 are used; a few samples show them.
    @ParameterizedTest(name = "{0}")
    @MethodSource("heavyOperations")
    void anOlderDeviceMeansTheSame(Op op) {
        var found = new ArrayList<String>();
        var samples = OpSamples.of(op);
        for (int i = 0; i < samples.size(); i += Math.ceilDiv(samples.size(), SAMPLES_OF_OLDER)) {
            found.addAll(OpConformance.differences(samples.get(i), List.of(Device.of("ptx:1"))));
        }
        assertThat(found).isEmpty();
    }
}
