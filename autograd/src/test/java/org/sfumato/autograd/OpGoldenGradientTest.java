package org.sfumato.autograd;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sfumato.tensor.Backends;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;
import org.sfumato.testing.Golden;
import org.sfumato.testing.GoldenOps;

/// The gradients of every operation against PyTorch, on every device.
class OpGoldenGradientTest {
    static List<Device> devices() {
        return Backends.devices();
    }

    @ParameterizedTest
    @MethodSource("devices")
    void gradientsAreThoseOfPyTorch(Device device) {
        var found = new ArrayList<String>();
        int checked = 0;
        try (var golden = Golden.operations()) {
            for (var call : golden.cases()) {
                if (call.gradients().stream().anyMatch(Optional::isPresent)) {
                    checked++;
                    Scope.temporary(() -> {
                        try {
                            check(golden, call, device, found);
                        } catch (RuntimeException e) {
                            found.add(call + ": " + e);
                        }
                    });
                }
            }
        }
        assertThat(checked).isGreaterThan(350);
        assertThat(found).isEmpty();
    }

    private static void check(Golden golden, Golden.Case call, Device device, List<String> found) {
        var in = call.in().stream().map(name -> golden.tensor(name, device)).toArray(Tensor[]::new);
        var targets = new ArrayList<Tensor>();
        var expected = new ArrayList<Tensor>();
        for (int k = 0; k < in.length; k++) {
            if (call.gradients().get(k).isPresent()) {
                targets.add(in[k]);
                expected.add(golden.tensor(call.gradients().get(k).get(), device));
            }
        }
        try (var tape = Tape.record(() -> weighted(golden, call, GoldenOps.apply(call, in), device))) {
            var gradients = tape.gradients(targets);
            for (int k = 0; k < expected.size(); k++) {
                var gradient = gradients.of(targets.get(k));
                var name = call + " by " + targets.get(k).spec() + " ";
                Golden.difference(gradient, expected.get(k), call.tolerance()).ifPresent(what -> found.add(name
                        + what));
            }
        }
    }

    private static Tensor weighted(Golden golden, Golden.Case call, Tensor[] out, Device device) {
        var sum = Tensor.full(Shape.SCALAR, 0, DType.F32, device);
        for (int j = 0; j < out.length; j++) {
            if (call.weights().get(j).isPresent()) {
                sum = sum.add(out[j].mul(golden.tensor(call.weights().get(j).get(), device)).sum());
            }
        }
        return sum;
    }
}
