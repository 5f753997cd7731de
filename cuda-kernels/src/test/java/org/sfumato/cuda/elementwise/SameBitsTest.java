package org.sfumato.cuda.elementwise;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.op.Op;
import org.sfumato.tensor.op.Pointwise;
import org.sfumato.testing.Input;
import org.sfumato.testing.OpSamples;

/// A formula gives the same bits on the processor and on the device: both do the same operations in the same order.
class SameBitsTest {
    private static final double[] EDGES = {0, -0.0, 1, -1, .5, -.5, 1.5, 2.5, 88, -88, 89, -104, 1e4, -1e4, 1e-3, -1e-6,
        1e-30, -1e-40, 1e30, 20, -20, 3.95, Math.PI, 1e6, Double.NaN, Double.POSITIVE_INFINITY,
        Double.NEGATIVE_INFINITY};

    static List<Named<Op>> formulas() {
        return OpSamples.exemplars().stream().filter(op -> op instanceof Pointwise)
                .map(op -> Named.of(op.name() + " " + op.hashCode() % 1000, op)).toList();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("formulas")
    void theDeviceGivesTheBitsOfTheProcessor(Op op) {
        int arity = Math.max(1, ((Pointwise) op).arity());
        for (var type : List.of(DType.F32, DType.F64, DType.BF16, DType.F16)) {
            Scope.temporary(() -> {
                var here = Dispatch.apply(op, inputs(arity, type, Device.CPU));
                var there = Dispatch.apply(op, inputs(arity, type, Device.of("ptx")));
                for (int j = 0; j < here.length; j++) {
                    assertThat(bits(there[j])).as("%s %s result %d", op.name(), type, j).isEqualTo(bits(here[j]));
                }
            });
        }
    }

    private static Tensor[] inputs(int arity, DType type, Device device) {
        var inputs = new ArrayList<Tensor>();
        for (int k = 0; k < arity; k++) {
            var values = Arrays.copyOf(Input.normal(k, 200).values(), 200 + EDGES.length);
            for (int i = 0; i < EDGES.length; i++) {
                values[200 + i] = EDGES[(i * (2 * k + 1) + k) % EDGES.length];
            }
            inputs.add(Input.of(values, values.length).on(type, device));
        }
        return inputs.toArray(Tensor[]::new);
    }

    /// Any NaN counts as any other.
    private static long[] bits(Tensor tensor) {
        return Arrays.stream(tensor.toDoubles()).mapToLong(Double::doubleToLongBits).toArray();
    }
}
