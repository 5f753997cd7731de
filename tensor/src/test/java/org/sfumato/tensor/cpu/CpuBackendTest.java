package org.sfumato.tensor.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.sfumato.tensor.Backends;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Fuse;
import org.sfumato.tensor.Layout;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.expr.Expr;
import org.sfumato.tensor.op.Index;
import org.sfumato.tensor.op.Op;
import org.sfumato.tensor.op.Pointwise;
import org.sfumato.tensor.op.Reduce;
import org.sfumato.tensor.op.Sort;
import org.sfumato.tensor.op.Source;
import org.sfumato.tensor.op.TopK;
import org.sfumato.tensor.spi.Operand;

/// What the conformance suite, whose tensors are small, does not reach: sizes at which work is cut, threads, memory,
/// writing in place, messages.
class CpuBackendTest {
    private static final Rng RNG = Rng.of(11);

    private static void inScope(Runnable body) {
        Scope.temporary(body);
    }

    @Test
    void itDescribesItself() {
        assertThat(Backends.of(Device.CPU)).isInstanceOf(CpuBackend.class);
        assertThat(Backends.of(Device.CPU).describe()).contains("-bit vectors").contains("threads");
    }

    @Test
    void pointwiseReadsEveryLayoutAtEverySize() {
        var formula = Pointwise.of("mulAdd", Expr.arg(0).mul(Expr.arg(1)).add(Expr.arg(2)));
        for (long columns : new long[] {1, 3, 17, 128, 513, 5000}) {
            inScope(() -> {
                long rows = Math.max(2, 20_000 / columns);
                var x = Tensor.normal(Shape.of(rows, columns), RNG);
                var turned = Tensor.normal(Shape.of(columns, rows), RNG.fold(1)).transpose(0, 1);
                var row = Tensor.normal(Shape.of(columns), RNG.fold(2));
                var column = Tensor.normal(Shape.of(rows, 1), RNG.fold(3));
                var half = Tensor.normal(Shape.of(rows, columns), RNG.fold(4)).cast(DType.BF16);
                check(formula, x, turned, row);
                check(formula, column, x, half);
                check(formula, turned, Tensor.of(3f), column);
                check(formula, half, row, Tensor.of(new long[] {2}, 1));
            });
        }
    }

    private static void check(Pointwise op, Tensor... in) {
        var out = Dispatch.one(op, in);
        var got = out.toDoubles();
        var args = Arrays.stream(in).map(t -> t.cast(DType.F64).expand(out.shape()).toDoubles()).toList();
        double worst = 0;
        for (int i = 0; i < got.length; i++) {
            double a = args.get(0)[i];
            double b = args.get(1)[i];
            double c = args.get(2)[i];
            double error = Math.abs(got[i] - op.formulas().getFirst().eval(a, b, c));
            worst = Math.max(worst, error / (Math.abs(a * b) + Math.abs(c)));
        }
        assertThat(worst).isLessThan(2e-7);                     // two roundings of f32, 6e-8 each
    }

    @Test
    void resultsMayOverwriteInputsAndViews() {
        inScope(() -> {
            var whole = Tensor.arange(0, 1, new Spec(Shape.of(300, 400), DType.F32), Device.CPU);
            var before = whole.toFloats();
            var inner = whole.slice(1, 100, 300).slice(0, 1, 299);
            Fuse.of("twice", 1, x -> List.of(x.getFirst().mul(2))).update(inner);
            var odd = whole.slice(0, 0, 1);
            odd.assign(Tensor.full(Shape.of(1, 400), -1, DType.F32, Device.CPU));
            var bits = whole.slice(1, 399, 400);
            Dispatch.into(Reduce.of(Reduce.Kind.MAX, Shape.of(300, 2), true, 1),
                    new Tensor[] {Tensor.full(Shape.of(300, 2), -7, DType.F32, Device.CPU)}, new Tensor[] {bits});
            var after = whole.toFloats();
            for (int i = 0; i < 300; i++) {
                for (int j = 0; j < 400; j++) {
                    float was = before[i * 400 + j];
                    boolean doubled = i >= 1 && i < 299 && j >= 100 && j < 300;
                    assertThat(after[i * 400 + j]).isEqualTo(j == 399 ? -7 : i == 0 ? -1 : doubled ? 2 * was : was);
                }
            }
        });
    }

    @Test
    void sumsAreExactToAFewUnitsHoweverLong() {
        inScope(() -> {
            for (long[] sizes : new long[][] {{100_003}, {3, 40_001}, {40_001, 3}, {300, 330}, {70, 40, 30}}) {
                var x = Tensor.uniform(Shape.of(sizes), RNG).add(.1);
                for (int axis = 0; axis < sizes.length; axis++) {
                    var exact = plainSums(x, axis);
                    var turned = sizes.length == 1 ? x : x.transpose(0, -1).contiguous().transpose(0, -1);
                    for (var view : List.of(x, turned)) {
                        var got = view.sum(axis).toDoubles();
                        assertThat(IntStream.range(0, got.length).mapToDouble(i -> Math.abs(got[i] / exact[i] - 1))
                                .max().orElseThrow()).isLessThan(4e-7);
                    }
                }
                double all = Arrays.stream(x.toDoubles()).sum();
                assertThat(x.sum().item()).isCloseTo(all, within(4e-7 * all));
            }
        });
    }

    // 4e-7 is seven roundings of f32, the most that chance makes of 32: so many elements are added in f32, the rest in
    // f64.
    private static double[] plainSums(Tensor x, int axis) {
        var data = x.toDoubles();
        int n = (int) x.size(axis);
        int inner = (int) x.shape().range(axis + 1, x.shape().rank()).count();
        var sums = new double[data.length / n];
        for (int i = 0; i < data.length; i++) {
            sums[i / (n * inner) * inner + i % inner] += data[i];
        }
        return sums;
    }

    @Test
    void extremaKeepNaNWhereverItIs() {
        inScope(() -> {
            for (int at : new int[] {0, 5, 31, 64, 40_000, 99_999}) {
                var data = new float[100_000];
                for (int i = 0; i < data.length; i++) {
                    data[i] = i * 7919L % 10_007 - 5000;
                }
                data[at] = Float.NaN;
                var x = Tensor.of(data, 1000, 100);
                assertThat(x.max().item()).isNaN();
                assertThat(x.min(1).toFloats()[at / 100]).isNaN();
                assertThat(x.max(0).toFloats()[at % 100]).isNaN();
                assertThat(Arrays.stream(x.max(0).toDoubles()).filter(Double::isNaN).count()).isEqualTo(1);
                assertThat(x.reshape(100_000).argmax(0).item()).isEqualTo(at);
            }
        });
    }

    @Test
    void copiesTransposeAtAnySize() {
        inScope(() -> {
            for (var type : DType.values()) {
                for (long[] size : new long[][] {{64, 96}, {1, 7}, {33, 65}, {256, 8}, {130, 300}}) {
                    var x = Tensor.integers(Shape.of(3, size[0], size[1]), 2, RNG).cast(type);
                    var from = x.toLongs();
                    var to = x.transpose(1, 2).contiguous().toLongs();
                    for (int i = 0; i < from.length; i++) {
                        int k = (int) (i / (size[0] * size[1]));
                        int r = (int) (i / size[1] % size[0]);
                        int c = (int) (i % size[1]);
                        assertThat(to[(int) ((k * size[1] + c) * size[0] + r)]).isEqualTo(from[i]);
                    }
                }
            }
        });
    }

    @Test
    void sortAndTopKAgreeWithAPlainStableSort() {
        inScope(() -> {
            var random = new java.util.Random(5);
            var data = new double[3 * 3000];
            Arrays.setAll(data, i -> i % 500 == 3 ? Double.NaN : i % 400 == 1 ? -0.0 : random.nextInt(40) - 20);
            for (var type : List.of(DType.F32, DType.F64, DType.BF16, DType.F16)) {
                var x = Tensor.of(data, 3, 3000).cast(type);
                for (boolean descending : new boolean[] {false, true}) {
                    var result = Dispatch.apply(new Sort(1, descending), x);
                    var sources = result[1].toLongs();
                    var top = Dispatch.apply(new TopK(1, 20), x)[1].toLongs();
                    for (int row = 0; row < 3; row++) {
                        int start = 3000 * row;
                        var order = new ArrayList<>(LongStream.range(0, 3000).boxed().toList());
                        java.util.Comparator<Long> rising = (a, b) -> Double.compare(data[start + a.intValue()] + 0.0,
                                data[start + b.intValue()] + 0.0);
                        order.sort(descending ? rising.reversed() : rising);
                        for (int i = 0; i < 3000; i++) {
                            int source = order.get(i).intValue();
                            assertThat(sources[start + i]).isEqualTo(source);
                            if (descending && i < 20) {
                                assertThat(top[20 * row + i]).isEqualTo(source);
                            }
                        }
                        assertThat(result[0].slice(0, row, row + 1).toDoubles()).isEqualTo(
                                order.stream().mapToDouble(i -> data[start + i.intValue()]).toArray());
                    }
                }
            }
        });
    }

    @Test
    void aWrongIndexIsNamedBeforeAnythingIsWritten() {
        inScope(() -> {
            var x = Tensor.zeros(4, 3);
            var bad = Tensor.of(new long[] {0, 1, 2, 3, 4, 0}, 2, 3);
            assertThatThrownBy(() -> Dispatch.one(new Index.Gather(0), x, bad))
                    .isInstanceOf(IndexOutOfBoundsException.class)
                    .hasMessage("gather: index 4 at position (1, 1) is outside [0, 4)");
            var target = Tensor.ones(4, 3);
            assertThatThrownBy(() -> Dispatch.into(new Index.ScatterAdd(0), new Tensor[] {x, bad, Tensor.ones(2, 3)},
                    new Tensor[] {target})).hasMessageStartingWith("scatterAdd: index 4 at position (1, 1)");
            assertThat(target.toFloats()).containsOnly(1f);
            assertThatThrownBy(() -> x.indexSelect(1, Tensor.of(2L, -1L)))
                    .hasMessage("indexSelect: index -1 at position (1) is outside [0, 3)");
            assertThatThrownBy(() -> Dispatch.one(new Index.IndexAdd(0, 2), x, Tensor.of(0L, 1L, 2L, 1L)))
                    .hasMessage("indexAdd: index 2 at position (2) is outside [0, 2)");
        });
    }

    @Test
    void theBitsAreTheSameForAnyNumberOfThreads() {
        inScope(() -> {
            var x = Tensor.normal(Shape.of(300, 213), RNG);
            var long1 = Tensor.normal(Shape.of(200_003), RNG.fold(1));
            var index = Tensor.integers(Shape.of(300), 40, RNG.fold(2));
            var work = List.<Supplier<Tensor>>of(
                () -> x.add(x.slice(0, 0, 1)).exp(),
                () -> x.sum(0), () -> x.sum(1), () -> x.sum(), () -> long1.sum(), () -> x.transpose(0, 1).sum(0),
                () -> x.cast(DType.BF16).sum(0), () -> x.cumsum(0, false), () -> x.matmul(x.transpose(0, 1)),
                () -> Dispatch.one(new Index.IndexAdd(0, 40), x, index), () -> Dispatch.one(new Sort(1, true), x),
                () -> Tensor.normal(Shape.of(100_001), RNG), () -> long1.prod());
            for (var make : work) {
                var expected = new double[1][];
                Parallel.withThreads(1, () -> expected[0] = make.get().toDoubles());
                for (int threads : new int[] {2, 3, 8}) {
                    var got = new double[1][];
                    Parallel.withThreads(threads, () -> got[0] = make.get().toDoubles());
                    assertThat(Arrays.mismatch(got[0], expected[0])).isEqualTo(-1);
                }
            }
        });
    }

    @Test
    void halfTypesAreRoundedOnce() {
        inScope(() -> {
            // Above 1, bf16 has steps of 2^-7: each value is a hair above or below a tie that f32 cannot tell from it.
            var x = Tensor.of(1 + 0x1p-8 + 0x1p-40, 1 + 0x1p-8, 1 + 3 * 0x1p-8 - 0x1p-40, -(1 + 0x1p-8 + 0x1p-40));
            assertThat(x.cast(DType.BF16).toDoubles()).containsExactly(1 + 0x1p-7, 1, 1 + 0x1p-7, -1 - 0x1p-7);
            var y = Tensor.of(1 + 0x1p-11 + 0x1p-40, 1 + 0x1p-11, 65520, 65519.99, 0x1p-25 + 0x1p-60, 1e300);
            assertThat(y.cast(DType.F16).toDoubles()).containsExactly(1 + 0x1p-10, 1, Double.POSITIVE_INFINITY, 65504,
                    0x1p-24, Double.POSITIVE_INFINITY);
            var floats = new float[4099];                                   // vectors and the rest
            var rounded = new double[floats.length];
            for (int i = 0; i < floats.length; i++) {
                floats[i] = i % 97 == 0 ? Float.NaN : i % 89 == 0 ? -Float.MAX_VALUE : (i - 2000) * 1.00731f;
                double unit = Math.scalb(1.0, Math.getExponent(floats[i]) - 7);
                rounded[i] = floats[i] == -Float.MAX_VALUE ? Double.NEGATIVE_INFINITY
                        : Float.isNaN(floats[i]) ? Double.NaN : Math.rint(floats[i] / unit) * unit;
            }
            assertThat(Tensor.of(floats).cast(DType.BF16).toDoubles()).isEqualTo(rounded);
        });
    }

    @Test
    void arangeAndFillAreExactInEveryType() {
        inScope(() -> {
            for (var type : List.of(DType.F32, DType.F64, DType.I64, DType.I32)) {
                var ramp = Tensor.arange(-3, 7, new Spec(Shape.of(50_000), type), Device.CPU).toLongs();
                assertThat(ramp).isEqualTo(LongStream.range(0, 50_000).map(i -> 7 * i - 3).toArray());
            }
            for (var type : DType.values()) {
                for (int n : new int[] {1, 7, 63, 1000}) {
                    assertThat(Tensor.full(Shape.of(n), 1, type, Device.CPU).toLongs()).containsOnly(1).hasSize(n);
                }
            }
        });
    }

    @Test
    void kernelsMakeNoGarbageThatGrowsWithTheData() {
        inScope(() -> {
            var x = Tensor.normal(Shape.of(400, 500), RNG);
            var half = x.cast(DType.BF16);
            var add = Pointwise.of("add", Expr.arg(0).add(Expr.arg(1)));
            var row = x.slice(0, 0, 1);
            assertThat(garbage(4_000, add, x, x)).isLessThanOrEqualTo(4_000);
            assertThat(garbage(60_000, add, x, row)).isLessThanOrEqualTo(60_000);
            var turned = x.transpose(0, 1).contiguous().transpose(0, 1);
            assertThat(garbage(60_000, add, half, turned)).isLessThanOrEqualTo(60_000);
            assertThat(garbage(60_000, Reduce.of(Reduce.Kind.SUM, x.shape(), false, 0), x)).isLessThanOrEqualTo(60_000);
            assertThat(garbage(60_000, Reduce.of(Reduce.Kind.MAX, x.shape(), false, 1), x)).isLessThanOrEqualTo(60_000);
            assertThat(garbage(4_000, new Source.Fill(x.spec(), 2))).isLessThanOrEqualTo(4_000);
        });
    }

    /// Bytes of Java objects made by one run: at most half a byte an element here, where a boxed vector would take 64.
    private static long garbage(long limit, Op op, Tensor... in) {
        var backend = Backends.of(Device.CPU);
        var specs = Arrays.stream(in).map(Tensor::spec).toArray(Spec[]::new);
        var operands = Arrays.stream(in).map(Tensor::operand).toArray(Operand[]::new);
        var spec = op.outputs(specs)[0];
        var out = new Operand[] {new Operand(backend.allocate(spec.bytes()), spec.dtype(), Layout.dense(spec.shape()))};
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        var least = new long[] {Long.MAX_VALUE};
        Parallel.withThreads(1, () -> {
            for (int i = 0; i < 50_000 && least[0] > limit; i++) {          // until the compiler is done with it
                long before = threads.getCurrentThreadAllocatedBytes();
                backend.run(op, operands, out);
                least[0] = Math.min(least[0], threads.getCurrentThreadAllocatedBytes() - before);
            }
        });
        backend.free(out[0].buffer());
        return least[0];
    }
}
