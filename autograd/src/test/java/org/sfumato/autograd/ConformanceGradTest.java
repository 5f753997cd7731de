package org.sfumato.autograd;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.op.Cast;
import org.sfumato.tensor.op.CustomOp;
import org.sfumato.tensor.op.DequantiseOp;
import org.sfumato.tensor.op.Differentiable;
import org.sfumato.tensor.op.Op;
import org.sfumato.tensor.op.Pointwise;
import org.sfumato.tensor.op.Reduce;
import org.sfumato.tensor.op.Saved;
import org.sfumato.tensor.op.Sort;
import org.sfumato.tensor.op.TopK;
import org.sfumato.testing.Input;
import org.sfumato.testing.Input.Form;
import org.sfumato.testing.OpSamples;
import org.sfumato.testing.Sample;

/// The gradient of every operation against finite differences in float64.
class ConformanceGradTest {
    private static final int MOST_ELEMENTS = 210;
    private static final int MOST_SAMPLES = 10;

    /// `2 x` with the gradient of `3 x`.
    private record Wrong() implements CustomOp {
        @Override
        public Tensor[] reference(Tensor... in) {
            return new Tensor[] {in[0].mul(2)};
        }

        @Override
        public Tensor[] vjp(Saved saved, Tensor[] dOut) {
            return new Tensor[] {dOut[0].mul(3)};
        }
    }

    /// Returns its input itself.
    private record Same() implements CustomOp {
        @Override
        public Tensor[] reference(Tensor... in) {
            return new Tensor[] {in[0]};
        }
    }

    static List<Named<Op>> operations() {
        return OpSamples.exemplars().stream().filter(ConformanceGradTest::hasSlope)
                .map(op -> Named.of(op.name() + " " + op.getClass().getSimpleName(), op)).toList();
    }

    private static boolean hasSlope(Op op) {
        return switch (op) {
            // has a test of its own: f32 is too coarse for differences
            case Cast _ -> false;
            case DequantiseOp _ -> false;                               // codes have no slope
            case Pointwise p -> !p.predicate() && p.formulas().stream()
                    .anyMatch(f -> !f.diff(0).isConst(0) && f.arity() > 0);
            default -> op instanceof Differentiable;
        };
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("operations")
    void gradientsAreThoseOfFiniteDifferences(Op op) {
        var found = new ArrayList<String>();
        var smooth = (op instanceof Pointwise p ? pointwise(p) : OpSamples.of(op)).stream()
                .filter(ConformanceGradTest::isSmooth).toList();
        int step = Math.ceilDiv(smooth.size(), MOST_SAMPLES);
        assertThat(smooth).isNotEmpty();
        for (int i = 0; i < smooth.size(); i += step) {
            var sample = smooth.get(i);
            Scope.temporary(() -> check(sample, found));
        }
        assertThat(found).isEmpty();
    }

    /// Arguments of either sign, away from poles and kinks at 0, of one shape and broadcast.
    private static List<Sample> pointwise(Pointwise op) {
        var samples = new ArrayList<Sample>();
        for (var sizes : List.of(new long[][] {{13}, {13}}, new long[][] {{3, 1, 5}, {7, 1}}, new long[][] {{}, {7}})) {
            for (boolean negative : new boolean[] {false, true}) {
                var inputs = new ArrayList<Input>();
                for (int k = 0; k < op.arity(); k++) {
                    double low = negative ? -2.2 + .1 * k : .5 + .1 * k;
                    inputs.add(Input.uniform(k, low, low + 1.5, sizes[k % 2]));
                }
                samples.add(new Sample(op, inputs, Sample.FLOATING, 0));
            }
        }
        return samples;
    }

    private static boolean isSmooth(Sample sample) {
        var varying = sample.inputs().stream().filter(in -> in.fixed() == null).toList();
        boolean finite = varying.stream().flatMapToDouble(in -> Arrays.stream(in.values())).allMatch(Double::isFinite);
        long count = varying.stream().mapToLong(in -> in.shape().count()).sum();
        boolean tied = varying.stream().anyMatch(in -> Arrays.stream(in.values()).distinct().count() < in.values()
                .length);
        boolean kinked = switch (sample.op()) {
            case Sort _, TopK _ -> tied;
            case Reduce r -> tied && r.kind() != Reduce.Kind.SUM && r.kind() != Reduce.Kind.PROD;
            default -> false;
        };
        boolean ordinary = sample.inputs().stream().noneMatch(in -> in.form() == Form.STEPPED
                || in.form() == Form.REVERSED);
        return ordinary && finite && !kinked && count > 0 && count <= MOST_ELEMENTS;
    }

    private static void check(Sample sample, List<String> found) {
        var fixed = sample.inputs().stream().map(in -> in.on(DType.F64, Device.CPU)).toArray(Tensor[]::new);
        var varying = new ArrayList<Integer>();
        for (int k = 0; k < fixed.length; k++) {
            if (sample.inputs().get(k).fixed() == null && fixed[k].shape().count() > 0 && reads(sample.op(), k)) {
                varying.add(k);
            }
        }
        var x = varying.stream().map(k -> fixed[k]).toArray(Tensor[]::new);
        int results = floating(Dispatch.apply(sample.op(), fixed)).length;
        if (!Arrays.stream(floating(Dispatch.apply(sample.op(), fixed))).flatMapToDouble(y ->
                Arrays.stream(y.toDoubles()))
                .allMatch(Double::isFinite)) {
            return;                                             // outside the domain
        }
        for (int first : results == 1 ? new int[] {1} : new int[] {1, results}) {
            var report = GradCheck.of(in -> {
                var all = fixed.clone();
                for (int i = 0; i < in.length; i++) {
                    all[varying.get(i)] = in[i];
                }
                var y = Arrays.copyOf(floating(Dispatch.apply(sample.op(), all)), first);
                return Tensor.concat(0, Arrays.stream(y).map(t -> t.reshape(-1)).toArray(Tensor[]::new));
            }, x);
            if (!report.passes(1e-6)) {
                found.add(sample + " by " + first + " results: " + report);
            }
        }
    }

    private static boolean reads(Op op, int k) {
        return !(op instanceof Pointwise p) || p.formulas().stream().anyMatch(f -> !f.diff(k).isConst(0));
    }

    private static Tensor[] floating(Tensor[] results) {
        return Arrays.stream(results).filter(y -> y.dtype().isFloating()).toArray(Tensor[]::new);
    }

    @Test
    void theGradientOfACastIsCastBack() {
        var x = Input.normal(0, 13).on(DType.F64, Device.CPU);
        for (var type : Sample.FLOATING) {
            try (var tape = Tape.record(() -> x.cast(type).cast(DType.F64).mul(3).sum())) {
                var gradient = tape.gradients(x).of(x);
                assertThat(gradient.toDoubles()).containsOnly(3);
                assertThat(gradient.dtype()).isEqualTo(DType.F64);
            }
        }
    }

    @Test
    void aResultThatIsAnInputCountsOnce() {
        var x = Input.normal(0, 7).on(DType.F64, Device.CPU);
        var report = GradCheck.of(in -> Dispatch.one(new Same(), in[0]).mul(in[0]), x);
        assertThat(report.passes(1e-6)).as("%s", report).isTrue();
        x.close();
    }

    @Test
    void aWrongGradientIsFound() {
        var x = Input.normal(0, 7).on(DType.F64, Device.CPU);
        assertThat(GradCheck.of(in -> Dispatch.one(new OpSamples.Twice(), in), x).passes(1e-6)).isTrue();
        var report = GradCheck.of(in -> Dispatch.one(new Wrong(), in), x);
        assertThat(report.passes(.1)).isFalse();
        assertThat(report.gradient() / report.difference()).isCloseTo(1.5, org.assertj.core.data.Offset.offset(1e-6));
        x.close();
    }
}
