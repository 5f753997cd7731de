package org.sfumato.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sfumato.tensor.cpu.Parallel;
import org.sfumato.tensor.expr.Expr;
import org.sfumato.tensor.op.Op;
import org.sfumato.tensor.op.Pointwise;
import org.sfumato.tensor.op.Source;
import org.sfumato.testing.Input;
import org.sfumato.testing.OpConformance;
import org.sfumato.testing.OpSamples;
import org.sfumato.testing.Sample;

/// What holds for operations beyond their values: NaN, threads, writing in place, indices out of range.
class OpPropertiesTest {
    static List<Device> devices() {
        return Backends.devices();
    }

    /// With every element of one input NaN, some result is NaN; indices, truth values and results of another type have
    /// none.
    @ParameterizedTest
    @MethodSource("devices")
    void nanComesOut(Device device) {
        var found = new ArrayList<String>();
        for (var op : OpSamples.exemplars()) {
            var samples = OpSamples.of(op).stream().filter(OpPropertiesTest::isOrdinary).limit(3).toList();
            for (var sample : samples) {
                for (int k = 0; k < sample.inputs().size() && reads(op, k); k++) {
                    if (sample.inputs().get(k).fixed() == null) {
                        int at = k;
                        Scope.temporary(() -> requireNan(sample, at, device, found));
                    }
                }
            }
        }
        assertThat(found).isEmpty();
    }

    private static boolean isOrdinary(Sample sample) {
        return sample.inputs().stream().allMatch(in -> in.shape().count() > 0 && Arrays.stream(in.values())
                .allMatch(Double::isFinite))
                && sample.types().contains(DType.F32);
    }

    /// Conditions choose, signs and comparisons with NaN are 0, and a constant reads nothing.
    private static boolean reads(Op op, int k) {
        return !(op instanceof Pointwise p) || !p.predicate() && p.formulas().stream().allMatch(f -> nanPasses(f, k));
    }

    private static boolean nanPasses(Expr formula, int k) {
        return formula.arity() > k && Double.isNaN(evaluate(formula, k, .5)) && Double.isNaN(evaluate(formula, k, -.5));
    }

    private static double evaluate(Expr formula, int k, double others) {
        var x = new double[Math.max(k + 1, formula.arity())];
        Arrays.fill(x, others);
        x[k] = Double.NaN;
        return formula.eval(x);
    }

    private static void requireNan(Sample sample, int k, Device device, List<String> found) {
        var inputs = new ArrayList<>(sample.inputs());
        inputs.set(k, inputs.get(k).nan());
        var in = inputs.stream().map(input -> input.on(DType.F32, device)).toArray(Tensor[]::new);
        var results = Arrays.stream(OpConformance.run(sample.op(), in, device)).filter(y -> y.dtype().isFloating())
                .toList();
        if (!results.isEmpty() && results.stream().noneMatch(y -> Arrays.stream(y.toDoubles())
                .anyMatch(Double::isNaN))) {
            found.add(sample + " on " + device + ": input " + k + " is NaN, no result is");
        }
    }

    /// Inputs large enough that the work is cut into pieces.
    @Test
    void theBitsDoNotDependOnTheNumberOfThreads() {
        var x = Tensor.random(new Source.Distribution.Normal(), new Spec(Shape.of(311, 517), DType.F32), Rng.of(1),
                Device.CPU);
        var w = Tensor.random(new Source.Distribution.Normal(), new Spec(Shape.of(517), DType.F32), Rng.of(2),
                Device.CPU);
        var q = Tensor.random(new Source.Distribution.Normal(), new Spec(Shape.of(2, 3, 130, 32), DType.F32),
                Rng.of(3), Device.CPU);
        var ids = Tensor.random(new Source.Distribution.Integers(311), new Spec(Shape.of(1500), DType.I64), Rng.of(4),
                Device.CPU);
        var targets = Tensor.random(new Source.Distribution.Integers(517), new Spec(Shape.of(311), DType.I64),
                Rng.of(5), Device.CPU);
        var calls = List.<Function<Tensor, Tensor>>of(
                Tensor::gelu, t -> t.t().add(w.unsqueeze(1)), t -> t.cast(DType.BF16), t -> t.t().copy(),
                Tensor::sum, t -> t.sum(0), t -> t.sum(1), t -> t.prod(0), t -> t.var(1, false, 0), t -> t.argmax(1),
                t -> t.cumsum(0, false), t -> t.cumsum(1, true), t -> t.sort(1, false)[0], t -> t.sort(0, true)[1],
                t -> t.t().matmul(t), t -> t.matmul(t.t()), t -> t.linear(t, null),
                t -> t.softmax(-1), t -> t.softmax(0), t -> t.layerNorm(w, w, 1e-5), t -> t.rmsNorm(w, 1e-5),
                t -> t.crossEntropy(targets), t -> q.attention(q, q, null, true), t -> t.dropout(.1, Rng.of(6)),
                t -> t.embedding(ids),
                t -> t.scatterAdd(0, ids.reshape(1500, 1).expand(Shape.of(1500, 517)), t.embedding(ids)),
                t -> Tensor.random(new Source.Distribution.Normal(), t.spec(), Rng.of(7), Device.CPU));
        for (int i = 0; i < calls.size(); i++) {
            var expected = bits(calls.get(i), x, 1);
            for (int threads : new int[] {2, 3, 8}) {
                assertThat(bits(calls.get(i), x, threads)).as("call %d with %d threads", i, threads)
                        .isEqualTo(expected);
            }
        }
        List.of(x, w, q, ids, targets).forEach(Tensor::close);
    }

    private static byte[] bits(Function<Tensor, Tensor> call, Tensor x, int threads) {
        var result = new byte[1][];
        Parallel.withThreads(threads, () -> Scope.temporary(() -> {
            try (var arena = Arena.ofConfined()) {
                result[0] = call.apply(x).toSegment(arena).toArray(ValueLayout.JAVA_BYTE);
            }
        }));
        return result[0];
    }

    @ParameterizedTest
    @MethodSource("devices")
    void aFormulaWritesOverItsInputsWhateverTheirForm(Device device) {
        var swap = Fuse.of("swap", 3, x -> List.of(x.get(1), x.get(0).add(x.get(2))));
        for (var form : List.of(Input.Form.DENSE, Input.Form.PERMUTED, Input.Form.STEPPED, Input.Form.REVERSED)) {
            for (var sizes : new long[][] {{1}, {207}, {3, 7, 5}, {40, 33}}) {
                Scope.temporary(() -> {
                    var a = Input.normal(1, sizes).as(form);
                    var b = Input.normal(2, sizes).as(form);
                    var x = a.on(DType.F64, device);
                    var y = b.on(DType.F64, device);
                    swap.update(x, y, Tensor.full(Shape.SCALAR, .5, DType.F64, device));
                    assertThat(x.toDoubles()).as("%s", a).isEqualTo(b.values());
                    assertThat(y.toDoubles()).isEqualTo(Arrays.stream(a.values()).map(v -> v + .5).toArray());
                });
            }
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void aCopyGoesIntoAViewAndNowhereElse(Device device) {
        Scope.temporary(() -> {
            var whole = Tensor.full(Shape.of(5, 7), 9, DType.F32, device);
            whole.slice(0, 4, Long.MIN_VALUE, -2).slice(1, 1, 7, 3).assign(Input.of(new double[] {1, 2, 3, 4, 5, 6},
                    3, 2).on(DType.F32, device));
            var expected = new double[35];
            Arrays.fill(expected, 9);
            double next = 1;
            for (int row : new int[] {4, 2, 0}) {
                expected[row * 7 + 1] = next++;
                expected[row * 7 + 4] = next++;
            }
            assertThat(whole.toDoubles()).isEqualTo(expected);
        });
    }

    @ParameterizedTest
    @MethodSource("devices")
    void anIndexOutOfRangeIsNamed(Device device) {
        var calls = List.<Function<Tensor, Tensor>>of(i -> x(device).indexSelect(0, i), i -> x(device).gather(0,
                wide(i)),
                i -> x(device).scatterAdd(0, wide(i), x(device)), i ->
                        Dispatch.one(new org.sfumato.tensor.op.Index.IndexAdd(0, 4), x(device), i),
                i -> x(device).crossEntropy(i));
        for (long bad : new long[] {-1, 4, Long.MAX_VALUE}) {
            for (var call : calls) {
                Scope.temporary(() -> {
                    var index = Input.of(new double[] {0, 3, bad, 1}, 4).as(DType.I64).on(DType.F32, device);
                    assertThatThrownBy(() -> call.apply(index)).isInstanceOf(IndexOutOfBoundsException.class)
                            .hasMessageContaining(Long.toString(bad)).hasMessageContaining("4)");
                });
            }
        }
    }

    private static Tensor x(Device device) {
        return Tensor.full(Shape.of(4, 4), 1, DType.F32, device);
    }

    private static Tensor wide(Tensor index) {
        return index.unsqueeze(1).expand(Shape.of(4, 4));
    }
}
