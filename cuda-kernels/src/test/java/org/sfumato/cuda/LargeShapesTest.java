package org.sfumato.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.op.Conv2dInputGrad;
import org.sfumato.tensor.op.Conv2dOp;
import org.sfumato.tensor.op.Conv2dWeightGrad;
import org.sfumato.tensor.op.Index;
import org.sfumato.tensor.op.LinearCrossEntropyGrad;
import org.sfumato.tensor.op.LinearCrossEntropyOp;
import org.sfumato.tensor.op.LinearOp;
import org.sfumato.tensor.op.MatMul;
import org.sfumato.tensor.op.Op;
import org.sfumato.tensor.op.Reduce;
import org.sfumato.tensor.op.Sort;
import org.sfumato.tensor.op.SquareSumOp;
import org.sfumato.tensor.op.TopK;
import org.sfumato.testing.Input;
import org.sfumato.testing.OpConformance;
import org.sfumato.testing.Sample;

/// Shapes that take other ways through the kernels than the small ones of the conformance suite: work that is cut into
/// pieces, tensor cores with tiles that are not full, runs over many blocks.
class LargeShapesTest {
    private static final Device PTX = Device.of("ptx");
    private static final List<DType> HALVES = List.of(DType.BF16, DType.F16);
    private static final List<DType> SINGLE = List.of(DType.F32);

    static List<Named<Sample>> samples() {
        var samples = new ArrayList<Sample>();
        samples.addAll(products());
        samples.add(near(new Reduce(Reduce.Kind.SUM, List.of(1), false), Input.normal(1, 3, 20_000)));
        samples.add(near(new Reduce(Reduce.Kind.SUM, List.of(0), false), Input.normal(2, 20_000, 3)));
        samples.add(near(new SquareSumOp(), Input.normal(3, 20_000), Input.normal(4, 9000)));
        samples.add(Sample.exact(new Reduce(Reduce.Kind.MAX, List.of(1), false), Input.normal(5, 2, 9001)).in(SINGLE));
        samples.add(Sample.exact(new Sort(0, true), Input.ties(6, 5000)).in(SINGLE));
        samples.add(Sample.exact(new TopK(0, 70), Input.ties(6, 5000)).in(SINGLE));
        samples.add(Sample.exact(new TopK(0, 500), Input.ties(6, 2100, 2)).in(SINGLE));
        samples.add(Sample.exact(new TopK(0, 700), Input.ties(6, 1500)).in(SINGLE));
        samples.add(near(new Index.IndexAdd(0, 7), Input.normal(7, 900, 5), index(900, 450)));
        samples.add(near(new Index.IndexAdd(1, 3), Input.normal(8, 2, 300, 40), index(300, 0)));
        samples.addAll(losses());
        samples.addAll(convolutions());
        return samples.stream().map(sample -> Named.of(sample.toString(), sample)).toList();
    }

    /// The first `same` entries go to one place, the others all over.
    private static Input index(int n, int same) {
        var values = new double[n];
        for (int i = same; i < n; i++) {
            values[i] = i * 31 % 3;
        }
        return Input.of(values, n).as(DType.I64);
    }

    private static Sample near(Op op, Input... in) {
        return new Sample(op, List.of(in), SINGLE, 150);
    }

    /// Rows in two pieces: the second one adds to the gradient of W.
    private static List<Sample> losses() {
        int n = 16_400;
        var x = Input.normal(0, n, 2);
        var w = Input.normal(1, 3, 2);
        var b = Input.normal(2, 3);
        var t = Input.indices(3, 3, n);
        var lse = new Input[1];
        Scope.temporary(() -> {
            var in = Stream.of(x, w, t, b).map(input -> input.on(DType.F64, Device.REFERENCE)).toArray(Tensor[]::new);
            lse[0] = Input.of(Dispatch.apply(new LinearCrossEntropyOp(-100), in)[1].toDoubles(), n);
        });
        return List.of(new Sample(new LinearCrossEntropyOp(-100), List.of(x, w, t, b), SINGLE, 5),
                new Sample(new LinearCrossEntropyGrad(-100), List.of(x, w, t, lse[0], Input.normal(4, n), b), SINGLE,
                        150));
    }

    private static List<Sample> convolutions() {
        var samples = new ArrayList<Sample>();
        var one = new Conv2dOp(1, 0, 64);
        // large tiles, one for each group; neither operand nor result is a whole number of tiles
        samples.add(new Sample(one, List.of(Input.normal(0, 1, 64 * 10, 9, 8), Input.normal(1, 64 * 72, 10, 1, 1),
                Input.normal(2, 64 * 72)), List.of(DType.BF16), 5));
        // the left operand in chunks, K = N P Q cut
        samples.add(new Sample(new Conv2dWeightGrad(new Conv2dOp(1, 1, 2), 3, 3), List.of(Input.normal(3, 9, 10, 8, 16),
                Input.normal(4, 9, 6, 8, 16)), Sample.FLOATING, 40));
        // a medium tile of multiply-adds, dx with a stride
        samples.add(new Sample(new Conv2dInputGrad(new Conv2dOp(2, 1, 1), 9, 9), List.of(Input.normal(5, 1, 8, 5, 5),
                Input.normal(6, 8, 33, 3, 3)), Sample.FLOATING, 9));
        return samples;
    }

    private static List<Sample> products() {
        var samples = new ArrayList<Sample>();
        var a = Input.normal(0, 72, 200);
        var b = Input.normal(1, 200, 136);
        for (var left : new Input.Form[] {Input.Form.DENSE, Input.Form.PERMUTED}) {
            for (var right : new Input.Form[] {Input.Form.DENSE, Input.Form.PERMUTED}) {
                samples.add(new Sample(new MatMul(), List.of(a.as(left), b.as(right)), HALVES, 15));
            }
        }
        // large tiles, in a batch; neither operand nor result is a whole number of tiles
        samples.add(new Sample(new MatMul(), List.of(Input.normal(2, 64, 72, 40), Input.normal(3, 40, 56)),
                List.of(DType.BF16), 7));
        samples.add(new Sample(new MatMul(), List.of(Input.normal(2, 8, 8, 72, 40),
                Input.normal(3, 8, 1, 40, 24).as(Input.Form.PERMUTED)), HALVES, 7));
        // K is cut
        samples.add(new Sample(new LinearOp(), List.of(Input.normal(4, 9, 1504), Input.normal(5, 41, 1504),
                Input.normal(6, 41)), Sample.FLOATING, 40));
        // rows whose length is no multiple of eight are copied
        samples.add(new Sample(new LinearOp(), List.of(Input.normal(7, 200, 161), Input.normal(8, 140, 161)), HALVES,
                13));
        samples.add(new Sample(new MatMul(), List.of(Input.normal(9, 140, 8320), Input.normal(10, 8320, 4)), SINGLE,
                100));
        return samples;
    }

    @ParameterizedTest
    @MethodSource("samples")
    void theDeviceMeansTheSame(Sample sample) {
        assertThat(OpConformance.differences(sample, List.of(PTX))).isEmpty();
    }

    @Test
    void largeTilesOfSinglePrecision() {
        var sample = new Sample(new MatMul(), List.of(Input.normal(0, 130, 70, 20), Input.normal(1, 20, 70)), SINGLE,
                5);
        assertThat(OpConformance.differences(sample, List.of(PTX))).isEmpty();
    }

    /// Runs of neighbours that change places, whole and not: eight, six and three elements at even and odd places.
    @Test
    void runsOfNeighboursAreCopied() {
        Scope.temporary(() -> {
            for (var type : DType.values()) {
                for (int width : new int[] {8, 6, 3}) {
                    var here = Tensor.arange(5 * 3 * 10 * 2, Device.CPU).cast(type).reshape(Shape.of(5, 3, 20));
                    for (int start : new int[] {0, 4, 1}) {
                        var there = here.to(PTX).permute(1, 0, 2).slice(2, start, start + width).contiguous();
                        assertThat(there.toDoubles()).as(type + " " + width + " from " + start).isEqualTo(
                                here.permute(1, 0, 2).slice(2, start, start + width).contiguous().toDoubles());
                    }
                }
            }
            var x = Tensor.arange(48, PTX).cast(DType.BF16).reshape(Shape.of(6, 8));
            assertThat(Tensor.concat(1, x.slice(1, 4, 8), x.slice(1, 0, 4)).select(0, 1).toDoubles())
                    .containsExactly(12, 13, 14, 15, 8, 9, 10, 11);
        });
    }

    /// A wrong index is told by what reads a result, and the device goes on to work.
    @Test
    void anIndexOutsideIsToldAtTheNextRead() {
        Scope.temporary(() -> {
            var x = Tensor.arange(12, PTX).reshape(Shape.of(4, 3));
            var good = x.indexSelect(0, Tensor.of(new long[] {3, 0}).to(PTX));
            var bad = x.indexSelect(0, Tensor.of(new long[] {1, 2, 4}).to(PTX));
            assertThatThrownBy(bad::toLongs).isInstanceOf(IndexOutOfBoundsException.class)
                    .hasMessage("indexSelect: the index at position (2) is outside [0, 4)");
            assertThat(good.toLongs()).containsExactly(9, 10, 11, 0, 1, 2);
            assertThat(bad.toLongs()).containsExactly(3, 4, 5, 6, 7, 8, 0, 0, 0);
        });
    }

    @Test
    void theFirstWrongIndexIsTold() {
        Scope.temporary(() -> {
            var x = Tensor.full(Shape.of(5, 2), 1, DType.F32, PTX);
            var index = Tensor.of(new long[] {0, 9, -1, 1}).to(PTX).reshape(Shape.of(2, 2));
            var first = x.gather(0, index);
            var second = x.crossEntropy(Tensor.of(new long[] {0, 1, 2, 0, 1}).to(PTX));
            assertThatThrownBy(second::toDoubles).hasMessage(
                    "gather: the index at position (0, 1) is outside [0, 5)");
            assertThat(first.toDoubles()).containsExactly(1, 0, 0, 1);
        });
    }
}
