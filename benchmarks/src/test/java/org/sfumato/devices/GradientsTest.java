package org.sfumato.devices;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sfumato.autograd.Tape;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.op.Cast;
import org.sfumato.tensor.op.DequantiseOp;
import org.sfumato.tensor.op.Differentiable;
import org.sfumato.tensor.op.Op;
import org.sfumato.tensor.op.Pointwise;
import org.sfumato.testing.Input;
import org.sfumato.testing.OpSamples;
import org.sfumato.testing.Sample;

/// The gradient of every operation on the CUDA backend against that of the CPU in float64, of the same numbers: in f32
/// and, where an operation takes it, in bf16, to a relative distance of 1e-2.
class GradientsTest {
    private static final int MOST_SAMPLES = 3;
    private static final int MOST_ELEMENTS = 400;
    private static final Device PTX = Device.of("ptx");

    static List<Named<Op>> operations() {
        return OpSamples.exemplars().stream().filter(GradientsTest::hasSlope)
                .map(op -> Named.of(op.name() + " " + op.getClass().getSimpleName(), op)).toList();
    }

    private static boolean hasSlope(Op op) {
        return switch (op) {
            case Cast _, DequantiseOp _ -> false;
            case Pointwise p -> !p.predicate() && p.formulas().stream()
                    .anyMatch(f -> !f.diff(0).isConst(0) && f.arity() > 0);
            default -> op instanceof Differentiable;
        };
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("operations")
    void gradientsAreThoseOfTheCpuInDouble(Op op) {
        var found = new ArrayList<String>();
        var samples = OpSamples.of(op).stream().filter(GradientsTest::isOrdinary).toList();
        int step = Math.max(Math.ceilDiv(samples.size(), MOST_SAMPLES), 1);
        for (int i = 0; i < samples.size(); i += step) {
            var sample = samples.get(i);
            for (var type : List.of(DType.F32, DType.BF16)) {
                if (sample.types().contains(type)) {
                    Scope.temporary(() -> compare(sample, type, found));
                }
            }
        }
        assertThat(found).isEmpty();
    }

    private static boolean isOrdinary(Sample sample) {
        var varying = sample.inputs().stream().filter(in -> in.fixed() == null).toList();
        long count = varying.stream().mapToLong(in -> in.shape().count()).sum();
        return count > 0 && count <= MOST_ELEMENTS && varying.stream()
                .flatMapToDouble(in -> Arrays.stream(in.values())).allMatch(Double::isFinite);
    }

    private static void compare(Sample sample, DType type, List<String> found) {
        var exact = gradients(sample, sample.inputs().stream().map(in -> in.oracle(type).to(Device.CPU))
                .toArray(Tensor[]::new));
        if (exact.stream().anyMatch(g -> Arrays.stream(g).anyMatch(v -> !Double.isFinite(v)))) {
            return;                                                 // outside the domain
        }
        var actual = gradients(sample, sample.inputs().stream().map(in -> in.on(type, PTX)).toArray(Tensor[]::new));
        double allowed = type == DType.F32 ? 1e-4 : 1e-2;
        for (int k = 0; k < exact.size(); k++) {
            double distance = distance(actual.get(k), exact.get(k), sample.absolute());
            if (!(distance <= allowed)) {
                found.add("%s in %s: gradient %d is off by %.3g".formatted(sample, type, k, distance));
            }
        }
    }

    /// Relative to the exact gradient or, where that cancels, to what is summed.
    private static double distance(double[] a, double[] b, double absolute) {
        double off = 0;
        double size = 0;
        for (int i = 0; i < b.length; i++) {
            off += (a[i] - b[i]) * (a[i] - b[i]);
            size += b[i] * b[i];
        }
        return off == 0 ? 0 : Math.sqrt(off) / Math.max(Math.sqrt(size), Math.abs(absolute) * Math.sqrt(b.length));
    }

    /// Gradients of `sum(w y)` by all floating inputs of varying type, with weights that bf16 holds.
    private static List<double[]> gradients(Sample sample, Tensor[] in) {
        var varying = new ArrayList<Tensor>();
        for (int k = 0; k < in.length; k++) {
            if (sample.inputs().get(k).fixed() == null && in[k].shape().count() > 0) {
                varying.add(in[k]);
            }
        }
        try (var tape = Tape.record(() -> weighted(Dispatch.apply(sample.op(), in)))) {
            var gradients = tape.gradients(varying);
            return varying.stream().map(x -> gradients.of(x).toDoubles()).toList();
        }
    }

    private static Tensor weighted(Tensor[] results) {
        Tensor sum = null;
        for (var y : results) {
            if (y.dtype().isFloating()) {
                var weights = new double[(int) y.shape().count()];
                Arrays.setAll(weights, i -> (i * 5 % 13 - 6) / 8.0);
                var w = Input.load(weights, y.shape(), y.dtype(), y.device());
                var part = y.mul(w).sum();
                sum = sum == null ? part : sum.add(part);
            }
        }
        return sum;
    }
}
